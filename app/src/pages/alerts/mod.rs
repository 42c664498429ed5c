//! Alerts: what asks for you now, who has seen it, which rules watch, and what was told to whom. A document: its buttons
//! are plain forms, its first panel is kept up to date by the feed.

mod firing;
mod history;
mod rules;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

pub use firing::AlertsState;

use crate::alerts_view::{AlertsPaint, ToldView};
use crate::data;
use crate::format;
use crate::live::use_live;
use crate::parts::Panel;
use crate::shell;

pub const PATH: &str = "/alerts";
/// Where its forms go.
pub const ACT: &str = "/alerts/act";

#[component]
pub fn AlertsPage() -> impl IntoView {
    let map = use_query_map();
    let asked = |name: &str| map.with_untracked(|map| map.get(name)).unwrap_or_default();
    let (said, silence, period) = (asked("said"), asked("silence"), asked("period"));
    let wrong = asked("wrong");
    let paint = data::alerts_paint();
    if let Ok(paint) = &paint {
        use_live().alerts.set(paint.open.clone());
    }
    let parts = paint.clone().ok();
    let (rules, told, history) = (paint.clone(), paint.clone(), paint.clone());
    view! {
        <Title text="Alerts"/>
        <div class="page-head">
            <h1 tabindex="-1">"Alerts"</h1>
            <div class="actions">{test_all(parts.as_ref())}</div>
        </div>
        {note(&said)}
        {parts.as_ref().and_then(|paint| rules::silence_form(paint, &silence, &wrong))}
        <div class="alerts">
            <div class="column" data-region="alerts"><AlertsState/></div>
            <Panel name="Deliveries" class="told">{told.map(|paint| deliveries(&paint))}</Panel>
        </div>
        <Panel name="Rules">{rules.map(|paint| rules::table(&paint))}</Panel>
        <Panel name="History">{history.map(|paint| history::table(&paint, &period))}</Panel>
    }
    .into_any()
}

/// What came of the button that led here.
pub fn note(said: &str) -> Option<AnyView> {
    let words = match said {
        "acknowledged" => {
            "Acknowledged: it is not told again while it lasts. Nothing about trading has changed."
        }
        "silenced" => "Silenced: nobody is told until then. What still lasts at its end is told.",
        "silence-ended" => "The silence is over.",
        "tested" => "A test is on its way. What becomes of it stands under Deliveries within a few seconds.",
        "level" => "The level is set, and goes back by itself.",
        "level-ended" => "The level is as it usually is.",
        _ => return None,
    };
    Some(view! { <p class="note said-note" role="status"><span>{words}</span><span class="end"><a class="button quiet" href="">"Look again"</a></span></p> }.into_any())
}

/// A button of a form of its own: what it does, about what.
pub fn button(
    act: &'static str,
    id: &str,
    label: &'static str,
    class: &'static str,
    about: String,
    key: String,
) -> AnyView {
    view! {
        <form method="post" action=ACT class="act">
            <input type="hidden" name="key" value=key/>
            <input type="hidden" name="do" value=act/>
            <input type="hidden" name="id" value=id.to_owned()/>
            <button class=format!("button {class}") aria-label=about>{label}</button>
        </form>
    }
    .into_any()
}

fn test_all(paint: Option<&AlertsPaint>) -> AnyView {
    let set = paint.is_some_and(|paint| paint.channels.iter().any(|channel| channel.to.is_some()));
    let key = format!("test-{}", shell::page_key());
    if set {
        button("test", "", "Test all deliveries", "", "Test all deliveries".to_owned(), key)
    } else {
        view! { <a class="button" href="/settings#channels">"No channel is set up"</a> }.into_any()
    }
}

fn deliveries(paint: &AlertsPaint) -> AnyView {
    let body = match &paint.told {
        None => view! { <p class="body">"What was told cannot be read right now."</p> }.into_any(),
        Some(told) if told.is_empty() => view! {
            <div class="empty"><h2>"Nothing was sent yet"</h2>
            <p>"Alerts are always here and on the strip. Set a webhook, Telegram or e-mail to be told elsewhere too."</p></div>
        }
        .into_any(),
        Some(told) => view! { <ol>{told.iter().map(told_line).collect_view()}</ol> }.into_any(),
    };
    let failed = paint.told.iter().flatten().filter(|told| !told.delivered).count();
    let end = (failed > 0).then(|| view! { <span>{format!("{failed} not received")}</span> });
    view! {
        <header><h2 id="deliveries">"Deliveries"</h2><span class="end">{end}</span></header>
        {body}
        <footer>"Channels and tests: "<a href="/settings#channels">"Settings"</a></footer>
    }
    .into_any()
}

pub fn told_line(told: &ToldView) -> AnyView {
    let tries = (told.attempts > 1).then(|| format!(", try {}", told.attempts));
    let word = if told.delivered { "received" } else { "not received" };
    let kind = match told.kind.as_str() {
        "fired" => "",
        "escalated" => " · told again",
        "resolved" => " · its end",
        _ => " · a test",
    };
    view! {
        <li data-tone=(!told.delivered).then_some("doubt")>
            <time>{format::clock(told.at)}</time>
            <span><b>{told.channel.clone()}{tries}" "{word}"."</b>" "{told.words.clone()}</span>
            <span class="about">{told.title.clone()}{kind}</span>
        </li>
    }
    .into_any()
}
