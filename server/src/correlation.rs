//! The correlation id of what is being done right now: accepted from a request or made, kept task-local, and
//! carried into every task that is spawned through `carry`.

use std::future::Future;

use axum::http::HeaderMap;
use telemetry::{Context, CorrelationId};

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request or task that is running, if any.
#[must_use]
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// A context that knows only the current correlation id.
#[must_use]
pub fn context() -> Context {
    Context { correlation_id: current(), ..Context::default() }
}

/// A new 128-bit id in 32 hex digits, usable as a W3C trace id.
#[must_use]
pub fn fresh() -> String {
    crate::random::hex(16)
}

/// The same, as what decides has it.
#[must_use]
pub fn fresh_id() -> CorrelationId {
    CorrelationId::parse(&fresh()).unwrap_or_else(|| CorrelationId::from_bits(1))
}

/// Runs a future under an id.
pub async fn scope<F: Future>(id: String, future: F) -> F::Output {
    CURRENT.scope(id, future).await
}

/// Wraps a future that will be spawned so that it keeps the id of its maker.
pub fn carry<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let id = current().unwrap_or_else(fresh);
    CURRENT.scope(id, future)
}

/// The id that a request brings: `traceparent` first, then `x-correlation-id`, then `x-request-id`; `None` when
/// none of them is valid.
#[must_use]
pub fn from_headers(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("traceparent")
        .and_then(CorrelationId::from_traceparent)
        .or_else(|| text("x-correlation-id").and_then(CorrelationId::parse))
        .or_else(|| text("x-request-id").and_then(CorrelationId::parse))
        .map(CorrelationId::into_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers, and the id that they give.
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);

    #[test]
    fn ids_are_accepted_in_order_and_only_when_valid() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        let zero = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let table: [Case<'_>; 7] = [
            (&[("traceparent", &good), ("x-correlation-id", "other-id-1")], Some(trace)),
            (&[("traceparent", &zero), ("x-correlation-id", "other-id-1")], Some("other-id-1")),
            (&[("traceparent", "00-abc-def-01"), ("x-request-id", "request-7")], Some("request-7")),
            (&[("x-correlation-id", "short"), ("x-request-id", "request-7")], Some("request-7")),
            (&[("x-correlation-id", "bad id with spaces")], None),
            (&[("traceparent", "")], None),
            (&[], None),
        ];
        for (headers, expected) in table {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name: axum::http::HeaderName = name.parse().unwrap();
                map.insert(name, value.parse().unwrap());
            }
            assert_eq!(from_headers(&map).as_deref(), expected, "{headers:?}");
        }
    }

    #[tokio::test]
    async fn a_spawned_task_keeps_the_id() {
        let seen = scope("parent-id-1".to_owned(), async {
            tokio::spawn(carry(async { current() })).await.unwrap()
        })
        .await;
        assert_eq!(seen.as_deref(), Some("parent-id-1"));
        assert_eq!(current(), None);
    }
}
