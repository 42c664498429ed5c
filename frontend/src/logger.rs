//! The client logger's driver: owns the pure machine of `telemetry::client`, its timers and its requests. A
//! call never waits; what the machine wants is done after each change.

use std::cell::RefCell;
use std::time::Duration;

use app::{UiEvent, platform};
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle, window};
use telemetry::client::{
    Auth, Effect, Entry, Failure, Field, FieldValue, Frame, Input, Logger, LoggerConfig,
};
use telemetry::{Context, Event, Level};

use crate::{page_events, translate, transport};

/// Last events by name, oldest first: what led to an error.
const BREADCRUMBS: usize = 20;

struct Driver {
    logger: Logger,
    timer: Option<TimeoutHandle>,
    breadcrumbs: Vec<String>,
}

thread_local! {
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
}

/// Makes the logger and becomes the app's sink.
pub fn start() {
    let now_ms = now_ms();
    let version = platform::meta("version").unwrap_or_default();
    let config = LoggerConfig {
        client_session_id: client_session_id(),
        tab_id: format!("{:032x}", platform::random_bits()),
        app_name: "web".to_owned(),
        build_id: version.clone(),
        release: version,
        environment: if cfg!(debug_assertions) { "dev" } else { "prod" }.to_owned(),
        seed: platform::random_bits(),
        level: if cfg!(debug_assertions) { Level::Debug } else { Level::Info },
        auth: auth(),
        gzip: true,
        spool: false,
    };
    DRIVER.set(Some(Driver { logger: Logger::new(config, now_ms), timer: None, breadcrumbs: Vec::new() }));
    on(page_events::page(platform::route()));
    app::set_sink(tell);
}

/// The sign-in page has no session; every other page is shown only with one.
fn auth() -> Auth {
    let path = window().location().pathname().unwrap_or_default();
    if path.starts_with("/login") { Auth::PageOnly } else { Auth::Session }
}

/// The same for all pages of this browser tab.
fn client_session_id() -> String {
    const KEY: &str = "deltascope-client-session";
    let fresh = || format!("{:032x}", platform::random_bits());
    let Ok(Some(storage)) = window().session_storage() else { return fresh() };
    if let Ok(Some(known)) = storage.get_item(KEY) {
        return known;
    }
    let made = fresh();
    // A full or forbidden storage only shortens the session to this page.
    let _ = storage.set_item(KEY, &made);
    made
}

fn now_ms() -> i64 {
    platform::now_ms() as i64
}

/// The app's sink.
fn tell(event: &UiEvent, context: &Context) {
    if cfg!(debug_assertions) {
        tracing::info!(target: "ui", event = event.name(), "{}", event.message());
    }
    if let UiEvent::Navigated { route } = event {
        on(page_events::page(route));
    }
    let payload = event.payload();
    let mut fields = translate::fields(&payload);
    let intent = context.correlation_id.as_deref().filter(|_| translate::is_intent(event));
    fields.extend(intent.map(|id| Field { key: "intent", value: FieldValue::Str(id) }));
    let crumbs = if event.level() >= Level::Error { breadcrumbs() } else { String::new() };
    if !crumbs.is_empty() {
        fields.push(Field { key: "_breadcrumbs", value: FieldValue::Str(&crumbs) });
    }
    let message = event.message();
    log(&Entry {
        level: event.level(),
        event: event.name(),
        target: "app",
        message: &message,
        fields: &fields,
        volatile: &translate::VOLATILE,
        session_id: context.session_id.as_deref(),
        correlation_id: context.correlation_id.as_deref(),
        ..Entry::default()
    });
}

/// One call. While the logger itself runs, the call is only counted.
pub fn log(entry: &Entry<'_>) {
    let level = entry.level;
    let done = with(|driver| {
        driver.logger.log(now_ms(), entry);
        if entry.level >= Level::Info {
            driver.breadcrumbs.push(entry.event.to_owned());
            let surplus = driver.breadcrumbs.len().saturating_sub(BREADCRUMBS);
            driver.breadcrumbs.drain(..surplus);
        }
        driver.work();
    });
    if done.is_none() {
        // Told to the machine as soon as it is free again.
        wasm_bindgen_futures::spawn_local(async move { on(Input::Reentrant(level)) });
    }
}

/// Something happened outside.
pub fn on(input: Input) {
    with(|driver| {
        driver.logger.on(now_ms(), input);
        driver.work();
    });
}

/// A panic: everything leaves now. Touches nothing of the page; false when the logger itself was at work, or
/// cannot send.
pub fn panicked(message: &str, location: &str, stack: &[Frame<'_>]) -> bool {
    let crumbs = breadcrumbs();
    let fields = [Field { key: "_breadcrumbs", value: FieldValue::Str(&crumbs) }];
    let failure = Failure { kind: "panic", message, location, stack };
    with(|driver| {
        let entry = Entry {
            level: Level::Fatal,
            event: "ui.panic",
            target: "app",
            message,
            fields: &fields,
            failure: Some(failure),
            ..Entry::default()
        };
        driver.logger.log(now_ms(), &entry);
        driver.logger.on(now_ms(), Input::Hide);
        driver.work();
    })
    .is_some()
}

fn breadcrumbs() -> String {
    DRIVER
        .with(|driver| {
            driver
                .try_borrow()
                .ok()
                .and_then(|driver| driver.as_ref().map(|driver| driver.breadcrumbs.join(" ")))
        })
        .unwrap_or_default()
}

fn with<T>(change: impl FnOnce(&mut Driver) -> T) -> Option<T> {
    DRIVER.with(|driver| driver.try_borrow_mut().ok()?.as_mut().map(change))
}

impl Driver {
    /// Does what the machine wants.
    fn work(&mut self) {
        while let Some(effect) = self.logger.poll(now_ms()) {
            match effect {
                Effect::QueueMicrotask => wasm_bindgen_futures::spawn_local(async { on(Input::Microtask) }),
                Effect::WakeAt(at_ms) => self.wake_at(at_ms),
                Effect::Send { bid, body, gzip, keepalive } => transport::send(bid, &body, gzip, keepalive),
                // Not configured: the machine asks for no spool. Halted: it asks for nothing more.
                Effect::Spool { .. } | Effect::Unspool { .. } | Effect::WipeSpool | Effect::Halted(_) => {}
            }
        }
    }

    fn wake_at(&mut self, at_ms: Option<i64>) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        let Some(at_ms) = at_ms else { return };
        let wait = Duration::from_millis(u64::try_from(at_ms - now_ms()).unwrap_or(0).min(3_600_000));
        self.timer = set_timeout_with_handle(|| on(Input::Wake), wait).ok();
    }
}
