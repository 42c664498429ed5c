//! PANIC: held for a second by pointer or key, or Shift+Esc twice. Sends `POST /api/v1/panic`, and the same over the
//! feed's socket, which no other request can hold up, again and again under one key until the server has accepted it.

use std::cell::RefCell;
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::panic_phase::{Latch, Phase, face, hint};
use crate::api::{self, Intent};
use crate::cell::cell;
use crate::error::AppError;
use crate::event::{Control, UiEvent};
use crate::json::object;
use crate::platform;
use crate::tell::tell_correlated;

const HOLD: Duration = Duration::from_secs(1);
/// The second Shift+Esc comes so soon after the first.
const KEYS_WITHIN: Duration = Duration::from_millis(1_500);
const ROUTE: &str = "/api/v1/panic";

/// The button's memory.
#[derive(Clone, Copy)]
struct Panic {
    phase: RwSignal<Phase>,
    /// Counts presses, so that an old timer does not fire for a new one.
    press: StoredValue<u32>,
    sent_ms: StoredValue<f64>,
    waited_ms: RwSignal<f64>,
}

thread_local! {
    /// The press that is on its way, for an answer that comes by the socket.
    static PRESSED: RefCell<Option<(Intent, Panic)>> = const { RefCell::new(None) };
}

/// The server has accepted the panic of this key, as the socket says.
#[cfg(feature = "hydrate")]
pub fn accepted(key: &str) {
    let pressed = PRESSED.with_borrow(Clone::clone);
    if let Some((intent, panic)) = pressed.filter(|(intent, _)| intent.key == key) {
        panic.accepted(&intent);
    }
}

impl Panic {
    fn hold(self) {
        if self.phase.with_untracked(Phase::is_under_way) {
            return;
        }
        let press = self.press.get_value() + 1;
        self.press.set_value(press);
        self.phase.set(Phase::Holding);
        set_timeout(
            move || {
                if self.press.get_value() == press && self.phase.get_untracked() == Phase::Holding {
                    self.fire();
                }
            },
            HOLD,
        );
    }

    fn release(self) {
        if self.phase.with_untracked(|phase| *phase == Phase::Holding) {
            self.press.update_value(|press| *press += 1);
            self.phase.set(Phase::Idle);
        }
    }

    /// The first half of the keys is seen to have been heard.
    fn arm(self) {
        if self.phase.with_untracked(|phase| *phase != Phase::Idle && *phase != Phase::Accepted) {
            return;
        }
        let before = self.phase.get_untracked();
        self.phase.set(Phase::Armed);
        let back = move || {
            if self.phase.try_with_untracked(|phase| *phase == Phase::Armed).unwrap_or(false) {
                self.phase.set(before);
            }
        };
        set_timeout(back, KEYS_WITHIN);
    }

    fn fire(self) {
        if self.phase.with_untracked(Phase::is_under_way) {
            return;
        }
        self.phase.set(Phase::Sending { attempts: 1 });
        self.sent_ms.set_value(platform::steady_ms());
        platform::make_way();
        let intent = Intent::new();
        PRESSED.set(Some((intent.clone(), self)));
        tell_correlated(
            &UiEvent::Click { control: Control::Panic, subject: "everything".to_owned() },
            Some(&intent.correlation_id),
        );
        spawn_local(async move {
            let mut attempt = 1;
            while self.phase.try_with_untracked(Phase::is_under_way).unwrap_or(false) {
                // An attempt that hangs must not hold up the next one: the key makes them one panic.
                self.phase.try_update(|phase| phase.count(attempt));
                say(&intent);
                spawn_local(self.attempt(intent.clone(), attempt));
                platform::sleep_ms(1_000 * attempt.min(3)).await;
                attempt += 1;
            }
        });
    }

    async fn attempt(self, intent: Intent, attempt: u32) {
        let result = api::post(ROUTE, ROUTE, &object([]), &intent, attempt).await;
        if !self.phase.try_with_untracked(Phase::is_under_way).unwrap_or(false) {
            return;
        }
        match result {
            Ok(_) => self.accepted(&intent),
            Err(error) => self.failed(&error, &intent),
        }
    }

    /// By whichever door; once.
    fn accepted(self, intent: &Intent) {
        if !self.phase.try_with_untracked(Phase::is_under_way).unwrap_or(false) {
            return;
        }
        let duration_ms = (platform::steady_ms() - self.sent_ms.get_value()) as i64;
        let attempts = self.phase.with_untracked(Phase::sent);
        tell_correlated(&UiEvent::PanicAccepted { attempts, duration_ms }, Some(&intent.correlation_id));
        self.phase.set(Phase::Accepted);
    }

