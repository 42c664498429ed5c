//! What could be started: presets and the button, in place of the session's bar or beside it; the configuration, what
//! starting now would mean, and whether anything stands in the way. The last two are read with the document, and come
//! again whenever the form was checked.

use leptos::prelude::*;
use model::Exposure;
use model::preset::presets;

use super::configure::Configure;
use super::draft::Draft;
use super::live_start;
use crate::data;
use crate::format;
use crate::live::use_live;
use crate::pages::ending::{Limits, closed_by};
use crate::pages::past::{configuration_name, money};
use crate::painter::form;
use crate::parts::{Age, Panel, act_button, start};

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
        {live_start::warning()}
        <div class="buttons">{act_button(live_start::label(), "primary", "why.start why.draft", start())}</div>
    }
    .into_any()
}

/// What runs now.
#[component]
fn StartText() -> impl IntoView {
    let running = use_live().running().get_untracked();
    // What the venue says while nothing runs is a truth too, and has an age.
    let read_at = use_live().strip.with_untracked(|strip| {
        strip.exposure_read_at.filter(|_| running == 0 && strip.exposure == Some(Exposure::Flat))
    });
    let flat = read_at.map(|at| view! { <span><Age at=Some(at) before="read "/>" ago"</span> });
    let text = match running {
        0 if flat.is_some() => "Nothing runs. The venue shows flat.".to_owned(),
        0 => "Nothing runs.".to_owned(),
        1 => format!("It runs beside the other one, on other instruments. {}", live_start::orders_go()),
        count => {
            format!("It runs beside {count} others, on other instruments. {}", live_start::orders_go())
        }
    };
    let title = if running == 0 { "Start a session" } else { "Beside what runs" };
    view! { <div class="plan"><strong>{title}</strong><span>{text}</span>{flat}</div> }
}

/// Preview and configuration.
pub fn offer() -> AnyView {
    let preview = form::preview(data::offered_paint().as_ref());
    view! {
        <section class="panel money-panel" aria-label="Preview" data-region="preview" data-own>{preview}</section>
        <Panel name="Configuration"><Configure/></Panel>
    }
    .into_any()
}

/// The check list, and what was lately.
pub fn check() -> AnyView {
    let ready = super::ready(data::offered_paint().as_ref());
    view! { <section class="panel" aria-label="Ready to start" data-region="ready" data-own>{ready}</section>{lately()} }
        .into_any()
}

/// The sessions that ended last, in a line each.
fn lately() -> Option<AnyView> {
    let ended = use_live().lately.get_untracked();
    if ended.is_empty() {
        return None;
    }
    let rows = ended.iter().map(|result| {
        let key = result.session_id.to_string();
        let (id, href) = (result.session_id.to_string(), format!("/sessions/{}", result.session_id));
        let name = configuration_name(&result.configuration);
        let net = if result.traded { money(result.net) } else { view! { <span class="flat">"–"</span> }.into_any() };
        view! {
            <li data-key=key>
                {net}
                <span>{closed_by(result, Limits::of(result), None)}<span class="sub">{format!("{} · {name}", format::day(result.ended_at))}</span></span>
                <a class="id" href=href>{id}</a>
            </li>
        }
    });
    let rows = rows.collect_view();
    Some(
        view! {
            <section class="panel lately" aria-label="Lately">
                <header><h2>"Lately"</h2><span class="end"><a href="/trades">"all sessions"</a></span></header>
                <ol>{rows}</ol>
            </section>
        }
        .into_any(),
    )
}
