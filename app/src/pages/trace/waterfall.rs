//! The picture of a trace: one line a record, four lanes by place, true to scale.

use leptos::prelude::*;
use telemetry::Level;

use super::layout::{Place, Step, Story};
use crate::format;

const LEFT: f64 = 96.0;
const RIGHT: f64 = 1_384.0;
const HEAD: f64 = 28.0;
const ROW: f64 = 20.0;
/// More lines than this are no picture any more: the sentences below hold them all.
const MOST: usize = 120;

/// A lane's vertical place: its first row and how many it has.
fn lanes(steps: &[(usize, &Step)]) -> Vec<(Place, usize, usize)> {
    let mut next = 0;
    Place::ALL
        .iter()
        .map(|place| {
            let rows = steps.iter().filter(|(_, step)| step.place == *place).count();
            let lane = (*place, next, rows);
            next += rows;
            lane
        })
        .filter(|(_, _, rows)| *rows > 0)
        .collect()
}

#[component]
pub fn Waterfall(story: Story) -> impl IntoView {
    let mut steps: Vec<(usize, &Step)> = story.steps.iter().take(MOST).enumerate().collect();
    // By lane, then by time, which is their order already.
    steps.sort_by_key(|(_, step)| step.place);
    let height = HEAD + ROW * steps.len() as f64 + 8.0;
    let scale = (RIGHT - LEFT) / story.span_us.max(1) as f64;
    let left_out = story.steps.len().saturating_sub(MOST);
    let label = format!(
        "Waterfall of {} records over {}. The same follows below as sentences.",
        steps.len(),
        format::duration(story.span_us)
    );
    let bars =
        steps.iter().enumerate().map(|(row, (number, step))| bar(row, *number, step, scale)).collect_view();
    let lane_views =
        lanes(&steps).into_iter().enumerate().map(|(index, lane)| lane_view(index, lane)).collect_view();
    view! {
        <section class="panel" aria-label="Waterfall">
            <header>
                <h2>"Waterfall"</h2>
                <span class="keys"><span><i></i>"took this long"</span><span><i data-key="slow"></i>"warning"</span><span><i data-key="failed"></i>"failed"</span></span>
                <span class="end">{(left_out > 0).then(|| format!("{left_out} later records stand only in the list"))}</span>
            </header>
            <div class="scroll" tabindex="0" role="region" aria-label="Waterfall, scrolls sideways when narrow">
                <svg class="chart waterfall" viewBox=format!("0 0 1404 {height}") role="img" aria-label=label>
                    {lane_views}
                    {grid(story.span_us, height)}
                    {bars}
                </svg>
            </div>
        </section>
    }
    .into_any()
}

fn lane_view(index: usize, (place, first, rows): (Place, usize, usize)) -> impl IntoView {
    let y = HEAD + ROW * first as f64;
    view! {
        <rect class="lane" data-odd=(index % 2).to_string() x="0" y=y.to_string() width="1404" height=(ROW * rows as f64).to_string()></rect>
        <text class="t-lane" x="12" y=(y + 14.0).to_string()>{place.word()}</text>
    }
}

fn grid(span_us: i64, height: f64) -> impl IntoView {
    (0..=4)
        .map(|quarter| {
            let x = LEFT + (RIGHT - LEFT) * f64::from(quarter) / 4.0;
            let anchor = if quarter == 4 { "end" } else { "middle" };
            view! {
                <line class="grid" x1=x.to_string() x2=x.to_string() y1="22" y2=height.to_string()></line>
                <text x=x.to_string() y="16" text-anchor=anchor>{format::offset(span_us * i64::from(quarter) / 4)}</text>
            }
        })
        .collect_view()
}

fn tone(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug | Level::Info => "span",
        Level::Warn => "span slow",
        Level::Error | Level::Fatal => "span failed",
    }
}

fn bar(row: usize, number: usize, step: &Step, scale: f64) -> impl IntoView + use<> {
    let x = LEFT + step.from_us as f64 * scale;
    let width = (step.took_us as f64 * scale).clamp(4.0, RIGHT - LEFT);
    let y = HEAD + ROW * row as f64;
    // A label to the right of the bar, unless it would leave the picture.
    let beyond = x + width > 1_050.0;
    let (text_x, anchor) = if beyond { (x - 6.0, "end") } else { (x + width + 6.0, "start") };
    let took =
        if step.took_us > 0 { format!(" · {}", format::duration(step.took_us)) } else { String::new() };
    view! {
        <rect class=tone(step.record.level) x=format!("{x:.1}") y=format!("{:.1}", y + 5.0) width=format!("{width:.1}") height="10" rx="2"></rect>
        <text x=format!("{text_x:.1}") y=format!("{:.1}", y + 14.0) text-anchor=anchor>{format!("{} {}{took}", number + 1, step.record.event)}</text>
    }
}
