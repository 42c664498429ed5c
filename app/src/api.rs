//! The HTTP API, from the browser's side: every call carries a `traceparent`, every mutating one an
//! idempotency key, and every one is told with its route, status and duration.

use model::configuration::Configuration;
use model::view::{PreviewView, SessionView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use telemetry::CorrelationId;

use crate::error::{AppError, from_answer};
use crate::event::{RequestEvent, UiEvent};
use crate::platform::{self, Answer, Request};
use crate::tell::tell_correlated;

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

/// Answer of a start: 202.
#[derive(Clone, Debug, Deserialize)]
pub struct Accepted {
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default)]
    pub panic_id: Option<String>,
}

/// Answer of `POST /api/v1/configurations/validate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    pub valid: bool,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(default)]
    pub preview: Option<PreviewView>,
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// Answer of `GET /api/v1/sessions`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Sessions {
    pub sessions: Vec<SessionView>,
}

/// Answer of `GET /api/v1/pipeline`: the forwarder's books.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pipeline {
    pub offered: u64,
    pub delivered: u64,
    pub quarantined: u64,
    pub turned_away: u64,
    pub held: u64,
    pub duplicates: u64,
    pub forwarder: Forwarder,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Forwarder {
    pub state: String,
    pub lag_ms: Option<i64>,
}

/// Reads `path`; `route` is its pattern, for the record.
pub async fn get<T: DeserializeOwned>(route: &'static str, path: &str) -> Result<T, AppError> {
    let intent = Intent::new();
    read(call("GET", route, path, None, &intent, 1).await?)
}

/// Does something once: sends `body` under the intent's key. `attempt` is told only.
pub async fn post(
    route: &'static str,
    path: &str,
    body: &Value,
    intent: &Intent,
    attempt: u32,
) -> Result<Answer, AppError> {
    call("POST", route, path, Some(body), intent, attempt).await
}

/// `post`, its answer read as `T`.
pub async fn post_read<T: DeserializeOwned>(
    route: &'static str,
    body: &Value,
    intent: &Intent,
) -> Result<T, AppError> {
    read(post(route, route, body, intent, 1).await?)
}

/// What a configuration would do; nothing is started.
pub async fn validate(configuration: &Configuration) -> Result<Validation, AppError> {
    let body = serde_json::json!({ "configuration": configuration });
    post_read("/api/v1/configurations/validate", &body, &Intent::new()).await
}

fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, AppError> {
    crate::wire::read(&answer.body).map_err(|error| {
        AppError::unreadable(&error.to_string())
            .with_status(answer.status)
            .with_correlation(answer.correlation_id)
    })
}

async fn call(
    method: &'static str,
    route: &'static str,
    path: &str,
    body: Option<&Value>,
    intent: &Intent,
    attempt: u32,
) -> Result<Answer, AppError> {
    let text = body.map(Value::to_string);
    let span = (platform::random_bits() >> 64) as u64;
    let traceparent = CorrelationId::parse(&intent.correlation_id)
        .and_then(|id| id.to_traceparent(span))
        .unwrap_or_default();
    let started_ms = platform::now_ms();
    let request = Request {
        method,
        path: path.to_owned(),
        body: text.clone(),
        traceparent,
        idempotency_key: (method == "POST").then(|| intent.key.clone()),
    };
    let result = platform::send(request).await;
    let event = RequestEvent {
        method,
        route,
        status_code: result.as_ref().ok().map(|answer| answer.status),
        latency_ms: (platform::now_ms() - started_ms) as i64,
        request_bytes: text.map_or(0, |text| text.len()),
        response_bytes: result.as_ref().map_or(0, |answer| answer.body.len()),
        attempt,
        fields: body.map(field_names).unwrap_or_default(),
        error: result.as_ref().err().cloned(),
    };
    tell_correlated(&UiEvent::Request(event), Some(&intent.correlation_id));
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

    #[test]
    fn unknown_books_of_the_pipeline_are_read_as_far_as_they_go() {
        let books: Pipeline =
            serde_json::from_str(r#"{"offered":3,"forwarder":{"state":"off"}}"#).expect("books");
        assert_eq!((books.offered, books.forwarder.state.as_str(), books.forwarder.lag_ms), (3, "off", None));
    }
}
