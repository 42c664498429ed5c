//! Where the browser's events go: one function that the frontend installs. On the server nothing is
//! installed and nothing is told here.

use std::cell::RefCell;
use std::sync::OnceLock;

use telemetry::Context;

use crate::event::UiEvent;

/// Takes an event and the trading context and intent it belongs to.
pub type Sink = fn(&UiEvent, &Context);

static SINK: OnceLock<Sink> = OnceLock::new();

thread_local! {
    /// What the strip last said of the active session: every event carries it.
    static TRADING: RefCell<Context> = RefCell::new(Context::default());
}

/// Installs the client logger; the first one stays.
pub fn set_sink(sink: Sink) {
    // A second call would come from a second hydration, which the page never does.
    let _ = SINK.set(sink);
}

#[cfg(feature = "hydrate")]
/// Remembers the active session for events to come.
pub fn set_trading_context(context: Context) {
    TRADING.with_borrow_mut(|known| *known = context);
}

/// Tells an event that belongs to no request.
pub fn tell(event: &UiEvent) {
    tell_correlated(event, None);
}

#[cfg(feature = "hydrate")]
/// Tells an event that is about one of several sessions.
pub fn tell_of(event: &UiEvent, session_id: &str) {
    let Some(sink) = SINK.get() else { return };
    let mut context = TRADING.with_borrow(Clone::clone);
    context.session_id = Some(session_id.to_owned());
    sink(event, &context);
}

/// Tells an event of that story which is about no session.
pub fn tell_of_none(event: &UiEvent, correlation_id: Option<&str>) {
    let Some(sink) = SINK.get() else { return };
    sink(event, &Context { correlation_id: correlation_id.map(str::to_owned), ..Context::default() });
}

/// Tells an event as part of the story `correlation_id`.
pub fn tell_correlated(event: &UiEvent, correlation_id: Option<&str>) {
    let Some(sink) = SINK.get() else { return };
    let mut context = TRADING.with_borrow(Clone::clone);
    context.correlation_id = correlation_id.map(str::to_owned);
    sink(event, &context);
}
