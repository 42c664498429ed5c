//! Where the browser's events go: one function that the frontend installs. On the server nothing is
//! installed and nothing is told here.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use telemetry::{Context, Event as _, Level};

use crate::event::UiEvent;

/// What an event belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About<'a> {
    /// Trading session.
    pub session_id: Option<&'a str>,
    pub correlation_id: Option<&'a str>,
}

/// Takes an event and what it belongs to.
pub type Sink = fn(&UiEvent, About<'_>);

static SINK: OnceLock<Sink> = OnceLock::new();

/// The lowest level that is told, as a number; above all levels: nothing is. The one thing that is looked at before an
/// event that nobody wants is left alone.
static LOWEST: AtomicU8 = AtomicU8::new(NOTHING);
const NOTHING: u8 = u8::MAX;

thread_local! {
    /// What the strip last said of the active session: every event carries it.
    static TRADING: RefCell<Context> = RefCell::new(Context::default());
}

/// Installs the client logger; the first one stays.
pub fn set_sink(sink: Sink) {
    // A second call would come from a second hydration, which the page never does.
    let _ = SINK.set(sink);
}

/// From now on only this level and above are told; `None`: nothing.
pub fn set_lowest(level: Option<Level>) {
    LOWEST.store(level.map_or(NOTHING, |level| level as u8), Ordering::Relaxed);
}

/// False: an event of this level is not worth making.
#[inline]
pub fn is_told(level: Level) -> bool {
    level as u8 >= LOWEST.load(Ordering::Relaxed)
}

#[cfg(feature = "hydrate")]
/// Remembers the active session for events to come.
pub fn set_trading_context(context: Context) {
    TRADING.with_borrow_mut(|known| *known = context);
}

/// Tells an event that belongs to no request.
#[inline]
pub fn tell(event: &UiEvent) {
    if is_told(event.level()) {
        pass_on(event, About::default());
    }
}

#[cfg(feature = "hydrate")]
/// Tells an event that is about one of several sessions.
pub fn tell_of(event: &UiEvent, session_id: &str) {
    if is_told(event.level()) {
        pass_on(event, About { session_id: Some(session_id), correlation_id: None });
    }
}

/// Tells an event of that story which is about no session.
pub fn tell_of_none(event: &UiEvent, correlation_id: Option<&str>) {
    if let Some(sink) = SINK.get().filter(|_| is_told(event.level())) {
        sink(event, About { session_id: None, correlation_id });
    }
}

/// Tells an event as part of the story `correlation_id`.
pub fn tell_correlated(event: &UiEvent, correlation_id: Option<&str>) {
    if is_told(event.level()) {
        pass_on(event, About { session_id: None, correlation_id });
    }
}

fn pass_on(event: &UiEvent, about: About<'_>) {
    let Some(sink) = SINK.get() else { return };
    TRADING.with_borrow(|known| {
        let session_id = about.session_id.or(known.session_id.as_deref());
        sink(event, About { session_id, ..about });
    });
}
