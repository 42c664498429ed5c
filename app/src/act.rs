//! One click, one intent: tells the click, sends the request, and sends it again under the same key while no
//! answer comes, so that it happens once.

use leptos::prelude::{GetUntracked, Set};
use leptos::task::spawn_local;
use serde_json::Value;

use crate::api::{self, Intent};
use crate::backoff::backoff_ms;
use crate::cell::Cell;
use crate::error::AppError;
use crate::event::{Control, UiEvent};
use crate::islands::toasts;
#[cfg(not(feature = "hydrate"))]
use crate::json::object;
use crate::json::{self, text};
use crate::platform::{self, Answer, Signed};
use crate::tell::{tell_correlated, tell_of_none};

/// What a button does.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    pub control: Control,
    /// On what: a preset, a session.
    pub subject: String,
    /// Pattern of the path, for the record.
    pub route: String,
    pub path: String,
    pub body: Value,
    /// Said when it was accepted.
    pub accepted: String,
    /// What it is called when it was refused, or nobody answered: `Pause`.
    pub name: String,
}

impl Act {
    /// As the server writes it beside a button.
    #[cfg(not(feature = "hydrate"))]
    pub fn write(&self) -> Value {
        object([
            ("control", self.control.word().into()),
            ("subject", self.subject.as_str().into()),
            ("route", self.route.as_str().into()),
            ("path", self.path.as_str().into()),
            ("body", self.body.clone()),
            ("accepted", self.accepted.as_str().into()),
            ("name", self.name.as_str().into()),
        ])
    }

    /// As the button reads it.
    pub fn read(value: &Value) -> Self {
        Self {
            control: Control::of(&text(value, "control")).unwrap_or(Control::Retry),
            subject: text(value, "subject"),
            route: text(value, "route"),
            path: text(value, "path"),
            body: value["body"].clone(),
            accepted: text(value, "accepted"),
            name: text(value, "name"),
        }
    }
}

const TRIES: u32 = 5;
/// What was clicked longer ago is done no more: the machine slept meanwhile, and nobody waits for it.
const CLICK_LASTS_MS: f64 = 90_000.0;
/// How the server says that the password is wanted once more.
const STEP_UP: &str = "STEP_UP_REQUIRED";

/// Does it. `busy` says so meanwhile.
pub fn act(mut act: Act, busy: Cell) {
    if act.control == Control::Start {
        (act.subject, act.body) = crate::draft::start_of(act.subject, act.body);
    }
    let control = act.control;
    then(act, busy, move |answer| {
        if let Some(answer) = answer {
            after(control, &answer);
        }
    });
}

/// What follows on an accepting answer.
fn after(control: Control, answer: &Answer) {
    if control == Control::SignOut {
        spawn_local(async {
            platform::signed(Signed::Out).await;
            platform::open("/login");
        });
    }
    if control == Control::Start {
        let id = text(&json::read(&answer.body), "session_id");
        if !id.is_empty() {
            crate::draft::started(&id);
        }
    }
}

/// Does it; `done` gets the accepting answer, or `None` when it was refused or none came.
pub fn then(act: Act, busy: Cell, done: impl FnOnce(Option<Answer>) + 'static) {
    if !busy.get_untracked().is_empty() {
        return;
    }
    busy.set("Waiting for the server's answer.".to_owned());
    let intent = Intent::new();
    let click = UiEvent::Click { control: act.control, subject: act.subject.clone() };
    // What is started is about no session that is there already.
    let tell = if act.control == Control::Start { tell_of_none } else { tell_correlated };
    tell(&click, Some(&intent.correlation_id));
    spawn_local(async move {
        if act.control == Control::SignOut {
            platform::signed(Signed::Leaving).await;
        }
        let result = again_and_again(&act, &intent).await;
        busy.set(String::new());
        match result {
            Ok(answer) => {
                toasts::done(&act.accepted);
                done(Some(answer));
            }
            // It is done again, as an intent of its own, once the password was given.
            Err(error) if error.code == STEP_UP && platform::can_confirm() => {
                let name = act.name.clone();
                platform::confirm(&name, Box::new(move || then(act, busy, done)));
            }
            Err(error) => {
                crate::draft::mark(&error.fields);
                toasts::error(&[&act.name, " ", outcome(&error)].concat(), &error);
                done(None);
            }
        }
    });
}

/// What came of it, in a word: without an answer nothing was refused.
fn outcome(error: &AppError) -> &'static str {
    if error.may_retry() { "not confirmed" } else { "refused" }
}

/// Until there is an answer or it has been tried often enough. That it is tried again is said, so that nobody believes
/// in a click that nobody heard.
async fn again_and_again(act: &Act, intent: &Intent) -> Result<Answer, AppError> {
    let mut waiting = None;
    let mut attempt = 1;
    let clicked_ms = platform::now_ms();
    let result = loop {
        match api::post(&act.route, &act.path, &act.body, intent, attempt).await {
            Err(error) if error.may_retry() && attempt < TRIES => {
                waiting.get_or_insert_with(|| {
                    toasts::waits(
                        &[&act.name, " not confirmed yet"].concat(),
                        &[&error.message, " It is tried again."].concat(),
                    )
                });
                let wait_ms = backoff_ms(attempt.saturating_sub(1), platform::random_bits() as u32);
                platform::sleep_ms(wait_ms).await;
                if (platform::now_ms() - clicked_ms).abs() > CLICK_LASTS_MS {
                    break Err(error);
                }
                attempt += 1;
            }
            other => break other,
        }
    };
    if let Some(id) = waiting {
        toasts::close(id);
    }
    result
}
