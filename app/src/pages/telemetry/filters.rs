//! The filters: a plain form whose fields are the address's query, so that it works without WASM and a view
//! can be sent as a link.

use leptos::prelude::*;
use telemetry::{Level, Source};

use crate::log_query::LogQuery;
use crate::pages::telemetry::record::place;
use crate::parts::{SEARCH, icon};

const RANGES: [(&str, i64); 4] = [("5 m", 5), ("15 m", 15), ("1 h", 60), ("24 h", 24 * 60)];

#[component]
pub fn Filters(query: Memo<LogQuery>, has_index: bool) -> impl IntoView {
    let field = move |of: fn(&LogQuery) -> String| Signal::derive(move || query.with(of));
    let text = move |label: &'static str, name: &'static str, of: fn(&LogQuery) -> String| {
        let value = field(of);
        view! {
            <label class="field" data-set=move || (!value.get().is_empty()).then_some("")>
                {label}<input class="input" name=name value=value autocomplete="off" spellcheck="false"/>
            </label>
        }
    };
    let words = field(|query| query.q.clone());
    view! {
        <form class="query" role="search" method="get" action="/telemetry">
            <div class="line">
                {icon(SEARCH, "16")}
                <input class="input" type="search" name="q" aria-label="Text to find in event or message" placeholder="Words in the event or the message" value=words/>
            </div>
            {hidden("from", query.with_untracked(|query| query.from.clone()))}
            {hidden("to", query.with_untracked(|query| query.to.clone()))}
            {hidden("range", query.with_untracked(|query| query.range.clone()))}
            <Ranges query/>
            <div class="filter-fields">
                <Choice label="Level" name="level" value=field(|query| query.level.clone()) options=levels()/>
                <Choice label="Source" name="source" value=field(|query| query.source.clone()) options=sources()/>
                {text("Event", "event", |query| query.event.clone())}
                {text("Session", "session_id", |query| query.session_id.clone())}
                {text("Correlation id", "correlation_id", |query| query.correlation_id.clone())}
                {has_index.then(|| view! { <Choice label="Ask" name="ask" value=field(|query| query.ask.clone()) options=asked()/> })}
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
            .map(|source| (source.as_str(), place(source).to_owned())),
    );
    options
}

fn asked() -> Vec<(&'static str, String)> {
    vec![("", "this server's log".to_owned()), ("elastic", "Elasticsearch".to_owned())]
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
            {label}<select class="input" name=name>{options}</select>
        </label>
    }
    .into_any()
}

/// A search keeps the time that was chosen.
fn hidden(name: &'static str, value: String) -> impl IntoView {
    (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value/> })
}

/// Time ranges: the last minutes, counted from when it is looked, so that following goes on.
#[component]
fn Ranges(query: Memo<LogQuery>) -> impl IntoView {
    let is_ranged = move || {
        query.with(|query| query.minutes().is_some() || !query.from.is_empty() || !query.to.is_empty())
    };
    let none = String::new;
    let links = RANGES
        .map(|(label, minutes)| {
            let chosen = move || query.with(|query| query.minutes() == Some(minutes)).then_some("true");
            let href = move || {
                LogQuery {
                    from: none(),
                    to: none(),
                    cursor: none(),
                    range: minutes.to_string(),
                    ..query.get()
                }
                .to_href()
            };
            view! { <a href=href aria-current=chosen>{label}</a> }
        })
        .collect_view();
    let all =
        move || LogQuery { from: none(), to: none(), cursor: none(), range: none(), ..query.get() }.to_href();
    view! {
        <div class="segments" role="group" aria-label="Time range: the last">
            {links}
            <a href=all aria-current=move || (!is_ranged()).then_some("true")>"All"</a>
        </div>
    }
    .into_any()
}