    fn failed(self, error: &AppError, intent: &Intent) {
        let attempts = self.phase.with_untracked(Phase::sent);
        let text = error.message.clone();
        tell_correlated(
            &UiEvent::PanicUnconfirmed { attempts, error: text.clone() },
            Some(&intent.correlation_id),
        );
        self.phase.set(match error.status {
            401 | 403 => Phase::Refused { error: text },
            _ => Phase::Unconfirmed { attempts, error: text },
        });
    }
}

/// Over the feed's socket.
#[cfg(feature = "hydrate")]
fn say(intent: &Intent) {
    crate::feed::say_panic(&intent.key, &intent.traceparent());
}

/// The server has no feed to itself.
#[cfg(not(feature = "hydrate"))]
fn say(_intent: &Intent) {}

/// The cells it reads: the latch, and what a press would close.
#[island]
pub fn PanicButton() -> impl IntoView {
    let (latch, scope) = (cell("latch"), cell("panic.scope"));
    let panic = Panic {
        phase: RwSignal::new(Phase::Idle),
        press: StoredValue::new(0),
        sent_ms: StoredValue::new(0.0),
        waited_ms: RwSignal::new(0.0),
    };
    let latch = Signal::derive(move || latch.with(|word| Latch::read(word)));
    let face = Memo::new(move |_| panic.phase.with(|phase| face(phase, latch.get())));
    let hint = Memo::new(move |_| panic.phase.with(|phase| hint(phase, panic.waited_ms.get())));
    forget_when_cleared(panic, latch);
    listen_for_keys(panic);
    Effect::new(move |_| {
        set_interval(
            move || panic.waited_ms.set(platform::steady_ms() - panic.sent_ms.get_value()),
            Duration::from_millis(500),
        );
    });
    let is_hold_key = |event: &ev::KeyboardEvent| matches!(event.key().as_str(), " " | "Enter");
    view! {
        <button
            class="panic" type="button" aria-label="Panic: hold one second to close everything" aria-describedby="panic-scope panic-state"
            data-state=move || face.with(|face| face.state)
            on:pointerdown=move |event| if event.button() == 0 { panic.hold() }
            on:pointerup=move |_| panic.release()
            on:pointerleave=move |_| panic.release()
            on:pointercancel=move |_| panic.release()
            on:contextmenu=move |event| event.prevent_default()
            on:keydown=move |event| if is_hold_key(&event) { event.prevent_default(); if !event.repeat() { panic.hold() } }
            on:keyup=move |event| if is_hold_key(&event) { panic.release() }
            on:blur=move |_| panic.release()
        >
            <span>{move || face.with(|face| face.word)}</span>
            <small>{move || face.with(|face| face.small.clone())}</small>
        </button>
        <span class="panic-scope" id="panic-scope">{move || scope.get()}</span>
        <span class="visually-hidden" id="panic-state" role="status" aria-live="assertive">
            {move || face.with(|face| if face.state == "idle" { String::new() } else { face.small.clone() })}
        </span>
        <p class="panic-hint" role="alert" hidden=move || hint.with(Option::is_none)>{move || hint.get().unwrap_or_default()}</p>
    }
}

/// After the latch was cleared the button is as new.
fn forget_when_cleared(panic: Panic, latch: Signal<Latch>) {
    Effect::new(move |before: Option<bool>| {
        let latched = latch.get() != Latch::Clear;
        if before == Some(true) && !latched && panic.phase.get_untracked() == Phase::Accepted {
            panic.phase.set(Phase::Idle);
        }
        latched
    });
}

/// Shift+Esc twice within a second and a half.
fn listen_for_keys(panic: Panic) {
    let last_ms = StoredValue::new(f64::NEG_INFINITY);
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            if event.key() != "Escape" || !event.shift_key() || event.repeat() {
                return;
            }
            let now_ms = platform::steady_ms();
            if now_ms - last_ms.get_value() < KEYS_WITHIN.as_millis() as f64 {
                last_ms.set_value(f64::NEG_INFINITY);
                panic.fire();
            } else {
                last_ms.set_value(now_ms);
                panic.arm();
            }
        });
        on_cleanup(move || listener.remove());
    });
}
