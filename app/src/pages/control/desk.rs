//! The bar of the session: start one, or pause, resume and stop the one that is shown, or start another beside it;
//! and the one gate that shuts entry.

use leptos::prelude::*;
use model::{Exposure, Lifecycle};

use super::offer::StartBar;
use crate::event::Control;
use crate::format;
use crate::live::use_live;
use crate::pages::past::configuration_name;
use crate::parts::{Deed, Panel, act_button, live_tag, open_button};
use crate::shown::{use_shown, use_view};

/// The bar, while `running` sessions run.
pub fn desk(running: usize) -> AnyView {
    view! {
        <Panel name="Session" class="desk">
            <div class="body">
                {if running == 0 { view! { <StartBar/> }.into_any() } else { view! { <RunningBar/> }.into_any() }}
            </div>
        </Panel>
    }
    .into_any()
}

#[component]
fn RunningBar() -> impl IntoView {
    let session = use_shown().id.get_untracked().map(|id| id.0).unwrap_or_default();
    let pause = Deed {
        control: Control::Pause,
        session: session.clone(),
        verb: "pause",
        accepted: "Entries are paused",
        name: "Pause",
    };
    let resume = Deed {
        control: Control::Resume,
        session: session.clone(),
        verb: "resume",
        accepted: "Resume accepted",
        name: "Resume",
    };
    let open = use_view().composing;
    let (view, subject) = if open { ("new=0", "close") } else { ("new=1", "open") };
    view! {
        <Plan/>
        <Gate/>
        <div class="buttons">
            {act_button("Pause entries", "", "why.pause", pause)}
            {act_button("Resume", "", "why.resume", resume)}
            {open_button("Stop…", "danger", "why.stop", "stop", Control::StopDialog, &session)}
            <button class="button another" type="button" aria-expanded=open.to_string() data-does="view" data-view=view data-control="compose" data-subject=subject>"Start another…"</button>
        </div>
    }
    .into_any()
}

pub fn pause_shut(lifecycle: Lifecycle, _exposure: Exposure) -> Option<&'static str> {
    match lifecycle {
        Lifecycle::Starting | Lifecycle::Running => None,
        Lifecycle::Paused => Some("Already paused."),
        Lifecycle::Exiting | Lifecycle::Panicking => Some("It is closing: entries are shut already."),
        Lifecycle::NeedsOperator => Some("It waits for an operator: entries are shut already."),
        Lifecycle::Stopped => Some("The session has ended."),
    }
}

pub fn resume_shut(lifecycle: Lifecycle, exposure: Exposure) -> Option<&'static str> {
    match (lifecycle, exposure) {
        (Lifecycle::Paused, Exposure::Unknown) => {
            Some("Exposure is unknown: resume opens when the venue answers and both reads agree.")
        }
        (Lifecycle::Paused, Exposure::Flat | Exposure::Entering | Exposure::Open | Exposure::Closing) => None,
        (Lifecycle::Starting | Lifecycle::Running, _) => Some("Running: nothing to resume."),
        (Lifecycle::Exiting | Lifecycle::Panicking, _) => Some("It is closing and cannot be resumed."),
        (Lifecycle::NeedsOperator, _) => Some("An operator must resolve it first."),
        (Lifecycle::Stopped, _) => Some("The session has ended."),
    }
}

pub fn stop_shut(lifecycle: Lifecycle, _exposure: Exposure) -> Option<&'static str> {
    match lifecycle {
        Lifecycle::Starting | Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator => None,
        Lifecycle::Exiting | Lifecycle::Panicking => Some("It is closing already."),
        Lifecycle::Stopped => Some("The session has ended."),
    }
}

/// Which session this is.
#[component]
fn Plan() -> impl IntoView {
    let (live, shown) = (use_live(), use_shown());
    let facts = shown.part(|session| {
        let strikes = session
            .legs
            .iter()
            .map(|leg| {
                format!(
                    "{}‑{}",
                    if leg.kind == model::instrument::OptionKind::Call { "C" } else { "P" },
                    leg.strike.normalize()
                )
            })
            .collect::<Vec<_>>()
            .join(" / ");
        let expiry = session.expiry.map(format::day).unwrap_or_default();
        let parts = [strikes, expiry, format!("{} lots a leg", format::lots(session.lots_per_leg))];
        let line = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        let drain = if session.drain { " · draining" } else { "" };
        (
            configuration_name(&session.configuration),
            format!("{line}{drain}"),
            session.session_id.0.clone(),
            session.correlation_id.clone(),
        )
    });
    let note = Memo::new(move |_| live.strip.with(|strip| strip.market_note.clone()));
    let text = move |of: fn(&(String, String, String, String)) -> String| {
        move || facts.with(|facts| facts.as_ref().map(of).unwrap_or_default())
    };
    view! {
        <div class="plan">
            <strong>{text(|facts| facts.0.clone())}{live_tag(live.strip.with_untracked(|strip| strip.execution_mode))}</strong>
            <span>
                {text(|facts| facts.1.clone())} " · session "
                <a class="id" href=move || format!("/trace/{}", facts.with(|facts| facts.as_ref().map(|facts| facts.3.clone()).unwrap_or_default()))>{text(|facts| facts.2.clone())}</a>
                {move || note.get().map(|note| format!(" · {note}")).unwrap_or_default()}
            </span>
        </div>
    }
    .into_any()
}

/// The one gate that shuts entry.
#[component]
fn Gate() -> impl IntoView {
    let shown = use_shown();
    let gate = shown.part(|session| session.gate.clone());
    let tone =
        move || gate.with(|gate| if gate.as_ref().is_some_and(|gate| gate.open) { "gain" } else { "act" });
    let question = move || {
        gate.with(|gate| {
            if gate.as_ref().is_some_and(|gate| gate.open) { "Entry gate open" } else { "Why no new trade?" }
        })
    };
    view! {
        <div class="gate" role="group" aria-label="Entry gate">
            <span class="tag" data-tone=tone>{question}</span>
            <span>{move || gate.get().map(|gate| gate.sentence).unwrap_or_default()}</span>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lifecycle_opens_what_makes_sense_and_names_what_does_not() {
        for lifecycle in Lifecycle::ALL {
            let open =
                [pause_shut, resume_shut, stop_shut].map(|why| why(*lifecycle, Exposure::Open).is_none());
            let wanted = match lifecycle {
                Lifecycle::Starting | Lifecycle::Running => [true, false, true],
                Lifecycle::Paused => [false, true, true],
                Lifecycle::NeedsOperator => [false, false, true],
                Lifecycle::Exiting | Lifecycle::Panicking | Lifecycle::Stopped => [false, false, false],
            };
            assert_eq!(open, wanted, "{lifecycle}");
        }
        assert!(resume_shut(Lifecycle::Paused, Exposure::Unknown).is_some());
    }
}
