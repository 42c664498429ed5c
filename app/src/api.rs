//! The HTTP API, from the browser's side: every call carries a `traceparent`, every mutating one an
//! idempotency key, and every one is told with its route, status and duration:
//! one by one when somebody wanted something, when it failed or was slow, by the minute otherwise (`measure.js`).

use serde_json::Value;
use telemetry::CorrelationId;

use crate::error::{AppError, from_answer};
use crate::event::{RequestEvent, UiEvent};
use crate::platform::{self, Answer, Request};
use crate::tell::{is_told, tell_correlated};

/// One intent of the user: made by a click, kept over retries, so that it happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The same for every try.
    pub key: String,
    /// The trace that the click, the request and everything it leads to share.
    pub correlation_id: String,
}

impl Intent {
    /// A new one, for a new click.
    pub fn new() -> Self {
        let correlation_id = CorrelationId::from_bits(platform::random_bits()).into_string();
        Self { key: platform::uuid(), correlation_id }
    }
}

impl Default for Intent {
    fn default() -> Self {
        Self::new()
    }
}

/// An intent is given up after so long and tried again under its key.
const INTENT_MS: u32 = 3_000;
/// Whatever only reads, or thinks about passwords, may take longer.
const READ_MS: u32 = 10_000;

/// Reads `path`; `route` is its pattern, for the record.
pub async fn get(route: &str, path: &str) -> Result<Answer, AppError> {
    call(Call { method: "GET", route, path, body: None, is_intent: false }, &Intent::new(), 1).await
}

/// Asks about `body`; nothing happens by it, or it is not sent twice.
pub async fn ask(route: &str, body: &Value, intent: &Intent) -> Result<Answer, AppError> {
    let call_of = Call { method: "POST", route, path: route, body: Some(body), is_intent: false };
    call(call_of, intent, 1).await
}

/// Does something once: sends `body` under the intent's key. `attempt` is told only.
pub async fn post(
    route: &str,
    path: &str,
    body: &Value,
    intent: &Intent,
    attempt: u32,
) -> Result<Answer, AppError> {
    call(Call { method: "POST", route, path, body: Some(body), is_intent: true }, intent, attempt).await
}

/// What is asked.
struct Call<'a> {
    method: &'static str,
    route: &'a str,
    path: &'a str,
    body: Option<&'a Value>,
    is_intent: bool,
}

impl Intent {
    /// The header that carries the trace to the server.
    pub fn traceparent(&self) -> String {
        let span = (platform::random_bits() >> 64) as u64;
        CorrelationId::parse(&self.correlation_id).and_then(|id| id.to_traceparent(span)).unwrap_or_default()
    }
}

async fn call(what: Call<'_>, intent: &Intent, attempt: u32) -> Result<Answer, AppError> {
    let Call { method, route, path, body, is_intent } = what;
    let text = body.map(crate::json::write);
    let started_ms = platform::steady_ms();
    let request = Request {
        method,
        path: path.to_owned(),
        body: text.clone(),
        traceparent: intent.traceparent(),
        idempotency_key: (method == "POST").then(|| intent.key.clone()),
        limit_ms: if is_intent { INTENT_MS } else { READ_MS },
    };
    let result = platform::send(request).await;
    let status_code = result.as_ref().ok().map(|answer| answer.status);
    let latency_ms = (platform::steady_ms() - started_ms) as i64;
    if is_told(RequestEvent::level_of(is_intent, status_code, latency_ms)) {
        let event = RequestEvent {
            method,
            is_intent,
            route: route.to_owned(),
            status_code,
            latency_ms,
            request_bytes: text.map_or(0, |text| text.len()),
            response_bytes: result.as_ref().map_or(0, |answer| answer.body.len()),
            attempt,
            fields: body.map(field_names).unwrap_or_default(),
            error: result.as_ref().err().cloned(),
        };
        tell_correlated(&UiEvent::Request(event), Some(&intent.correlation_id));
    }
    let answer = result
        .map_err(|error| AppError::network(&error).with_correlation(Some(intent.correlation_id.clone())))?;
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    Err(from_answer(
        answer.status,
        &answer.body,
        answer.correlation_id.or_else(|| Some(intent.correlation_id.clone())),
    ))
}

/// The payload's summary: names only, values may be secret.
fn field_names(body: &Value) -> String {
    body.as_object()
        .map(|fields| fields.keys().map(String::as_str).collect::<Vec<_>>().join(" "))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_a_call_holds_no_value_of_what_was_sent() {
        let body = serde_json::json!({ "username": "admin", "password": "hunter2" });
        assert_eq!(field_names(&body), "password username");
    }
}
