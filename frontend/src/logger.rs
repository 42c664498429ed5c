//! The client logger's driver: owns the pure machine of `telemetry::client`, its timers and its requests. A
//! call never waits; what the machine wants is done after each change.

use std::cell::{Cell, RefCell};

use app::{About, UiEvent, platform};
use leptos::prelude::window;
use telemetry::Level;
use telemetry::client::{Auth, Call, Effect, Failure, Frame, Input, Logger, LoggerConfig, Message, Site};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

use crate::{page_events, transport};

static PANIC: Site = Site::new(Level::Fatal, "ui.panic", "app", "", &[]);

struct Driver {
    logger: Logger,
    timer: Option<i32>,
}

thread_local! {
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
    /// When the running task began to tell; 0: it has not.
    static CLOCK: Cell<i64> = const { Cell::new(0) };
    /// Forgets the clock; made once.
    static FORGET: js_sys::Function =
        Closure::<dyn Fn()>::new(|| CLOCK.set(0)).into_js_value().unchecked_into();
    /// Wakes the machine; made once. Whoever makes a timer run twice wakes it twice, which it does not mind.
    static WAKE: js_sys::Function =
        Closure::<dyn Fn()>::new(|| on(Input::Wake)).into_js_value().unchecked_into();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &js_sys::Function);
}

/// Makes the logger and becomes the app's sink.
pub fn start() {
    let version = platform::meta("version").unwrap_or_default();
    start_with(LoggerConfig {
        client_session_id: transport::client_session_id(),
        tab_id: format!("{:032x}", platform::random_bits()),
        app_name: "web".to_owned(),
        build_id: version.clone(),
        release: version,
        environment: if cfg!(debug_assertions) { "dev" } else { "prod" }.to_owned(),
        seed: platform::random_bits(),
        level: if cfg!(debug_assertions) { Level::Debug } else { Level::Info },
        auth: auth(),
        gzip: true,
        spool: true,
        limited: transport::is_limited(),
    });
}

/// The same with settings of the caller's.
pub fn start_with(config: LoggerConfig) {
    DRIVER.set(Some(Driver { logger: Logger::new(config, now_ms()), timer: None }));
    on(page_events::page(platform::route()));
    app::set_sink(tell);
}

/// The sign-in page has no session; every other page is shown only with one.
fn auth() -> Auth {
    let path = window().location().pathname().unwrap_or_default();
    if path.starts_with("/login") { Auth::PageOnly } else { Auth::Session }
}

/// Read once in a task: a thousand calls in a row are one moment, and reading it costs more than telling.
fn now_ms() -> i64 {
    let known_ms = CLOCK.get();
    if known_ms != 0 {
        return known_ms;
    }
    let now_ms = platform::now_ms() as i64;
    CLOCK.set(now_ms);
    FORGET.with(queue_microtask);
    now_ms
}

/// The app's sink.
fn tell(event: &UiEvent, about: About<'_>) {
    if cfg!(debug_assertions) {
        tracing::info!(target: "ui", event = event.site().event, "{}", event.site().sentence(&event.values()));
    }
    if let UiEvent::Navigated { route } = event {
        on(page_events::page(route));
    }
    event.lend_values(&mut |values| {
        log(&Call {
            session_id: about.session_id,
            correlation_id: about.correlation_id,
            intent: event.is_intent(),
            ..Call::of(event.site(), values)
        });
    });
}

/// One call. While the logger itself runs, the call is only counted.
pub fn log(call: &Call<'_>) {
    let done = with(|driver| {
        if driver.logger.log(now_ms(), call) {
            driver.work();
        }
    });
    if done.is_none() {
        // Told to the machine as soon as it is free again.
        let level = call.site.level;
        wasm_bindgen_futures::spawn_local(async move { on(Input::Reentrant(level)) });
    }
}

/// Something happened outside.
pub fn on(input: Input) {
    with(|driver| {
        driver.logger.on(now_ms(), input);
        driver.work();
        app::set_lowest(driver.logger.lowest(now_ms()));
    });
}

/// A panic: everything leaves now. Touches nothing of the page; false when the logger itself was at work, or
/// cannot send.
pub fn panicked(message: &str, location: &str, stack: &[Frame<'_>]) -> bool {
    let failure = Failure { kind: "panic", message, location, stack };
    let call = Call { message: Message::Text(message), failure: Some(failure), ..Call::of(&PANIC, &[]) };
    with(|driver| {
        driver.logger.log(now_ms(), &call);
        driver.logger.on(now_ms(), Input::Hide);
        driver.work();
    })
    .is_some()
}

/// Until when nothing is sent, because nobody answers; 0: it may be sent.
pub fn held_until_ms() -> i64 {
    with(|driver| driver.logger.held_until_ms()).unwrap_or(0)
}

/// Address of the block that a reader finds everything in that was not sent yet, also after a trap: see
/// `telemetry::client` for what stands where. It never changes. 0: there is no logger.
pub fn black_box() -> u32 {
    with(|driver| driver.logger.black_box().as_ptr() as usize as u32).unwrap_or(0)
}

fn with<T>(change: impl FnOnce(&mut Driver) -> T) -> Option<T> {
    DRIVER.with(|driver| driver.try_borrow_mut().ok()?.as_mut().map(change))
}

impl Driver {
    /// Does what the machine wants.
    #[cold]
    fn work(&mut self) {
        while let Some(effect) = self.logger.poll(now_ms()) {
            match effect {
                Effect::QueueMicrotask => wasm_bindgen_futures::spawn_local(async { on(Input::Microtask) }),
                Effect::WakeAt(at_ms) => self.wake_at(at_ms),
                Effect::Send { .. }
                | Effect::Spool { .. }
                | Effect::Unspool { .. }
                | Effect::WipeSpool
                | Effect::Halted(_) => transport::hand_over(effect),
            }
        }
    }

    fn wake_at(&mut self, at_ms: Option<i64>) {
        if let Some(timer) = self.timer.take() {
            window().clear_timeout_with_handle(timer);
        }
        let Some(at_ms) = at_ms else { return };
        let wait_ms = (at_ms - now_ms()).clamp(0, 3_600_000) as i32;
        let timer =
            |wake: &_| window().set_timeout_with_callback_and_timeout_and_arguments_0(wake, wait_ms).ok();
        self.timer = WAKE.with(timer);
    }
}
