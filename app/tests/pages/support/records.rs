//! Sample records of a start click's story, and their counts over time.

use std::collections::BTreeMap;

use app::port::{Bucket, Histogram};
use model::Micros;
use telemetry::{Level, LogRecord, Source};

use super::sample::{TRACE, at};

/// Sequence, time, source, level, event, message, what it took, number of the decision.
type Row = (u64, &'static str, Source, Level, &'static str, &'static str, Option<i64>, Option<u64>);

const ROWS: [Row; 6] = [
    (
        6,
        "11:30:04.001",
        Source::Backend,
        Level::Info,
        "order.filled",
        "Call filled 200 at 620.0.",
        None,
        Some(12),
    ),
    (
        5,
        "11:30:03.990",
        Source::Backend,
        Level::Warn,
        "venue.request",
        "POST /v2/orders answered 200 in 69 ms.",
        Some(69_000),
        None,
    ),
    (
        4,
        "11:30:03.917",
        Source::Backend,
        Level::Info,
        "order.submitted",
        "Sell 200 C-BTC-48000-070122 at 617.0.",
        None,
        Some(9),
    ),
    (
        3,
        "11:30:02.480",
        Source::Backend,
        Level::Info,
        "session.starting",
        "Session s-01j2k4 is starting.",
        None,
        Some(1),
    ),
    (
        2,
        "11:30:02.479",
        Source::Backend,
        Level::Info,
        "http.request",
        "POST /api/v1/sessions answered 202.",
        Some(5_104),
        None,
    ),
    (
        1,
        "11:30:02.436",
        Source::Frontend,
        Level::Info,
        "ui.click",
        "Clicked Start <script>alert(1)</script>.",
        None,
        None,
    ),
];

/// Newest first. One holds what an attacker may put into a log.
pub fn records() -> Vec<LogRecord> {
    let mut records: Vec<LogRecord> = ROWS.iter().map(record).collect();
    records[5].payload.insert("control".to_owned(), "start".into());
    records
}

fn record((seq, time, source, level, event, message, latency_us, decision_seq): &Row) -> LogRecord {
    LogRecord {
        timestamp: at(time),
        level: *level,
        service: "deltascope".into(),
        version: "0.1.0".into(),
        source: *source,
        event: (*event).into(),
        message: (*message).to_owned(),
        session_id: Some("s-01j2k4".to_owned()),
        correlation_id: Some(TRACE.to_owned()),
        boot_id: "b1".to_owned(),
        seq: *seq,
        event_id: format!("b1-{seq}"),
        latency_us: *latency_us,
        decision_seq: *decision_seq,
        ..LogRecord::default()
    }
}

pub fn histogram() -> Histogram {
    let bucket = |index: i64| {
        let counts = [
            ("info", 6 + (index as u64 * 7) % 9),
            ("warn", u64::from(index % 11 == 0)),
            ("error", u64::from(index == 40)),
        ];
        let counts = counts.map(|(level, count)| (level.to_owned(), count));
        Bucket { from: Micros(at("12:13:45").0 + index * 5_000_000), counts: BTreeMap::from(counts) }
    };
    Histogram { buckets: (0..60).map(bucket).collect() }
}
