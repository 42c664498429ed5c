//! The picture of a trace: lanes by place, true to scale in time but for long waits, which are drawn short. What one
//! place did in one instant is one line.

use leptos::prelude::*;
use telemetry::Level;

use super::layout::{Place, Step, Story};
use super::scale::{Piece, Scale};
use crate::format;

const LEFT: f64 = 96.0;
const RIGHT: f64 = 1_384.0;
const HEAD: f64 = 28.0;
const ROW: f64 = 20.0;
/// More lines than this are no picture any more: the sentences below hold them all.
const MOST: usize = 60;
/// What is closer in time than this is one instant.
const INSTANT_US: i64 = 1_000;

/// One line of the picture.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    place: Place,
    from_us: i64,
    took_us: i64,
    level: Level,
    label: String,
}

/// Steps of no length that follow each other at one place in one instant share a line, named by the last of them or by
/// what went wrong.
fn lines(steps: &[Step]) -> Vec<Line> {
    let mut runs: Vec<(Place, Vec<(usize, &Step)>)> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let run = runs.iter_mut().rev().find(|(place, _)| *place == step.place);
        let is_one =
            |last: &Step| step.took_us == 0 && last.took_us == 0 && step.from_us - last.from_us < INSTANT_US;
        match run
            .filter(|(_, run)| run.last().is_some_and(|(before, last)| is_one(last) && before + 1 == index))
        {
            Some((_, run)) => run.push((index, step)),
            None => runs.push((step.place, vec![(index, step)])),
        }
    }
    let mut lines: Vec<Line> = runs.iter().filter_map(|(place, run)| line(*place, run)).collect();
    // By lane, then by time, which is their order already.
    lines.sort_by_key(|line| line.place);
    lines
}

fn line(place: Place, run: &[(usize, &Step)]) -> Option<Line> {
    let (first, last) = (run.first()?, run.last()?);
    let level = run.iter().map(|(_, step)| step.record.level).max().unwrap_or(Level::Info);
    let named = run.iter().rev().find(|(_, step)| step.record.level == level).unwrap_or(last);
    let event = &named.1.record.event;
    let took_us = first.1.took_us;
    let label = match run.len() {
        1 if took_us > 0 => format!("{} {event} · {}", first.0 + 1, format::duration(took_us)),
        1 => format!("{} {event}", first.0 + 1),
        more => format!("{} to {} {event} and {} more", first.0 + 1, last.0 + 1, more - 1),
    };
    Some(Line { place, from_us: first.1.from_us, took_us, level, label })
}

/// A lane's vertical place: its first row and how many it has.
fn lanes(lines: &[Line]) -> Vec<(Place, usize, usize)> {
    let mut next = 0;
    Place::ALL
        .iter()
        .map(|place| {
            let rows = lines.iter().filter(|line| line.place == *place).count();
            let lane = (*place, next, rows);
            next += rows;
            lane
        })
        .filter(|(_, _, rows)| *rows > 0)
        .collect()
}

