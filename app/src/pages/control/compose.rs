//! Starting: which preset, and the button; where nothing runs in place of the session's bar, else beside it.

use leptos::prelude::*;
use model::SessionId;

use super::desk::ActButton;
use super::start::Starting;
use crate::api::Accepted;
use crate::event::Control;
use crate::frame::{Act, act, use_toasts};
use crate::live::use_live;
use crate::parts::Panel;
use crate::platform::Answer;
use crate::shown::{Awaited, use_shown};
use crate::wire;

/// The form beside sessions that run.
#[component]
pub fn Beside(starting: Starting) -> impl IntoView {
    view! {
        <Panel name="New session" class="desk">
            <header>
                <h2 id="new-session" tabindex="-1">"Start another session"</h2>
                <span class="end"><button class="button quiet" type="button" on:click=move |_| starting.compose()>"Not now"</button></span>
            </header>
            <div class="body"><StartBar starting/></div>
        </Panel>
    }
    .into_any()
}

#[component]
pub fn StartBar(starting: Starting) -> impl IntoView {
    let (shown, toasts) = (use_shown(), use_toasts());
    let busy = RwSignal::new(false);
    let shut = starting.shut();
    let shut = Signal::derive(move || {
        if busy.get() { Some("Waiting for the server's answer.".to_owned()) } else { shut.get() }
    });
    let start = move || {
        let (id, _) = untrack(|| starting.preset());
        let start = Act {
            control: Control::Start,
            subject: id,
            route: "/api/v1/sessions",
            path: "/api/v1/sessions".to_owned(),
            body: starting.body(),
            accepted: "Start accepted",
            refused: "Start refused",
        };
        if busy.get_untracked() {
            return;
        }
        shown.awaited.set(Awaited::Answer);
        act(start, toasts, busy, move |answer| {
            let id = answer.as_ref().and_then(started);
            if answer.is_some() {
                starting.composing.try_set(false);
            }
            shown.awaited.try_set(id.map_or(Awaited::Nothing, Awaited::Session));
        });
    };
    let presets = starting.presets.with_value(|presets| {
        presets
            .iter()
            .enumerate()
            .map(|(index, preset)| {
                let pressed = move || (starting.chosen.get() == index).to_string();
                view! { <button type="button" aria-pressed=pressed on:click=move |_| starting.choose(index)>{preset.name.clone()}</button> }
            })
            .collect_view()
    });
    view! {
        <StartText/>
        <div class="segments presets" role="group" aria-label="Preset">{presets}</div>
        <div class="buttons"><ActButton label="Start in simulation" class="primary" shut on_act=start/></div>
    }
    .into_any()
}

/// The session that a start made, as its answer says.
fn started(answer: &Answer) -> Option<SessionId> {
    wire::read::<Accepted>(&answer.body).ok()?.session_id.map(SessionId)
}

/// What runs now.
#[component]
fn StartText() -> impl IntoView {
    let shown = use_shown();
    let running = use_live().running();
    let ended = shown.part(|session| session.session_id.clone());
    let text = move || match (running.get(), ended.get()) {
        (0, Some(id)) => {
            format!("Last session {id} ended flat. Nothing runs. Orders go to the simulated venue.")
        }
        (0, None) => "Nothing runs. Orders go to the simulated venue.".to_owned(),
        (1, _) => {
            "It runs beside the other one, on other instruments. Orders go to the simulated venue.".to_owned()
        }
        (count, _) => {
            format!("It runs beside {count} others, on other instruments. Orders go to the simulated venue.")
        }
    };
    let title = move || if running.get() == 0 { "Start a session" } else { "Beside what runs" };
    view! { <div class="plan"><strong>{title}</strong><span>{text}</span></div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_start_names_the_session() {
        let answer = |body: &str| Answer { status: 202, body: body.to_owned(), correlation_id: None };
        let told = answer(r#"{"session_id":"s-1","accepted_at":"2022-01-05T00:00:00Z","seq":7}"#);
        assert_eq!(started(&told), Some(SessionId::new("s-1")));
        assert_eq!((started(&answer("{}")), started(&answer(""))), (None, None));
    }
}
