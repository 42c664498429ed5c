//! The bar of the session: start one, or pause, resume and stop the one that is shown, or start another beside it;
//! and the one gate that shuts entry.

use leptos::prelude::*;
use model::{Exposure, Lifecycle, SessionId};
use serde_json::json;

use super::compose::{Beside, StartBar};
use super::start::Starting;
use super::stop_dialog::StopDialog;
use crate::event::{Control, UiEvent};
use crate::format;
use crate::frame::{Act, act, may_operate, use_toasts};
use crate::live::use_live;
use crate::parts::{Panel, When};
use crate::shown::use_shown;
use crate::tell::tell;

#[component]
pub fn Desk(starting: Starting, running: Memo<usize>) -> impl IntoView {
    let stopping = RwSignal::new(None::<SessionId>);
    view! {
        <Panel name="Session" class="desk">
            <div class="body">
                <When when=move || running.get() != 0 fallback=move || view! { <StartBar starting/> }>
                    <RunningBar stopping starting/>
                </When>
            </div>
        </Panel>
        <When when=move || starting.is_beside(running)><Beside starting/></When>
        <When when=move || stopping.with(Option::is_some)><StopDialog of=stopping/></When>
    }
    .into_any()
}

/// A button that says why it is shut, to the eye and to a screen reader, and stays reachable.
#[component]
pub fn ActButton(
    label: &'static str,
    class: &'static str,
    #[prop(into)] shut: Signal<Option<String>>,
    on_act: impl Fn() + 'static,
) -> impl IntoView {
    let is_shut = move || shut.with(Option::is_some);
    view! {
        <button class=format!("button {class}") type="button"
            aria-disabled=move || is_shut().then_some("true")
            title=move || shut.get()
            on:click=move |_| if shut.with_untracked(Option::is_none) { on_act() }>
            {label}
            <span class="visually-hidden">{move || shut.get().map(|why| format!(": not now. {why}")).unwrap_or_default()}</span>
        </button>
    }
    .into_any()
}

#[component]
fn RunningBar(stopping: RwSignal<Option<SessionId>>, starting: Starting) -> impl IntoView {
    let shown = use_shown();
    let operate = may_operate();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let state = shown.part(|session| (session.lifecycle, session.exposure));
    let shut = move |why: fn(Lifecycle, Exposure) -> Option<&'static str>| {
        Signal::derive(move || {
            if !operate.get() {
                return Some("Your role only looks.".to_owned());
            }
            if busy.get() {
                return Some("Waiting for the server's answer.".to_owned());
            }
            state.get().and_then(|(lifecycle, exposure)| why(lifecycle, exposure)).map(str::to_owned)
        })
    };
    let send = move |control: Control,
                     verb: &'static str,
                     route: &'static str,
                     accepted: &'static str,
                     refused: &'static str| {
        let Some(id) = shown.id_untracked().map(|id| id.0) else { return };
        let path = format!("/api/v1/sessions/{id}/{verb}");
        act(
            Act { control, subject: id, route, path, body: json!({}), accepted, refused },
            toasts,
            busy,
            |_| {},
        );
    };
    let open_dialog = move || {
        let Some(id) = shown.id_untracked() else { return };
        tell(&UiEvent::Click { control: Control::StopDialog, subject: id.0.clone() });
        stopping.set(Some(id));
    };
    view! {
        <Plan/>
        <Gate/>
        <div class="buttons">
            <ActButton label="Pause entries" class="" shut=shut(pause_shut)
                on_act=move || send(Control::Pause, "pause", "/api/v1/sessions/{id}/pause", "Entries are paused", "Pause refused")/>
            <ActButton label="Resume" class="" shut=shut(resume_shut)
                on_act=move || send(Control::Resume, "resume", "/api/v1/sessions/{id}/resume", "Resume accepted", "Resume refused")/>
            <ActButton label="Stop…" class="danger" shut=shut(stop_shut) on_act=open_dialog/>
            <button class="button another" type="button" aria-expanded=move || starting.composing.get().to_string() on:click=move |_| starting.compose()>"Start another…"</button>
        </div>
    }
    .into_any()
}

fn pause_shut(lifecycle: Lifecycle, _exposure: Exposure) -> Option<&'static str> {
    match lifecycle {
        Lifecycle::Starting | Lifecycle::Running => None,
        Lifecycle::Paused => Some("Already paused."),
        Lifecycle::Exiting | Lifecycle::Panicking => Some("It is closing: entries are shut already."),
        Lifecycle::NeedsOperator => Some("It waits for an operator: entries are shut already."),
        Lifecycle::Stopped => Some("The session has ended."),
    }
}

fn resume_shut(lifecycle: Lifecycle, exposure: Exposure) -> Option<&'static str> {
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

fn stop_shut(lifecycle: Lifecycle, _exposure: Exposure) -> Option<&'static str> {
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
            format!("{} · {}", format::words(&session.strategy_id), session.configuration),
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
            <strong>{text(|facts| facts.0.clone())}</strong>
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
