//! PANIC: held for a second by pointer or key, or Shift+Esc twice. Sends `POST /api/v1/panic`, and the same over the
//! feed's socket, which no other request can hold up, again and again under one key until the server has accepted it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::painted::painted;
use super::panic_phase::{Latch, Phase, face, hint};
use crate::api::{self, Intent};
use crate::cell::{Cell as Text, cell, set_cell};
use crate::error::AppError;
use crate::event::{Control, UiEvent};
use crate::json::object;
use crate::platform::{self, Event, Place};
use crate::tell::tell_correlated;

const HOLD_MS: u32 = 1_000;
/// The second Shift+Esc comes so soon after the first.
const KEYS_WITHIN_MS: u32 = 1_500;
/// The face is made anew this often: what it says of waiting grows.
const PAINT_MS: u32 = 500;
const ROUTE: &str = "/api/v1/panic";

/// The button's memory.
#[derive(Default)]
struct Panic {
    phase: RefCell<Phase>,
    /// Counts presses, so that an old timer does not fire for a new one.
    press: Cell<u32>,
    sent_ms: Cell<f64>,
    /// What the latch was when it was looked at last.
    latched: Cell<bool>,
}

thread_local! {
    /// The press that is on its way, for an answer that comes by the socket.
    static PRESSED: RefCell<Option<(Intent, Rc<Panic>)>> = const { RefCell::new(None) };
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
    fn set(&self, phase: Phase) {
        *self.phase.borrow_mut() = phase;
        self.paint();
    }

    fn is(&self, phase: &Phase) -> bool {
        *self.phase.borrow() == *phase
    }

    fn is_under_way(&self) -> bool {
        self.phase.borrow().is_under_way()
    }

    /// Into the cells that the button shows.
    fn paint(&self) {
        let phase = self.phase.borrow();
        let face = face(&phase, Latch::read(&cell("latch").get_untracked()));
        set_cell("panic.state", face.state.to_owned());
        set_cell("panic.word", face.word.to_owned());
        set_cell("panic.said", face.said().to_owned());
        set_cell("panic.small", face.small);
        set_cell("panic.hint", hint(&phase, platform::steady_ms() - self.sent_ms.get()).unwrap_or_default());
    }

    /// After the latch was cleared the button is as new.
    fn see_latch(&self, latch: Latch) {
        let is_latched = latch != Latch::Clear;
        if self.latched.replace(is_latched) && !is_latched && self.is(&Phase::Accepted) {
            *self.phase.borrow_mut() = Phase::Idle;
        }
        self.paint();
    }

    fn hold(self: &Rc<Self>) {
        if self.is_under_way() {
            return;
        }
        let press = self.press.get() + 1;
        self.press.set(press);
        self.set(Phase::Holding);
        let held = self.clone();
        platform::later(HOLD_MS, move || {
            if held.press.get() == press && held.is(&Phase::Holding) {
                held.fire();
            }
        });
    }

    fn release(&self) {
        if self.is(&Phase::Holding) {
            self.press.set(self.press.get() + 1);
            self.set(Phase::Idle);
        }
    }

    /// The first half of the keys is seen to have been heard.
    fn arm(self: &Rc<Self>) {
        let before = self.phase.borrow().clone();
        if before != Phase::Idle && before != Phase::Accepted {
            return;
        }
        self.set(Phase::Armed);
        let armed = self.clone();
        platform::later(KEYS_WITHIN_MS, move || {
            if armed.is(&Phase::Armed) {
                armed.set(before);
            }
        });
    }

    fn fire(self: &Rc<Self>) {
        if self.is_under_way() {
            return;
        }
        self.sent_ms.set(platform::steady_ms());
        self.set(Phase::Sending { attempts: 1 });
        platform::make_way();
        let intent = Intent::new();
        PRESSED.set(Some((intent.clone(), self.clone())));
        tell_correlated(
            &UiEvent::Click { control: Control::Panic, subject: "everything".to_owned() },
            Some(&intent.correlation_id),
        );
        let panic = self.clone();
        spawn_local(async move {
            let mut attempt = 1;
            while panic.is_under_way() {
                // An attempt that hangs must not hold up the next one: the key makes them one panic.
                panic.phase.borrow_mut().count(attempt);
                panic.paint();
                say(&intent);
                spawn_local(panic.clone().attempt(intent.clone(), attempt));
                platform::sleep_ms(1_000 * attempt.min(3)).await;
                attempt += 1;
            }
        });
    }

    async fn attempt(self: Rc<Self>, intent: Intent, attempt: u32) {
        let result = api::post(ROUTE, ROUTE, &object([]), &intent, attempt).await;
        if !self.is_under_way() {
            return;
        }
        match result {
            Ok(_) => self.accepted(&intent),
            Err(error) => self.failed(&error, &intent),
        }
    }

    /// By whichever door; once.
    fn accepted(&self, intent: &Intent) {
        if !self.phase.borrow().awaits_acceptance() {
            return;
        }
        let duration_ms = (platform::steady_ms() - self.sent_ms.get()) as i64;
        let attempts = self.phase.borrow().sent();
        tell_correlated(&UiEvent::PanicAccepted { attempts, duration_ms }, Some(&intent.correlation_id));
        self.set(Phase::Accepted);
    }

    fn failed(&self, error: &AppError, intent: &Intent) {
        let attempts = self.phase.borrow().sent();
        let text = error.message.clone();
        tell_correlated(
            &UiEvent::PanicUnconfirmed { attempts, error: text.clone() },
            Some(&intent.correlation_id),
        );
        self.set(match error.status {
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
    painted(
        || {
            let face = face(&Phase::Idle, Latch::read(&latch.get_untracked()));
            let (said, scope) = (face.said().to_owned(), scope.get_untracked());
            view! {
                <button
                    class="panic" type="button" aria-label="Panic: hold one second to close everything" aria-describedby="panic-scope panic-state"
                    data-state=face.state
                >
                    <span>{face.word}</span>
                    <small>{face.small}</small>
                </button>
                <span class="panic-scope" id="panic-scope">{scope}</span>
                <span class="visually-hidden" id="panic-state" role="status" aria-live="assertive">{said}</span>
                <p class="panic-hint" role="alert" hidden></p>
            }
        },
        |place| wake(&place, latch.clone(), scope.clone()),
    )
}

fn wake(place: &Place, latch: Text, scope: Text) {
    let panic = Rc::new(Panic::default());
    let painter = panic.clone();
    platform::every(PAINT_MS, move || {
        if painter.is_under_way() {
            painter.paint();
        }
    });
    let button = place.part("button");
    listen(&button, &panic);
    platform::follow(Box::new(move || panic.see_latch(latch.with(|word| Latch::read(word)))));
    let says = |key: &str| {
        let cell = cell(key);
        move || cell.get()
    };
    let (state, hint) = (says("panic.state"), says("panic.hint"));
    let (told, shown) = (hint.clone(), place.part(".panic-hint"));
    button.has("data-state", move || Some(state()));
    button.part("span").says(says("panic.word"));
    button.part("small").says(says("panic.small"));
    place.part("#panic-scope").says(move || scope.get());
    place.part("#panic-state").says(says("panic.said"));
    shown.says(told);
    shown.has("hidden", move || hint().is_empty().then(String::new));
}

/// Pointer and keys on the button, and the keys that work everywhere: Shift+Esc twice within a second and a half.
fn listen(button: &Place, panic: &Rc<Panic>) {
    let is_hold_key = |event: &Event| matches!(event.key().as_str(), " " | "Enter");
    let held = panic.clone();
    button.on("pointerdown", move |event| {
        if event.is_main_button() {
            held.hold();
        }
    });
    for event in ["pointerup", "pointerleave", "pointercancel", "blur"] {
        let held = panic.clone();
        button.on(event, move |_| held.release());
    }
    button.on("contextmenu", |event| event.prevent_default());
    let held = panic.clone();
    button.on("keydown", move |event| {
        if is_hold_key(&event) {
            event.prevent_default();
            if !event.is_repeated() {
                held.hold();
            }
        }
    });
    let held = panic.clone();
    button.on("keyup", move |event| {
        if is_hold_key(&event) {
            held.release();
        }
    });
    let (panic, last_ms) = (panic.clone(), Cell::new(f64::NEG_INFINITY));
    platform::on_window("keydown", move |event| {
        if event.key() != "Escape" || !event.is_shifted() || event.is_repeated() {
            return;
        }
        let now_ms = platform::steady_ms();
        if now_ms - last_ms.replace(now_ms) < f64::from(KEYS_WITHIN_MS) {
            last_ms.set(f64::NEG_INFINITY);
            panic.fire();
        } else {
            panic.arm();
        }
    });
}
