//! What could be started: presets and the button, in place of the session's bar or beside it; the configuration, what
//! starting now would mean, and whether anything stands in the way. The last two come when the form was checked.

use leptos::prelude::*;
use model::preset::presets;

use super::configure::Configure;
use super::draft::Draft;
use crate::live::use_live;
use crate::parts::{Panel, act_button, start};
use crate::shown::use_shown;

/// The form beside sessions that run.
#[component]
pub fn Beside() -> impl IntoView {
    view! {
        <Panel name="New session" class="desk">
            <header>
                <h2 id="new-session" tabindex="-1" data-focus-me>"Start another session"</h2>
                <span class="end"><button class="button quiet" type="button" data-does="view" data-view="new=0" data-back=".desk .another" data-control="compose" data-subject="close">"Not now"</button></span>
            </header>
            <div class="body"><StartBar/></div>
        </Panel>
    }
    .into_any()
}

/// What is pressed and typed is the browser's.
#[component]
pub fn StartBar() -> impl IntoView {
    let buttons = presets().into_iter().enumerate().map(|(index, preset)| {
        let values = Draft::of(&preset.configuration).to_json();
        view! { <button type="button" data-does="preset" data-preset=preset.id data-values=values aria-pressed=(index == 0).to_string()>{preset.name}</button> }
    });
    view! {
        <StartText/>
        <div class="segments presets" role="group" aria-label="Preset" data-own>{buttons.collect_view()}</div>
        <div class="buttons">{act_button("Start in simulation", "primary", "why.start why.draft", start())}</div>
    }
    .into_any()
}

/// What runs now.
#[component]
fn StartText() -> impl IntoView {
    let running = use_live().running().get_untracked();
    let ended = use_shown().id.get_untracked();
    let text = match (running, ended) {
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
    let title = if running == 0 { "Start a session" } else { "Beside what runs" };
    view! { <div class="plan"><strong>{title}</strong><span>{text}</span></div> }
}

/// Preview and configuration.
pub fn offer() -> AnyView {
    view! {
        <section class="panel money-panel" aria-label="Preview" data-region="preview" data-own>{super::preview(None, None, &[])}</section>
        <Panel name="Configuration"><Configure/></Panel>
    }
    .into_any()
}

/// The check list.
pub fn check() -> AnyView {
    view! { <section class="panel" aria-label="Ready to start" data-region="ready" data-own>{super::ready(None)}</section> }
        .into_any()
}
