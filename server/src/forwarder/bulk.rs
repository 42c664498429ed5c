//! The text of `_bulk`: writing the request, reading the answer.

use serde_json::{Map, Value, json};
use telemetry::{LogRecord, data_stream, index_document};

use super::window::{Form, Outgoing};
use super::{Item, Reply};
use crate::store::log::{Head, whole};

/// Longest reason that is kept.
const REASON_CHARS: usize = 500;

/// The body: an action line and a document for each record, each `create` under the record's own id.
pub(super) fn body(records: &[Outgoing], namespace: &str) -> String {
    let size: usize = records.iter().map(|outgoing| outgoing.record.body.len() + 200).sum();
    let mut text = String::with_capacity(size);
    for outgoing in records {
        let line = &*outgoing.record.body;
        let head = Head::of(line.as_bytes());
        let stream = data_stream(head.map(|head| head.source).unwrap_or_default(), namespace);
        let action = json!({ "create": { "_index": stream, "_id": outgoing.record.event_id } });
        text.push_str(&action.to_string());
        text.push('\n');
        if outgoing.form != Form::Full || !push_as_it_is(&mut text, line) {
            text.push_str(&Value::Object(document(outgoing)).to_string());
        }
        text.push('\n');
    }
    text
}

/// A line of the log is the document, but for the name that engines know its time by. `false`: it is none as it is.
fn push_as_it_is(text: &mut String, line: &str) -> bool {
    let fields = line.strip_prefix('{').filter(|fields| fields.starts_with(TIME));
    let time = fields.and_then(|fields| fields.get(TIME.len()..TIME.len() + TIME_CHARS));
    let (Some(fields), Some(time)) = (fields, time) else { return false };
    if whole(line.as_bytes()).is_none() || has_null(line) {
        return false;
    }
    for part in ["{\"@timestamp\":\"", time, "\",", fields] {
        text.push_str(part);
    }
    true
}

/// A null in the payload says nothing, and some engines refuse a whole document for one inside of a flat object. A text
/// with that word in it is taken for one, which costs a little time and no more.
fn has_null(line: &str) -> bool {
    let payload = line.find(",\"payload\":").map_or(line, |at| &line[at..]);
    memchr::memmem::find(payload.as_bytes(), b"null").is_some()
}

const TIME: &str = "\"timestamp\":\"";
const TIME_CHARS: usize = "2026-11-24T08:35:33.123456Z".len();

/// The data stream of a stored record.
pub(super) fn stream_of(body: &str, namespace: &str) -> String {
    data_stream(Head::of(body.as_bytes()).map(|head| head.source).unwrap_or_default(), namespace)
}

/// The document in another form than the line, and that of a line of an older version.
fn document(outgoing: &Outgoing) -> Map<String, Value> {
    // Were a line unreadable, its own text is told instead of nothing.
    let mut record = LogRecord::from_line(&outgoing.record.body).unwrap_or_else(|_| LogRecord {
        event_id: outgoing.record.event_id.clone(),
        message: outgoing.record.body.chars().take(8_000).collect(),
        ..LogRecord::default()
    });
    match outgoing.form {
        // A null says nothing, and some engines refuse a whole document for one inside of a flat object.
        Form::Full => without_nulls(&mut record.payload),
        // Any mapping takes a text; nothing of it is lost.
        Form::Text => {
            let payload = std::mem::take(&mut record.payload);
            let mut document = index_document(&record);
            document.remove("payload");
            document.insert("payload_text".to_owned(), Value::String(Value::Object(payload).to_string()));
            return document;
        }
        Form::Truncated => {
            record.payload = Map::from_iter([("truncated".to_owned(), Value::Bool(true))]);
            record.message = record.message.chars().take(1_000).collect();
            record.error = None;
            record.truncated = Some(true);
        }
    }
    index_document(&record)
}

fn without_nulls(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
    object.values_mut().for_each(without_nulls_below);
}