#[component]
pub fn Waterfall(story: Story) -> impl IntoView {
    let all = lines(&story.steps);
    let mut shown = all.clone();
    shown.sort_by_key(|line| line.from_us);
    shown.truncate(MOST);
    shown.sort_by_key(|line| line.place);
    let height = HEAD + ROW * shown.len() as f64 + 8.0;
    let scale = Scale::of(&story.steps, story.span_us, LEFT, RIGHT);
    let left_out = all.len().saturating_sub(MOST);
    let label = format!(
        "Waterfall of {} records over {}. The same follows below as sentences.",
        story.records(),
        format::duration(story.span_us)
    );
    let bars = shown.iter().enumerate().map(|(row, line)| bar(row, line, &scale)).collect_view();
    let lane_views =
        lanes(&shown).into_iter().enumerate().map(|(index, lane)| lane_view(index, lane)).collect_view();
    let short = scale.pieces.iter().any(|piece| piece.waits);
    view! {
        <section class="panel" aria-label="Waterfall">
            <header>
                <h2>"Waterfall"</h2>
                <span class="keys">
                    <span><i></i>"took this long"</span>
                    {short.then(|| view! { <span><i data-key="wait"></i>"only waited, drawn short"</span> })}
                    <span><i data-key="slow"></i>"warning"</span><span><i data-key="failed"></i>"failed"</span>
                </span>
                <span class="end">{(left_out > 0).then(|| format!("{left_out} later lines stand only in the list"))}</span>
            </header>
            <div class="scroll" tabindex="0" role="region" aria-label="Waterfall, scrolls sideways when narrow">
                <svg class="chart waterfall" viewBox=format!("0 0 1404 {height}") role="img" aria-label=label>
                    {lane_views}
                    {grid(&scale, height)}
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

/// So much room take the times of both ends of a piece.
const BOTH_ENDS: f64 = 170.0;

/// Times along the top: both ends of each piece, and between them where there is room.
fn grid(scale: &Scale, height: f64) -> impl IntoView + use<> {
    let last = scale.pieces.len().saturating_sub(1);
    let marks = scale.pieces.iter().enumerate().map(|(index, piece)| {
        if piece.waits {
            return wait(piece, height).into_any();
        }
        let parts = ((piece.right - piece.left) / 260.0).ceil().max(1.0) as i64;
        // A piece's end is named by the wait behind it, or it is the end of all.
        let until = if index == last { parts } else { parts - 1 };
        let span = piece.to_us - piece.from_us;
        // The last piece may be too narrow for the times of both its ends: the end of all is named.
        let narrow = index > 0 && index == last && piece.right - piece.left < BOTH_ENDS;
        (i64::from(narrow)..=until)
            .map(|part| {
                // Behind a wait, whose own words stand before it.
                let is_behind = index > 0 && part == 0;
                mark(scale, piece.from_us + span * part / parts, is_behind, height)
            })
            .collect_view()
            .into_any()
    });
    marks.collect_view()
}

fn mark(scale: &Scale, us: i64, is_behind: bool, height: f64) -> impl IntoView + use<> {
    let x = scale.x(us);
    let anchor = match (x > RIGHT - 40.0, is_behind) {
        (true, _) => "end",
        (false, true) => "start",
        (false, false) => "middle",
    };
    let x = format!("{x:.1}");
    view! {
        <line class="grid" x1=x.clone() x2=x.clone() y1="22" y2=height.to_string()></line>
        <text x=x y="16" text-anchor=anchor>{format::offset(us)}</text>
    }
}

/// A wait that is drawn short: a band with its length.
fn wait(piece: &Piece, height: f64) -> impl IntoView + use<> {
    let (x, width) = (format!("{:.1}", piece.left), format!("{:.1}", piece.right - piece.left));
    let middle = format!("{:.1}", f64::midpoint(piece.left, piece.right));
    view! {
        <rect class="wait" x=x y="22" width=width height=(height - 22.0).to_string()></rect>
        <text x=middle y="16" text-anchor="middle">{format!("{} waited", format::duration(piece.to_us - piece.from_us))}</text>
    }
}

fn tone(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug | Level::Info => "span",
        Level::Warn => "span slow",
        Level::Error | Level::Fatal => "span failed",
    }
}

fn bar(row: usize, line: &Line, scale: &Scale) -> impl IntoView + use<> {
    let x = scale.x(line.from_us);
    let width = (scale.x(line.from_us + line.took_us) - x).max(4.0);
    let y = HEAD + ROW * row as f64;
    // A label to the right of the bar, unless it would leave the picture.
    let beyond = x + width + 6.5 * line.label.len() as f64 > RIGHT;
    let (text_x, anchor) = if beyond { (x - 6.0, "end") } else { (x + width + 6.0, "start") };
    view! {
        <rect class=tone(line.level) x=format!("{x:.1}") y=format!("{:.1}", y + 5.0) width=format!("{width:.1}") height="10" rx="2"></rect>
        <text x=format!("{text_x:.1}") y=format!("{:.1}", y + 14.0) text-anchor=anchor>{line.label.clone()}</text>
    }
}

#[cfg(test)]
mod tests {
    use telemetry::LogRecord;

    use super::*;

    #[test]
    fn decisions_of_one_instant_share_a_line_that_names_what_matters() {
        let step = |event: &'static str, level, from_us, took_us| Step {
            record: LogRecord { event: event.into(), level, ..LogRecord::default() },
            folded: vec![],
            place: Place::Engine,
            from_us,
            took_us,
        };
        let lines = lines(&[
            step("a", Level::Info, 0, 0),
            step("b", Level::Warn, 10, 0),
            step("c", Level::Info, 20, 0),
            step("d", Level::Info, 5_000, 0),
            step("e", Level::Info, 5_001, 700),
        ]);
        let labels: Vec<_> = lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["1 to 3 b and 2 more", "4 d", "5 e · 700 µs"]);
    }
}
