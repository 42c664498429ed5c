//! One click, one intent: tells the click, sends the request, and sends it again under the same key while no
//! answer comes, so that it happens once.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::toasts::Toasts;
use crate::api::{self, Intent};
use crate::event::{Control, UiEvent};
use crate::live::Live;
use crate::platform::{self, Answer};
use crate::tell::tell_correlated;

/// What a button does.
#[derive(Clone, Debug)]
pub struct Act {
    pub control: Control,
    /// On what: a preset, a session.
    pub subject: String,
    pub route: &'static str,
    pub path: String,
    pub body: Value,
    /// Said when it was accepted and when it was not.
    pub accepted: &'static str,
    pub refused: &'static str,
}

const TRIES: u32 = 5;

/// Does it. `busy` is set meanwhile; `done` gets the accepting answer, or `None` when it was refused or none came.
pub fn act(act: Act, toasts: Toasts, busy: RwSignal<bool>, done: impl FnOnce(Option<Answer>) + 'static) {
    if busy.get_untracked() {
        return;
    }
    busy.set(true);
    let intent = Intent::new();
    let click = UiEvent::Click { control: act.control, subject: act.subject.clone() };
    tell_correlated(&click, Some(&intent.correlation_id));
    spawn_local(async move {
        let mut attempt = 1;
        let result = loop {
            match api::post(act.route, &act.path, &act.body, &intent, attempt).await {
                Err(error) if error.may_retry() && attempt < TRIES => {
                    platform::sleep_ms(Live::retry_ms(attempt)).await;
                    attempt += 1;
                }
                other => break other,
            }
        };
        // The page may have changed meanwhile: writing a disposed signal does nothing.
        busy.set(false);
        match result {
            Ok(answer) => {
                toasts.done(act.accepted, String::new());
                done(Some(answer));
            }
            Err(error) => {
                toasts.error(act.refused, &error);
                done(None);
            }
        }
    });
}
