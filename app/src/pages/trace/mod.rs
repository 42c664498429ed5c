//! Trace: one correlation id as a story, from the browser to the venue and back: in short, as a picture, as
//! sentences.

mod layout;
mod scale;
mod story;
mod title;
mod waterfall;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use telemetry::LogRecord;

use crate::log_query::LogQuery;
use crate::parts::{Panel, fact, session_link};
use crate::port::Trace;
use crate::{data, format};

use layout::{Place, Story};
use story::StoryList;
use title::{outcome, title, troubles};
use waterfall::Waterfall;

#[component]
pub fn TracePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("correlation_id").unwrap_or_default()));
    let paint = data::trace_paint().map(|trace| Story::of(trace.records));
    let heading = paint.as_ref().map_or_else(|_| "Trace".to_owned(), title);
    view! {
        <Title text=heading.clone()/>
        <div class="page-head">
            <div>
                <p class="crumb"><a href="/telemetry">"Telemetry"</a>" / trace "<span class="num">{move || id.get()}</span></p>
                <h1 tabindex="-1">{heading}</h1>
            </div>
            <div class="actions">
                <button class="button" type="button" data-does="copy" data-copy=move || id.get()>"Copy id"</button>
                <a class="button" href=move || LogQuery { correlation_id: id.get(), ..LogQuery::default() }.to_href()>"Show in the list"</a>
            </div>
        </div>
        <Panel name="Trace" class="bare">
            {paint.map(|story| view! { <Told story/> })}
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
fn Told(story: Story) -> impl IntoView {
    if story.steps.is_empty() {
        return view! {
            <p class="empty">"No record carries this id. Records of the last 30 days are kept; a browser's own reach the server within seconds."</p>
        }
        .into_any();
    }
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
    let (verdict, steps) = troubles(&story);
    let (first_message, came) =
        (first.message.clone(), outcome(&story).map(|(_, record)| record.message.clone()));
    let came = came.filter(|message| *message != first_message);
    let links = steps.into_iter().map(|step| {
        view! { " " <a class="tag" data-tone="doubt" href=format!("#r{step}")>{format!("step {step}")}</a> }
    });
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
                    <b>{format::date_clock(first.timestamp)}</b> " UTC: " {first.message} " " {came} " "
                    {verdict}{links.collect_view()}
                </p>
                <dl class="facts-row">
                    {fact("Records", view! { {story.records()}<small>{by_place}</small> })}
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
