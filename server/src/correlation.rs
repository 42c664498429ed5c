//! What is being done right now, task-local: its correlation id, accepted from a request or made, and the trading
//! session that it is about. Carried into every task that is spawned through `carry`.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use telemetry::{Context, CorrelationId, LogRecord};

tokio::task_local! {
    static CURRENT: Current;
}

/// What runs, shared by the tasks that it was carried into.
#[derive(Clone)]
struct Current {
    id: String,
    /// The trading context, as soon as it is known.
    about: Arc<Mutex<Context>>,
}

impl Current {
    fn new(context: Context) -> Self {
        let id = context.correlation_id.clone().unwrap_or_else(fresh);
        Self { id, about: Arc::new(Mutex::new(context)) }
    }

    fn context(&self) -> Context {
        let about = self.about.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Context { correlation_id: Some(self.id.clone()), ..about }
    }
}

/// The id of the request or task that is running, if any.
#[must_use]
pub fn current() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// The context of what is running: its correlation id, and its trading session if it is known to be about one.
#[must_use]
pub fn context() -> Context {
    CURRENT.try_with(Current::context).unwrap_or_default()
}

/// What is running is about this trading session: everything that it tells from now on is.
pub fn about(trading: &Context) {
    // Outside of any request or task there is nobody to tell it to.
    let _ = CURRENT.try_with(|current| {
        current.about.lock().unwrap_or_else(PoisonError::into_inner).clone_from(trading);
    });
}

/// What a record does not say itself, the running request or task does.
pub fn dress(record: &mut LogRecord) {
    let running = context();
    if record.session_id.is_none() && record.strategy_id.is_none() {
        let correlation_id = record.correlation_id.take();
        record.set_context(&running);
        record.correlation_id = correlation_id;
    }
    if record.correlation_id.is_none() {
        record.correlation_id = running.correlation_id;
    }
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
    scope_of(Context::correlated(id), future).await
}

/// Runs a future under a correlation id and a trading context.
pub async fn scope_of<F: Future>(context: Context, future: F) -> F::Output {
    CURRENT.scope(Current::new(context), future).await
}

/// Wraps a future that will be spawned so that it keeps the id of its maker, and what that is about.
pub fn carry<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let current = CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Current::new(Context::default()));
    CURRENT.scope(current, future)
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

    #[tokio::test]
    async fn what_a_request_turns_out_to_be_about_is_known_to_all_of_it() {
        let session = Context { session_id: Some("s-1".to_owned()), ..Context::default() };
        let (before, spawned, after) = scope("parent-id-1".to_owned(), async {
            let before = context().session_id;
            about(&session);
            let spawned = tokio::spawn(carry(async { context() })).await.unwrap();
            (before, spawned, context())
        })
        .await;
        let expected = Context { correlation_id: Some("parent-id-1".to_owned()), ..session };
        assert_eq!((before, spawned, after), (None, expected.clone(), expected));
        assert_eq!(context(), Context::default());
    }
}
