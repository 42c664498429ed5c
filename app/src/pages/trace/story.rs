//! The trace as sentences in order, each opening to its record.

use leptos::prelude::*;

use telemetry::LogRecord;

use super::layout::{Step, Story};
use crate::format;
use crate::pages::telemetry::payload_rows;

#[component]
pub fn StoryList(story: Story) -> impl IntoView {
    let steps =
        story.steps.into_iter().enumerate().map(|(index, step)| step_view(index + 1, step)).collect_view();
    view! {
        <section class="panel" aria-label="The story">
            <header><h2>"In order"</h2><span class="end"><span>"offsets from the first record · open a line for its record"</span></span></header>
            <ol class="story">{steps}</ol>
        </section>
    }
    .into_any()
}

fn step_view(number: usize, step: Step) -> impl IntoView {
    let Step { record, folded, place, from_us, took_us } = step;
    let took = if took_us > 0 { format::duration(took_us) } else { String::new() };
    let payload = payload_rows(&record);
    let others = folded.iter().map(|record| record_view(record).into_any()).collect_view();
    let id = format!("r{number}");
    view! {
        <li id=id data-place=place.word() data-level=record.level.as_str()>
            <details>
                <summary>
                    <span class="off">{format::offset(from_us)}</span>
                    <span class="rail" aria-hidden="true"></span>
                    <span class="n">{number}</span>
                    <span class="told">{record.message.clone()}</span>
                    <span class="where">{place.word()}<span class="event">{record.event.to_string()}</span></span>
                    <span class="took">{took}</span>
                </summary>
                <div class="inside"><div class="fields"><h3>{format::clock_ms(record.timestamp)}" UTC · "{record.level.as_str()}</h3><dl>{payload}</dl></div>{others}</div>
            </details>
        </li>
    }
}

/// One that is folded into a step.
fn record_view(record: &LogRecord) -> impl IntoView + use<> {
    let message = record.message.clone();
    view! { <div class="fields"><h3>{format::clock_ms(record.timestamp)}" UTC · "{message}</h3><dl>{payload_rows(record)}</dl></div> }
}
