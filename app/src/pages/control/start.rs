//! Starting a session: the chosen preset, the draft made from it, what starting now would mean, and whether
//! anything stands in the way.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use model::preset::Preset;
use model::view::StripView;
use serde_json::{Value, json};

use super::draft::Draft;
use crate::api::{self, Validation};
use crate::error::AppError;
use crate::frame::may_operate;
use crate::live::{QUOTE_STALE_US, use_live};
use crate::parts::{Age, Reporter, use_reporter};
use crate::platform;

/// Everything about a session that is not there yet.
#[derive(Clone, Copy)]
pub struct Starting {
    pub presets: StoredValue<Vec<Preset>>,
    pub chosen: RwSignal<usize>,
    pub draft: RwSignal<Draft>,
    /// What is wrong with the draft, by field path; the server's word joins ours.
    pub problems: Memo<BTreeMap<String, String>>,
    pub validation: RwSignal<Option<Validation>>,
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
            asked: StoredValue::new(0),
        }
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
    pub fn keep_preview_fresh(self, busy: Signal<bool>) {
        let reporter = use_reporter();
        let edited = reporter.clone();
        Effect::new(move |_| {
            self.draft.track();
            let (press, reporter) = (self.next(), edited.clone());
            if !busy.get() {
                set_timeout(move || self.ask(press, reporter), Duration::from_millis(250));
            }
        });
        Effect::new(move |_| {
            let reporter = reporter.clone();
            let again = move || {
                if !busy.get_untracked() && !platform::is_hidden() {
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

/// One line of the check list.
#[derive(Clone, Debug, PartialEq)]
struct Check {
    good: bool,
    text: String,
}

fn checks(strip: &StripView, problems: usize, preview: Option<&Validation>, lots: &str) -> Vec<Check> {
    let check =
        |good: bool, yes: &str, no: &str| Check { good, text: if good { yes } else { no }.to_owned() };
    let preview = preview.and_then(|said| said.preview.as_ref());
    let deep = preview.is_some_and(|preview| {
        preview.legs.iter().all(|leg| leg.depth_at_bid.is_some_and(|depth| depth >= leg.qty.abs()))
    });
    let mut list = vec![
        check(
            strip.prices_up,
            "Price stream connected",
            "Price stream is down: prices come by REST or not at all",
        ),
        check(strip.orders_up, "Order stream connected", "Order stream is down"),
        check(strip.latch.is_none(), "Panic latch clear", "Panic latch set: clear it with a reason"),
        check(
            problems == 0,
            "Configuration is valid",
            "Configuration has something to fix: start stays shut",
        ),
    ];
    if preview.is_some() {
        let (yes, no) = (
            format!("Best bids take {lots} lots a leg"),
            format!("Best bids take less than {lots} lots: the rest sells lower"),
        );
        list.push(check(deep, &yes, &no));
    }
    list
}

#[component]
pub fn Ready(starting: Starting) -> impl IntoView {
    let live = use_live();
    let list = Memo::new(move |_| {
        let lots = starting.draft.with(|draft| draft.get("lots_per_leg"));
        let problems = starting.problems.with(BTreeMap::len);
        live.strip
            .with(|strip| starting.validation.with(|said| checks(strip, problems, said.as_ref(), &lots)))
    });
    let to_fix = move || list.with(|list| list.iter().filter(|check| !check.good).count());
    let spot_at = Signal::derive(move || live.strip.with(|strip| strip.spot_at));
    let rows = move || {
        let row = |check: Check| view! { <li><i class="dot" data-tone=if check.good { "gain" } else { "doubt" }></i><span>{check.text}</span><span></span></li> };
        list.get().into_iter().map(row).collect_view()
    };
    view! {
        <header>
            <h2>"Ready?"</h2>
            <span class="end"><span class="tag" data-tone=move || if to_fix() == 0 { "gain" } else { "doubt" }>
                {move || match to_fix() { 0 => "ready".to_owned(), count => format!("{count} to look at") }}
            </span></span>
        </header>
        <ul class="checks">
            {rows}
            <li><i class="dot" data-tone="gain"></i><span>"Spot price last heard"</span><Age at=spot_at stale_us=QUOTE_STALE_US/></li>
        </ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_is_named() {
        let strip = StripView { prices_up: true, orders_up: false, ..StripView::default() };
        let list = checks(&strip, 1, None, "200");
        assert_eq!(list.iter().map(|check| check.good).collect::<Vec<_>>(), [true, false, true, false]);
    }
}
