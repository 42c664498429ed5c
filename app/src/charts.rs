//! The live chart of executable P&L with peak and floor, in the place that the server wrote for it: drawn by the chart
//! library, with a keyboard cursor, and a table of its data that needs none of it.

use std::cell::RefCell;

use leptos::task::spawn_local;

use crate::event::{Control, UiEvent};
use crate::platform::{self, Chart, Event, find};
use crate::points::{Points, WIDTH};
use crate::tell::tell;

/// Rows of the table.
const ROWS: usize = 60;
/// A curve that only grows is drawn once in so long: measuring its axis anew takes a slow phone longer than a picture.
const DRAWN_EVERY_MS: f64 = 900.0;

/// How much of which points something shows.
#[derive(Clone, Copy, Default, PartialEq)]
struct Seen {
    generation: u64,
    count: usize,
}

#[derive(Default)]
struct State {
    points: Points,
    chart: Option<Chart>,
    loading: bool,
    drawn: Seen,
    drawn_ms: f64,
    /// A timer draws what came meanwhile.
    waits: bool,
    tabled: Seen,
    cursor: Option<usize>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(change: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(change)
}

/// Takes points of the feed.
pub fn add(session: &str, rows: &[f64], replace: bool) {
    with(|state| {
        if state.points.session != session {
            state.cursor = None;
        }
        state.points.add(session, rows, replace);
    });
}

/// The last point that is known, as the feed is asked to go on from it: `&curve=SESSION,SECONDS`.
pub fn known() -> String {
    with(|state| {
        let points = &state.points;
        let last = points.count().checked_sub(1).and_then(|at| points.row(at));
        last.map_or_else(String::new, |row| {
            format!("&curve={},{}", points.session, (row[0] * 1_000.0).round() as i64)
        })
    })
}

/// Brings the page up to what is known; draws where there is a place for it.
pub fn update() {
    let Some(place) = find("#pnl-chart") else {
        if let Some(chart) = with(|state| state.chart.take()) {
            chart.destroy();
        }
        return;
    };
    // A place that came anew is empty: what was drawn went with the one before.
    let is_empty = place.first_element_child().is_none();
    let missing = with(|state| {
        if is_empty && let Some(chart) = state.chart.take() {
            chart.destroy();
        }
        state.chart.is_none() && !std::mem::replace(&mut state.loading, state.chart.is_none())
    });
    if missing {
        load();
    } else {
        draw();
    }
    table();
}

/// Loads the library; a failure stays in this panel and can be tried again.
fn load() {
    show_failure(None);
    spawn_local(async move {
        match Chart::create("#pnl-chart").await {
            Ok(chart) => {
                with(|state| {
                    state.loading = false;
                    state.drawn = Seen::default();
                    state.chart = Some(chart);
                });
                update();
            }
            // It stays as if it loaded, until somebody asks again.
            Err(error) => {
                tell(&UiEvent::ErrorBoundary {
                    panel: "Profit and loss".to_owned(),
                    path: "App › Control › Profit and loss".to_owned(),
                    code: "CHART".to_owned(),
                    error: error.clone(),
                });
                show_failure(Some(&error));
            }
        }
    });
}

/// After a failure.
pub fn again() {
    tell(&UiEvent::Click { control: Control::Retry, subject: "Profit and loss".to_owned() });
    with(|state| state.loading = false);
    update();
}

fn show_failure(error: Option<&str>) {
    let words = error.map(|error| format!("The chart could not be drawn: {error}."));
    platform::show_failure("#chart-failed", words.as_deref());
}

fn draw() {
    let drawn = with(|state| {
        let chart = state.chart.clone()?;
        let (known, points) = (state.drawn, &state.points);
        let now_ms = platform::steady_ms();
        let wait_ms = DRAWN_EVERY_MS - (now_ms - state.drawn_ms);
        if known.generation == points.generation && known.count > 0 && wait_ms > 0.0 {
            // What came last is drawn also when nothing follows.
            if points.count() > known.count && !std::mem::replace(&mut state.waits, true) {
                platform::later(wait_ms as u32 + 1, || {
                    with(|state| state.waits = false);
                    update();
                });
            }
            return None;
        }
        state.drawn_ms = now_ms;
        let now = Seen { generation: points.generation, count: points.count() };
        state.drawn = now;
        if known.generation != now.generation || known.count > now.count || known.count == 0 {
            let started_ms = platform::now_ms();
            chart.set(&points.rows);
            return Some((now.count, (platform::now_ms() - started_ms) as i64));
        }
        if now.count > known.count {
            chart.append(&points.rows[known.count * WIDTH..]);
        }
        None
    });
    if let Some((points, duration_ms)) = drawn {
        tell(&UiEvent::ChartDrawn { points, duration_ms });
    }
}

/// Moves the cursor over the chart.
pub fn key(event: &Event) {
    let step = if event.is_shifted() { 10 } else { 1 };
    let told = with(|state| {
        let count = state.points.count();
        let last = count.checked_sub(1)?;
        let at = state.cursor.unwrap_or(last).min(last);
        let next = match event.key().as_str() {
            "ArrowLeft" => at.saturating_sub(step),
            "ArrowRight" => (at + step).min(last),
            "Home" => 0,
            "End" => last,
            _ => return None,
        };
        state.cursor = Some(next);
        let row = state.points.row(next)?;
        if let Some(chart) = &state.chart {
            chart.point(row[0], row[1]);
        }
        Some(sentence(row))
    });
    if let Some(told) = told {
        event.prevent_default();
        if let Some(place) = find("#chart-cursor") {
            place.set_text_content(Some(&told));
        }
    }
}

fn money(value: f64, signed: bool, none: &str) -> String {
    if value.is_nan() { none.to_owned() } else { platform::money(value, signed) }
}

/// What the keyboard cursor stands on, said politely.
fn sentence(row: &[f64]) -> String {
    format!(
        "{} UTC: executable {}, peak {}, floor {}",
        platform::clock(row[0]),
        money(row[1], true, "—"),
        money(row[2], false, "none"),
        money(row[3], false, "none")
    )
}

/// The data behind the chart, made only while somebody looks; numbers and times, nothing that could be markup.
fn table() {
    let Some(table) = find("details[open] #chart-data") else { return };
    let html = with(|state| {
        let now = Seen { generation: state.points.generation, count: state.points.count() };
        let is_known = state.tabled == now && table.has_attribute("data-filled");
        state.tabled = now;
        (!is_known).then(|| (caption(&state.points), rows(&state.points)))
    });
    let Some((caption, rows)) = html else { return };
    // A name of ours is a name.
    let _ = table.set_attribute("data-filled", "");
    if let Ok(Some(place)) = table.query_selector("caption") {
        place.set_text_content(Some(&caption));
    }
    if let Ok(Some(place)) = table.query_selector("tbody") {
        place.set_inner_html(&rows);
    }
}

/// At most `ROWS`, evenly spread, newest first, the last one always among them.
fn rows(points: &Points) -> String {
    let step = points.count().div_ceil(ROWS).max(1);
    let mut html = String::new();
    for row in points.rows.chunks_exact(WIDTH).rev().step_by(step) {
        html.push_str("<tr><td class=\"num\">");
        html.push_str(&platform::clock(row[0]));
        for (value, signed, none) in [(row[1], true, "—"), (row[2], false, "–"), (row[3], false, "–")] {
            html.push_str("</td><td class=\"n\">");
            html.push_str(&money(value, signed, none));
        }
        html.push_str("</td></tr>");
    }
    html
}

fn caption(points: &Points) -> String {
    let values = points.rows.chunks_exact(WIDTH).map(|row| row[1]).filter(|value| !value.is_nan());
    let range = values.fold(None, |range: Option<(f64, f64)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    let Some((low, high)) = range else { return "No P&L yet: it begins with the first fill.".to_owned() };
    let (low, high) = (platform::money(low, true), platform::money(high, true));
    format!("Executable P&L between {low} and {high}, at most {ROWS} points, newest first; times in UTC.")
}
