//! Typed promotion: the allow-list of payload keys that become fields of the record of their own.

use serde_json::{Map, Value};

use crate::{ErrorDetail, LogRecord};

/// Copies payload keys of the allow-list to the typed fields of the record. A value of the wrong type stays in
/// the payload only; a field that is set already is kept. `payload.error`, when an object, is moved
/// (keys of it that are not `type`, `message`, `stack_trace` stay behind).
pub fn promote(record: &mut LogRecord) {
    let payload = &record.payload;
    let texts: [(&str, &mut Option<String>); 10] = [
        ("order_id", &mut record.order_id),
        ("client_order_id", &mut record.client_order_id),
        ("symbol", &mut record.symbol),
        ("side", &mut record.side),
        ("price", &mut record.price),
        ("qty", &mut record.qty),
        ("reason", &mut record.reason),
        ("outcome", &mut record.outcome),
        ("stream", &mut record.stream),
        ("endpoint", &mut record.endpoint),
    ];
    for (key, field) in texts {
        if field.is_none() {
            *field = payload.get(key).and_then(text);
        }
    }
    for (key, field) in [("latency_us", &mut record.latency_us), ("gap_ms", &mut record.gap_ms)] {
        if field.is_none() {
            *field = payload.get(key).and_then(Value::as_i64);
        }
    }
    if record.status_code.is_none() {
        record.status_code =
            payload.get("status_code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    }
    if record.error.is_none() {
        record.error = take_error(&mut record.payload);
    }
}

/// Identifiers and amounts may come as numbers; they are told as text so that no digit is lost.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn take_error(payload: &mut Map<String, Value>) -> Option<ErrorDetail> {
    match payload.get_mut("error")? {
        Value::Object(error) => {
            let mut take = |key: &str| {
                let part = error.get(key).and_then(text);
                if part.is_some() {
                    error.remove(key);
                }
                part
            };
            let detail = ErrorDetail {
                kind: take("type"),
                message: take("message"),
                stack_trace: take("stack_trace"),
            };
            if error.is_empty() {
                payload.remove("error");
            }
            Some(detail)
        }
        Value::String(message) => {
            Some(ErrorDetail { message: Some(message.clone()), ..ErrorDetail::default() })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}
