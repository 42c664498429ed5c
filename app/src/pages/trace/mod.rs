//! Trace: one correlation id as a story, from the browser to the venue and back: in short, as a picture, as
//! sentences.

mod layout;
mod story;
mod waterfall;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use telemetry::{Level, LogRecord};

use crate::log_query::LogQuery;
use crate::parts::{Panel, fact, session_link};
use crate::port::Trace;
use crate::{data, format};

use layout::{Place, Story};
use story::StoryList;
use waterfall::Waterfall;

#[component]
pub fn TracePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("correlation_id").unwrap_or_default()));
    view! {
        <Title text=move || format!("Trace {}", format::short_id(&id.get()))/>
        <div class="page-head">
            <div>
                <p class="crumb"><a href="/telemetry">"Telemetry"</a>" / trace "<span class="num">{move || id.get()}</span></p>
                <h1 tabindex="-1">{move || format!("Trace {}", format::short_id(&id.get()))}</h1>
            </div>
            <div class="actions">
                <button class="button" type="button" data-does="copy" data-copy=move || id.get()>"Copy id"</button>
                <a class="button" href=move || LogQuery { correlation_id: id.get(), ..LogQuery::default() }.to_href()>"Show in the list"</a>
            </div>
        </div>
        <Panel name="Trace" class="bare">
            {data::trace_paint().map(|trace| view! { <Told trace/> })}
        </Panel>
    }
    .into_any()
}

/// Its records in order, as sentences.
pub fn told(trace: Trace) -> AnyView {
    if trace.records.is_empty() {
        return view! { <p class="empty">"No record carries this id yet."</p> }.into_any();
    }
    view! { <StoryList story=Story::of(trace.records)/> }.into_any()
}

#[component]
fn Told(trace: Trace) -> impl IntoView {
    if trace.records.is_empty() {
        return view! {
            <p class="empty">"No record carries this id. Records of the last 30 days are kept; a browser's own reach the server within seconds."</p>
        }
        .into_any();
    }
    let story = Story::of(trace.records);
    view! {
        <div class="told-trace">
            <InShort story=story.clone()/>
            <Waterfall story=story.clone()/>
            <StoryList story/>
        </div>
    }
    .into_any()
}

#[component]
fn InShort(story: Story) -> impl IntoView {
    let first = story.steps.first().map(|step| step.record.clone()).unwrap_or_default();
    let worst = story.steps.iter().map(|step| step.record.level).max().unwrap_or(Level::Info);
    let troubles = story.steps.iter().filter(|step| step.record.level >= Level::Warn).count();
    let verdict = match (troubles, worst) {
        (0, _) => "Nothing failed.".to_owned(),
        (1, level) => format!("One step is told as {level}."),
        (count, level) => format!("{count} steps are told as warnings or worse, the worst as {level}."),
    };
    let places =
        Place::ALL.map(|place| (place, story.steps.iter().filter(|step| step.place == place).count()));
    let by_place = places
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(place, count)| format!("{} {count}", place.word()))
        .collect::<Vec<_>>()
        .join(" · ");
    let session = session_of(&story.steps.iter().map(|step| &step.record).collect::<Vec<_>>());
    view! {
        <section class="panel" aria-label="In short">
            <div class="body short">
                <p class="sentence">
                    "Began at " <b>{format::date_clock(first.timestamp)}</b> " UTC: " {first.message} " "
                    "The last of " {story.steps.len()} " records came " <b>{format::duration(story.span_us)}</b> " later. " {verdict}
                </p>
                <dl class="facts-row">
                    {fact("Records", view! { {story.steps.len()}<small>{by_place}</small> })}
                    {fact("From first to last", format::duration(story.span_us))}
                    {session.map(|id| fact("Session", session_link(id)))}
                </dl>
            </div>
        </section>
    }
    .into_any()
}

fn session_of(records: &[&LogRecord]) -> Option<String> {
    records.iter().find_map(|record| record.session_id.clone())
}
