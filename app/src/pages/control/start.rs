//! Starting a session: the chosen preset, the draft made from it, what starting now would mean, and whether
//! anything stands in the way.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use model::preset::Preset;
use serde_json::{Value, json};

use super::draft::Draft;
use crate::api::{self, Validation};
use crate::error::AppError;
use crate::event::{Control, UiEvent};
use crate::frame::may_operate;
use crate::live::use_live;
use crate::parts::{Reporter, use_reporter};
use crate::platform;
use crate::tell::tell;

/// Everything about a session that is not there yet.
#[derive(Clone, Copy)]
pub struct Starting {
    pub presets: StoredValue<Vec<Preset>>,
    pub chosen: RwSignal<usize>,
    pub draft: RwSignal<Draft>,
    /// What is wrong with the draft, by field path; the server's word joins ours.
    pub problems: Memo<BTreeMap<String, String>>,
    pub validation: RwSignal<Option<Validation>>,
    /// The form was opened beside sessions that run.
    pub composing: RwSignal<bool>,
    /// Counts what was asked, so that an older answer does not replace a newer one.
    asked: StoredValue<u32>,
}

impl Starting {
    pub fn new(presets: Vec<Preset>) -> Self {
        let draft =
            RwSignal::new(presets.first().map(|preset| Draft::of(&preset.configuration)).unwrap_or_default());
        let validation = RwSignal::new(None::<Validation>);
        let problems = Memo::new(move |_| {
            let own = draft.with(|draft| draft.read().err().unwrap_or_default());
            if own.is_empty() {
                validation.with(|said| said.as_ref().map(|said| said.fields.clone()).unwrap_or_default())
            } else {
                own
            }
        });
        Self {
            presets: StoredValue::new(presets),
            chosen: RwSignal::new(0),
            draft,
            problems,
            validation,
            composing: RwSignal::new(false),
            asked: StoredValue::new(0),
        }
    }

    /// Opens the form beside what runs, or closes it, and moves the focus there.
    pub fn compose(self) {
        let open = !self.composing.get_untracked();
        tell(&UiEvent::Click {
            control: Control::Compose,
            subject: if open { "open" } else { "close" }.to_owned(),
        });
        self.composing.set(open);
        request_animation_frame(move || {
            platform::focus(if open { "#new-session" } else { ".desk .another" })
        });
    }

    /// Whether the form stands beside sessions that run.
    pub fn is_beside(self, running: Memo<usize>) -> bool {
        running.get() != 0 && self.composing.get()
    }

    /// Whether a session can be started from what is on the page: always when none runs.
    pub fn is_offered(self, running: Memo<usize>) -> bool {
        running.get() == 0 || self.composing.get()
    }

    pub fn choose(self, index: usize) {
        let draft = self
            .presets
            .with_value(|presets| presets.get(index).map(|preset| Draft::of(&preset.configuration)));
        if let Some(draft) = draft {
            self.chosen.set(index);
            self.validation.set(None);
            self.draft.set(draft);
        }
    }

    /// The chosen preset's id and name.
    pub fn preset(self) -> (String, String) {
        let index = self.chosen.get();
        self.presets.with_value(|presets| {
            presets.get(index).map(|preset| (preset.id.clone(), preset.name.clone())).unwrap_or_default()
        })
    }

    /// Body of the start request.
    pub fn body(self) -> Value {
        let draft = self.draft.get_untracked();
        match draft.read() {
            Ok(configuration) if !draft.is_unchanged() => {
                json!({ "configuration": configuration, "execution_mode": "simulated" })
            }
            Ok(_) | Err(_) => json!({ "preset": untrack(|| self.preset().0), "execution_mode": "simulated" }),
        }
    }

    /// Why a start is shut, and what opens it; `None` when it is open.
    pub fn shut(self) -> Signal<Option<String>> {
        let (live, operate) = (use_live(), may_operate());
        Signal::derive(move || {
            if !operate.get() {
                return Some("Your role only looks: an operator or admin may start.".to_owned());
            }
            if live.strip.with(|strip| strip.latch.is_some()) {
                return Some("The panic latch is set: clear it first, with a reason.".to_owned());
            }
            self.problems.with(|problems| match problems.len() {
                0 => None,
                1 => Some(format!(
                    "One field to fix: {}.",
                    problems.keys().next().cloned().unwrap_or_default()
                )),
                count => Some(format!("{count} fields to fix.")),
            })
        })
    }

    /// Asks the server what starting now would mean: at once after an edit, then every five seconds.
    pub fn keep_preview_fresh(self, running: Memo<usize>) {
        let offered = Memo::new(move |_| self.is_offered(running));
        let reporter = use_reporter();
        let edited = reporter.clone();
        Effect::new(move |_| {
            self.draft.track();
            let (press, reporter) = (self.next(), edited.clone());
            if offered.get() {
                set_timeout(move || self.ask(press, reporter), Duration::from_millis(250));
            }
        });
        Effect::new(move |_| {
            let reporter = reporter.clone();
            let again = move || {
                if offered.get_untracked() && !platform::is_hidden() {
                    self.ask(self.next(), reporter.clone());
                }
            };
            if let Ok(timer) = set_interval_with_handle(again, Duration::from_secs(5)) {
                on_cleanup(move || timer.clear());
            }
        });
    }

    fn next(self) -> u32 {
        let press = self.asked.try_get_value().unwrap_or(0).wrapping_add(1);
        self.asked.try_set_value(press);
        press
    }

    fn ask(self, press: u32, reporter: Reporter) {
        let draft = self.draft.try_get_untracked();
        let Some(Ok(configuration)) = draft.map(|draft| draft.read()) else { return };
        if self.asked.try_get_value() != Some(press) {
            return;
        }
        spawn_local(async move {
            let result = api::validate(&configuration).await;
            if self.asked.try_get_value() == Some(press) {
                self.answered(result, &reporter);
            }
        });
    }

    fn answered(self, result: Result<Validation, AppError>, reporter: &Reporter) {
        match result {
            Ok(said) => {
                reporter.recover();
                self.validation.try_set(Some(said));
            }
            // The next round asks again; what is shown says its age.
            Err(error) if error.may_retry() => {}
            Err(error) => reporter.throw(error),
        }
    }
}