fn without_nulls_below(value: &mut Value) {
    match value {
        Value::Object(object) => without_nulls(object),
        Value::Array(values) => {
            values.retain(|value| !value.is_null());
            values.iter_mut().for_each(without_nulls_below);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a stored record tells of the forwarder itself.
pub(super) fn is_own(body: &str) -> bool {
    Head::of(body.as_bytes()).is_some_and(|head| head.event.starts_with("forwarder."))
}

/// Reads an answer. `Err`: it cannot be read, so nothing is known about any record.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Reply, String> {
    let parsed: Result<Value, _> = serde_json::from_slice(body);
    if status != 200 {
        let told = parsed.as_ref().ok().map(|answer| error_reason(&answer["error"])).unwrap_or_default();
        let reason = match told {
            told if !told.is_empty() => told,
            _ => format!("HTTP {status}{}", page(body)),
        };
        return Ok(Reply::Refused { status, reason });
    }
    let answer = parsed.map_err(|error| format!("answer is not JSON{}: {error}", page(body)))?;
    let items = answer["items"].as_array().ok_or("answer has no items")?;
    items.iter().map(item).collect::<Result<Vec<Item>, String>>().map(Reply::Items)
}

/// A page that some server in between wrote for people: its words, without its tags.
fn page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4_096)]);
    if !text.trim_start().starts_with('<') {
        return String::new();
    }
    let (mut words, mut within) = (String::new(), false);
    for c in text.chars() {
        match c {
            '<' => within = true,
            '>' => {
                within = false;
                words.push(' ');
            }
            c if !within => words.push(c),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(", a web page: {}", telemetry::clean(&words).chars().take(200).collect::<String>())
}

fn item(value: &Value) -> Result<Item, String> {
    // `{"create":{…}}`: whatever the action is called.
    let result =
        value.as_object().and_then(|action| action.values().next()).ok_or("a result is no object")?;
    let status = result["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    Ok(Item {
        status: status.ok_or("a result has no status")?,
        index: result["_index"].as_str().unwrap_or_default().to_owned(),
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
        let stored =
            StoredRecord { id: 1, event_id: "boot-7".to_owned(), at_us: 0, body: record.to_line().into() };
        let text = body(&[Outgoing { record: stored, form: Form::Full }], "prod");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], json!({"create":{"_index":"logs-deltascope.audit-prod","_id":"boot-7"}}));
        assert_eq!(lines[1]["message"], "admin signed in");
        assert_eq!(lines[1]["@timestamp"], lines[1]["timestamp"]);
        assert!(text.ends_with('\n'));
    }

    /// Catches: a document that is not what the line says, whichever way it was made.
    #[test]
    fn a_line_is_its_document_byte_for_byte_and_an_old_one_is_made_into_one() {
        let payload = Map::from_iter([("a".to_owned(), json!({ "b": [1, 2] }))]);
        let record = LogRecord { event_id: "boot-9".to_owned(), payload, ..LogRecord::default() };
        let line = record.to_line();
        let old = serde_json::to_string(&serde_json::to_value(&record).unwrap()).unwrap();
        let document = |body: &str| {
            let stored = StoredRecord { id: 1, event_id: "boot-9".to_owned(), at_us: 0, body: body.into() };
            let text = body_of(&[Outgoing { record: stored, form: Form::Full }]);
            text.lines().nth(1).unwrap().to_owned()
        };
        assert!(document(&line).ends_with(&line[1..]), "nothing is encoded again");
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(&document(&line)), read(&document(&old)));
        assert_eq!(Value::Object(index_document(&record)), read(&document(&line)));
        let null = Map::from_iter([("a".to_owned(), json!({ "b": [1, null], "c": null }))]);
        let line = LogRecord { payload: null, ..record }.to_line();
        assert_eq!(read(&document(&line))["payload"], json!({ "a": { "b": [1] } }), "no null gets away");
    }

    fn body_of(records: &[Outgoing]) -> String {
        body(records, "prod")
    }

    #[test]
    fn a_payload_as_text_loses_nothing() {
        let payload = Map::from_iter([("a".to_owned(), json!({ "b": [1, null] }))]);
        let record = LogRecord { event_id: "boot-8".to_owned(), payload, ..LogRecord::default() };
        let stored =
            StoredRecord { id: 1, event_id: "boot-8".to_owned(), at_us: 0, body: record.to_line().into() };
        let text = body(&[Outgoing { record: stored, form: Form::Text }], "prod");
        let document: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!(document["payload_text"], r#"{"a":{"b":[1,null]}}"#);
        assert!(document.get("payload").is_none());
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
        let refused = |status, body: &[u8]| match read(status, body).unwrap() {
            Reply::Refused { reason, .. } => reason,
            Reply::Items(items) => panic!("{items:?}"),
        };
        assert_eq!(refused(503, b""), "HTTP 503");
        let page = b"<html><head><title>400 Bad Request</title></head><body>nginx</body></html>";
        assert_eq!(refused(400, page), "HTTP 400, a web page: 400 Bad Request nginx");
    }
}
