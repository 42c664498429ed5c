//! What the engine answers, as records and counts of ours.

use serde_json::Value;
use telemetry::{Level, LogRecord, Micros};

use crate::store::telemetry::{Bucket, Cursor};

/// A record that was found.
pub(super) struct Hit {
    pub line: String,
    at: Micros,
    seq: u64,
}

impl Hit {
    pub fn cursor(&self) -> Cursor {
        Cursor { at_us: self.at.0, id: i64::try_from(self.seq).unwrap_or(i64::MAX) }
    }
}

pub(super) fn hits(answer: &Value) -> Vec<Hit> {
    let hits = answer["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    hits.iter().map(|hit| record(hit["_source"].clone())).collect()
}

/// The record in its own form again: what was added for the index goes, a payload that was sent as text comes back.
fn record(mut source: Value) -> Hit {
    if let Some(text) = source["payload_text"].as_str() {
        source["payload"] = serde_json::from_str(text).unwrap_or_default();
    }
    match serde_json::from_value::<LogRecord>(source.clone()) {
        Ok(record) => Hit { line: record.to_line(), at: record.timestamp, seq: record.seq },
        // Somebody else's document is shown as it is.
        Err(_) => Hit {
            at: source["timestamp"].as_str().and_then(Micros::parse_rfc3339).unwrap_or_default(),
            seq: source["seq"].as_u64().unwrap_or_default(),
            line: source.to_string(),
        },
    }
}

pub(super) fn buckets(answer: &Value, steps: &[(Micros, Micros)]) -> Vec<Bucket> {
    let found = answer["aggregations"]["steps"]["buckets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_step = |(found, (at, _)): (&Value, &(Micros, Micros))| {
        let levels = found["levels"]["buckets"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut buckets: Vec<Bucket> = levels.iter().filter_map(|level| bucket(*at, level)).collect();
        buckets.sort_by_key(|bucket| bucket.level);
        buckets
    };
    found.iter().zip(steps).flat_map(of_step).collect()
}

fn bucket(at: Micros, level: &Value) -> Option<Bucket> {
    let count = level["doc_count"].as_u64().filter(|count| *count > 0)?;
    Some(Bucket { at, level: Level::parse(level["key"].as_str()?)?, count })
}
