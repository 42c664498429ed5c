//! Errors that are the same: of browsers by their fingerprint, others of one event with one sentence.

use serde_json::{Value, json};
use telemetry::{Level, Micros};

use super::question;
use crate::store::telemetry::{ErrorGroup, Filter};

/// Groups of one turn, turns at most, and groups that are answered.
const SIZE: usize = 1_000;
pub(super) const TURNS: usize = 5;
const GROUPS_MOST: usize = 200;

/// What makes them the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Fingerprint,
    Message,
}

impl By {
    fn field(self) -> &'static str {
        match self {
            Self::Fingerprint => "fingerprint",
            Self::Message => "message.folded",
        }
    }

    /// Each error is counted in one of the two.
    fn query(self) -> Value {
        let marked = json!({ "exists": { "field": "fingerprint" } });
        match self {
            Self::Fingerprint => marked,
            Self::Message => json!({ "bool": { "must_not": [marked] } }),
        }
    }
}

pub(super) fn question(filter: &Filter, by: By, after: &Value) -> Value {
    let least = filter.level.map_or(Level::Error, |level| level.max(Level::Error));
    let filter = Filter { level: Some(least), ..filter.clone() };
    let terms = |field: &str| json!({ "terms": { "field": field } });
    let mut composite = json!({ "size": SIZE, "sources": [
        { "event": terms("event") }, { "source": terms("source") }, { "same": terms(by.field()) }
    ] });
    if !after.is_null() {
        composite["after"] = after.clone();
    }
    let one =
        |sort: Value| json!({ "top_hits": { "size": 1, "sort": sort, "_source": ["message", "timestamp"] } });
    json!({
        "size": 0,
        "query": { "bool": { "filter": [question::query(&filter, None), by.query()] } },
        "aggs": { "groups": {
            "composite": composite,
            "aggs": {
                "calls": { "sum": { "field": "count", "missing": 1 } },
                "sessions": { "cardinality": { "field": "client_session_id", "precision_threshold": 3_000 } },
                "builds": { "terms": { "field": "build_id", "size": 100 } },
                "levels": { "terms": { "field": "level", "size": 10 } },
                "first": one(question::oldest_first()),
                "last": one(question::newest_first())
            }
        } }
    })
}

pub(super) fn read(answer: &Value, by: By) -> Vec<ErrorGroup> {
    list(&answer["aggregations"]["groups"]).iter().map(|bucket| group(bucket, by)).collect()
}

fn group(bucket: &Value, by: By) -> ErrorGroup {
    let key = |name: &str| bucket["key"][name].as_str().unwrap_or_default().to_owned();
    let keys = |name: &str| -> Vec<String> {
        list(&bucket[name]).iter().filter_map(|found| found["key"].as_str().map(str::to_owned)).collect()
    };
    let shown = |name: &str| bucket[name]["hits"]["hits"][0]["_source"].clone();
    let at =
        |source: &Value| source["timestamp"].as_str().and_then(Micros::parse_rfc3339).unwrap_or_default();
    let (first, last) = (shown("first"), shown("last"));
    let mut builds = keys("builds");
    builds.sort();
    ErrorGroup {
        fingerprint: (by == By::Fingerprint).then(|| key("same")),
        event: key("event"),
        source: key("source"),
        message: last["message"].as_str().unwrap_or_default().to_owned(),
        level: keys("levels").iter().filter_map(|word| Level::parse(word)).max().unwrap_or_default(),
        count: whole(&bucket["calls"]["value"]),
        sessions: whole(&bucket["sessions"]["value"]),
        builds,
        first: at(&first),
        last: at(&last),
    }
}

/// Sums come as numbers with a fraction.
fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_f64().map(|number| number as u64).unwrap_or_default())
}

fn list(found: &Value) -> &[Value] {
    found["buckets"].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn latest_first(mut groups: Vec<ErrorGroup>) -> Vec<ErrorGroup> {
    groups.sort_by_key(|group| std::cmp::Reverse(group.last));
    groups.truncate(GROUPS_MOST);
    groups
}
