//! Questions in the engine's words, and its answers as ours.

use telemetry::{Level, LogRecord, Source};

use super::*;

#[test]
fn a_filter_becomes_a_question() {
    let filter = Filter {
        level: Some(Level::Error),
        source: Some(Source::Audit),
        q: Some("50%*\\ÄB".to_owned()),
        from: Some(Micros(0)),
        ..Filter::default()
    };
    let asked = question::query(&filter, None);
    let all = asked["bool"]["filter"].as_array().unwrap();
    assert_eq!(all[0], json!({ "terms": { "level": ["error", "fatal"] } }));
    assert_eq!(all[1], json!({ "term": { "source": "audit" } }));
    assert_eq!(all[2]["bool"]["should"][1]["wildcard"]["message.folded"]["value"], "*50%\\*\\\\äb*");
    assert_eq!(all[3]["range"]["timestamp"], json!({ "gte": "1970-01-01T00:00:00.000000Z" }));
    assert_eq!(question::query(&Filter::default(), None), json!({ "bool": { "filter": [] } }));
}

#[test]
fn steps_lie_side_by_side_and_reach_the_end() {
    let steps = question::steps(Micros(10), Micros(35), 10);
    let plain: Vec<(i64, i64)> = steps.iter().map(|(from, to)| (from.0, to.0)).collect();
    assert_eq!(plain, [(10, 20), (20, 30), (30, 40)]);
    assert!(question::steps(Micros(10), Micros(10), 10).is_empty());
}

#[test]
fn a_document_is_the_record_again() {
    let mut record = LogRecord { event_id: "b-7".to_owned(), seq: 7, ..LogRecord::default() };
    record.payload.insert("a".to_owned(), json!({ "b": [1, null] }));
    let whole = Value::Object(telemetry::index_document(&record));
    let mut as_text = whole.clone();
    as_text["payload_text"] = Value::String(as_text["payload"].to_string());
    as_text.as_object_mut().unwrap().remove("payload");
    for source in [whole, as_text] {
        let found = answer::hits(&json!({ "hits": { "hits": [{ "_source": source }] } }));
        assert_eq!(found[0].line, record.to_line());
        assert_eq!(found[0].cursor(), Cursor { at_us: record.timestamp.0, id: 7 });
    }
}
