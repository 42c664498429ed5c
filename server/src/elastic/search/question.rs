//! Filters in the engine's words.

use serde_json::{Value, json};
use telemetry::{Level, Micros};

use crate::store::telemetry::{Cursor, Filter};

/// What matches the filter and comes after the cursor. A record's place among those of the same time is its number
/// within its process.
pub(super) fn query(filter: &Filter, after: Option<Cursor>) -> Value {
    let mut all = Vec::new();
    if let Some(least) = filter.level {
        let levels: Vec<&str> =
            Level::ALL.iter().filter(|level| **level >= least).map(|level| level.as_str()).collect();
        all.push(json!({ "terms": { "level": levels } }));
    }
    for (field, value) in [
        ("source", filter.source.map(|source| source.as_str().to_owned())),
        ("event", filter.event.clone()),
        ("session_id", filter.session_id.clone()),
        ("correlation_id", filter.correlation_id.clone()),
    ] {
        if let Some(value) = value {
            all.push(json!({ "term": { (field): value } }));
        }
    }
    if let Some(q) = &filter.q {
        let value = format!("*{}*", literal(&q.to_lowercase()));
        all.push(json!({ "bool": { "minimum_should_match": 1, "should": [
            { "wildcard": { "event": { "value": value } } },
            { "wildcard": { "message.folded": { "value": value } } }
        ] } }));
    }
    let mut span = serde_json::Map::new();
    if let Some(from) = filter.from {
        span.insert("gte".to_owned(), from.to_rfc3339().into());
    }
    if let Some(to) = filter.to {
        span.insert("lt".to_owned(), to.to_rfc3339().into());
    }
    if !span.is_empty() {
        all.push(json!({ "range": { "timestamp": span } }));
    }
    if let Some(Cursor { at_us, id }) = after {
        let at = Micros(at_us).to_rfc3339();
        all.push(json!({ "bool": { "minimum_should_match": 1, "should": [
            { "range": { "timestamp": { "lt": at } } },
            { "bool": { "filter": [
                { "range": { "timestamp": { "gte": at, "lte": at } } },
                { "range": { "seq": { "lt": id } } }
            ] } }
        ] } }));
    }
    json!({ "bool": { "filter": all } })
}

pub(super) fn newest_first() -> Value {
    sorted("desc")
}

pub(super) fn oldest_first() -> Value {
    sorted("asc")
}

/// An index that has no such field yet, because nothing was written to it, must not spoil the answer of the others.
fn sorted(order: &str) -> Value {
    json!([
        { "timestamp": { "order": order, "unmapped_type": "date_nanos" } },
        { "seq": { "order": order, "unmapped_type": "long" } }
    ])
}

/// The steps of a histogram: begin and end of each.
pub(super) fn steps(from: Micros, to: Micros, step_us: i64) -> Vec<(Micros, Micros)> {
    let mut steps = Vec::new();
    let mut at = from.0;
    while at < to.0 && step_us > 0 {
        let end = at.saturating_add(step_us);
        steps.push((Micros(at), Micros(end)));
        at = end;
    }
    steps
}

/// Date histograms of the engine count milliseconds; records are apart by microseconds.
pub(super) fn step((from, to): &(Micros, Micros)) -> Value {
    json!({ "range": { "timestamp": { "gte": from.to_rfc3339(), "lt": to.to_rfc3339() } } })
}

/// Characters that mean something in a pattern stand for themselves.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?")
}
