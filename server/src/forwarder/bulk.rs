//! The text of `_bulk`: writing the request, reading the answer.

use serde_json::{Map, Value, json};
use telemetry::{LogRecord, data_stream, index_document};

use super::window::Outgoing;
use super::{Item, Reply};

/// Longest reason that is kept.
const REASON_CHARS: usize = 500;

/// The body: an action line and a document for each record, each `create` under the record's own id.
pub(super) fn body(records: &[Outgoing], namespace: &str) -> String {
    let mut text = String::with_capacity(records.len() * 800);
    for outgoing in records {
        let (stream, document) = document(outgoing, namespace);
        let action = json!({ "create": { "_index": stream, "_id": outgoing.record.event_id } });
        text.push_str(&action.to_string());
        text.push('\n');
        text.push_str(&Value::Object(document).to_string());
        text.push('\n');
    }
    text
}

/// The data stream of a stored record.
pub(super) fn stream_of(body: &str, namespace: &str) -> String {
    data_stream(LogRecord::from_line(body).unwrap_or_default().source, namespace)
}

fn document(outgoing: &Outgoing, namespace: &str) -> (String, Map<String, Value>) {
    // The store holds what `to_line` wrote; were a line unreadable, its own text is told instead of nothing.
    let mut record = LogRecord::from_line(&outgoing.record.body).unwrap_or_else(|_| LogRecord {
        event_id: outgoing.record.event_id.clone(),
        message: outgoing.record.body.chars().take(8_000).collect(),
        ..LogRecord::default()
    });
    if outgoing.truncated {
        record.payload = Map::from_iter([("truncated".to_owned(), Value::Bool(true))]);
        record.message = record.message.chars().take(1_000).collect();
        record.error = None;
        record.truncated = Some(true);
    }
    (data_stream(record.source, namespace), index_document(&record))
}

/// Reads an answer. `Err`: it cannot be read, so nothing is known about any record.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Reply, String> {
    let parsed: Result<Value, _> = serde_json::from_slice(body);
    if status != 200 {
        let reason = parsed.as_ref().ok().map(|answer| error_reason(&answer["error"])).unwrap_or_default();
        return Ok(Reply::Refused {
            status,
            reason: if reason.is_empty() { format!("HTTP {status}") } else { reason },
        });
    }
    let answer = parsed.map_err(|error| format!("answer is not JSON: {error}"))?;
    let items = answer["items"].as_array().ok_or("answer has no items")?;
    items.iter().map(item).collect::<Result<Vec<Item>, String>>().map(Reply::Items)
}

fn item(value: &Value) -> Result<Item, String> {
    // `{"create":{…}}`: whatever the action is called.
    let result =
        value.as_object().and_then(|action| action.values().next()).ok_or("a result is no object")?;
    let status = result["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    Ok(Item {
        status: status.ok_or("a result has no status")?,
        reason: error_reason(&result["error"]),
        failure_store: result["failure_store"] == "used",
    })
}

fn error_reason(error: &Value) -> String {
    let text = match error {
        Value::String(text) => text.clone(),
        Value::Object(_) => {
            let part = |key: &str| error[key].as_str().unwrap_or_default();
            format!("{}: {}", part("type"), part("reason"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    };
    telemetry::clean(&text).chars().take(REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::telemetry::StoredRecord;

    #[test]
    fn records_go_to_the_stream_of_their_source_under_their_id() {
        let record = LogRecord {
            source: telemetry::Source::Audit,
            event_id: "boot-7".to_owned(),
            message: "admin signed in".to_owned(),
            ..LogRecord::default()
        };
        let stored = StoredRecord { id: 1, event_id: "boot-7".to_owned(), body: record.to_line() };
        let text = body(&[Outgoing { record: stored, truncated: false }], "prod");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], json!({"create":{"_index":"logs-deltascope.audit-prod","_id":"boot-7"}}));
        assert_eq!(lines[1]["message"], "admin signed in");
        assert_eq!(lines[1]["@timestamp"], lines[1]["timestamp"]);
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn answers_are_read_by_position_even_without_errors_flag() {
        let answer = br#"{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":409,
            "error":{"type":"version_conflict_engine_exception","reason":"exists"}}},
            {"create":{"status":201,"failure_store":"used"}}]}"#;
        let Ok(Reply::Items(items)) = read(200, answer) else { panic!("items expected") };
        let seen: Vec<(u16, bool)> = items.iter().map(|item| (item.status, item.failure_store)).collect();
        assert_eq!(seen, [(201, false), (409, false), (201, true)]);
        assert_eq!(items[1].reason, "version_conflict_engine_exception: exists");
    }

    #[test]
    fn what_cannot_be_read_is_ambiguous() {
        for body in ["", "{", "{}", r#"{"items":[{"create":{}}]}"#, r#"{"items":[7]}"#, "<html>"] {
            assert!(read(200, body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(
            read(503, b"<html>").unwrap(),
            Reply::Refused { status: 503, reason: "HTTP 503".to_owned() }
        );
    }
}
