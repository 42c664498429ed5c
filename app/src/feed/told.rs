//! What the screen came to show is told: the four truths, the trailing floor, and which session all events are about.

use std::cell::RefCell;

use leptos::prelude::*;
use telemetry::Context;

use crate::cell::cell;
use crate::event::UiEvent;
use crate::tell::{set_trading_context, tell, tell_of};

const TRUTHS: [&str; 4] = ["intent", "lifecycle", "exposure", "health"];

#[derive(Default)]
struct Seen {
    truths: [String; 4],
    session: String,
    floor: String,
}

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

fn now() -> Seen {
    let text = |key: &str| cell(key).get_untracked();
    Seen {
        truths: TRUTHS.map(|truth| text(&format!("truth.{truth}"))),
        session: text("shown"),
        floor: text("floor"),
    }
}

/// What the server painted was seen.
pub fn begin() {
    set_context();
    SEEN.set(now());
}

fn set_context() {
    let text = |key: &str| Some(cell(key).get_untracked()).filter(|text| !text.is_empty());
    set_trading_context(Context {
        session_id: text("active.session"),
        execution_mode: text("active.mode"),
        ..Context::default()
    });
}

/// Tells what is different from what was seen before.
pub fn tell_changes() {
    set_context();
    let now = now();
    let before = SEEN.take();
    for (at, truth) in TRUTHS.into_iter().enumerate() {
        let (from, to) = (&before.truths[at], &now.truths[at]);
        if from != to {
            tell(&UiEvent::TruthSeen { truth, from: from.clone(), to: to.clone() });
        }
    }
    if before.session == now.session && before.floor != now.floor && !now.floor.is_empty() {
        let from = if before.floor.is_empty() { "—".to_owned() } else { before.floor };
        tell_of(&UiEvent::FloorSeen { from, to: now.floor.clone() }, &now.session);
    }
    SEEN.set(now);
}
