//! The filters: a plain form whose fields are the address's query, so that it works without WASM and a view
//! can be sent as a link.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use model::Micros;
use telemetry::{Level, Source};

use crate::log_query::LogQuery;
use crate::parts::{SEARCH, icon};
use crate::platform;

const RANGES: [(&str, i64); 4] = [("5 m", 5), ("15 m", 15), ("1 h", 60), ("24 h", 24 * 60)];

#[component]
pub fn Filters(query: Memo<LogQuery>) -> impl IntoView {
    let navigate = use_navigate();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event_target::<leptos::web_sys::EventTarget>(&event);
        let typed = LogQuery::read(|name| Some(platform::form_field(&form, name)));
        let now = query.get_untracked();
        navigate(&LogQuery { from: now.from, to: now.to, ..typed }.to_href(), NavigateOptions::default());
    };
    let field = move |of: fn(&LogQuery) -> String| Signal::derive(move || query.with(of));
    let text = move |label: &'static str, name: &'static str, of: fn(&LogQuery) -> String| {
        let value = field(of);
        view! {
            <label class="field" data-set=move || (!value.get().is_empty()).then_some("")>
                {label}<input class="input" name=name value=value prop:value=value autocomplete="off" spellcheck="false"/>
            </label>
        }
    };
    let words = field(|query| query.q.clone());
    view! {
        <form class="query" role="search" method="get" action="/telemetry" on:submit=submit>
            <div class="line">
                {icon(SEARCH, "16")}
                <input class="input" type="search" name="q" aria-label="Text to find in event or message" placeholder="Words in the event or the message" value=words prop:value=words/>
            </div>
            <Ranges query/>
            <div class="filter-fields">
                <Choice label="Level" name="level" value=field(|query| query.level.clone()) options=levels()/>
                <Choice label="Source" name="source" value=field(|query| query.source.clone()) options=sources()/>
                {text("Event", "event", |query| query.event.clone())}
                {text("Session", "session_id", |query| query.session_id.clone())}
                {text("Correlation id", "correlation_id", |query| query.correlation_id.clone())}
                <span class="buttons">
                    <button class="button primary">"Find"</button>
                    <a class="button quiet" href="/telemetry">"Clear"</a>
                </span>
            </div>
        </form>
    }
    .into_any()
}

fn levels() -> Vec<(&'static str, String)> {
    let mut options = vec![("", "any".to_owned())];
    options.extend(Level::ALL.map(|level| (level.as_str(), format!("{level} and up"))));
    options
}

fn sources() -> Vec<(&'static str, String)> {
    let mut options = vec![("", "any".to_owned())];
    options.extend(
        [Source::Backend, Source::Frontend, Source::Audit]
            .map(|source| (source.as_str(), source.as_str().to_owned())),
    );
    options
}

#[component]
fn Choice(
    label: &'static str,
    name: &'static str,
    value: Signal<String>,
    options: Vec<(&'static str, String)>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(word, text)| view! { <option value=word selected=move || value.get() == word>{text}</option> })
        .collect_view();
    view! {
        <label class="field" data-set=move || (!value.get().is_empty()).then_some("")>
            {label}<select class="input" name=name prop:value=value>{options}</select>
        </label>
    }
    .into_any()
}

/// Time ranges: the last minutes, counted from the click.
#[component]
fn Ranges(query: Memo<LogQuery>) -> impl IntoView {
    let navigate = use_navigate();
    let is_ranged = move || query.with(|query| !query.from.is_empty() || !query.to.is_empty());
    let buttons = RANGES
        .map(|(label, minutes)| {
            let navigate = navigate.clone();
            let narrow = move |_| {
                let from = Micros::from_millis(platform::now_ms() as i64 - minutes * 60_000).to_rfc3339();
                let next =
                    LogQuery { from, to: String::new(), cursor: String::new(), ..query.get_untracked() };
                navigate(&next.to_href(), NavigateOptions::default());
            };
            view! { <button type="button" on:click=narrow>{label}</button> }
        })
        .collect_view();
    let all = move |_| {
        let next = LogQuery {
            from: String::new(),
            to: String::new(),
            cursor: String::new(),
            ..query.get_untracked()
        };
        navigate(&next.to_href(), NavigateOptions::default());
    };
    view! {
        <div class="segments" role="group" aria-label="Time range: the last">
            {buttons}
            <button type="button" aria-pressed=move || (!is_ranged()).to_string() on:click=all>"All"</button>
        </div>
    }
    .into_any()
}
