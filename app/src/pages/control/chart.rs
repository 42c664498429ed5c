//! The live chart of executable P&L with peak and floor: drawn by the chart library in the browser, with a
//! caption, a keyboard cursor, and a table of its data that needs none of it.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use model::SessionId;
use model::view::PnlPoint;

use super::points::{drawn, range, rows, thin};
use crate::error::AppError;
use crate::event::UiEvent;
use crate::format::{self, plain_or_unknown, signed_or_unknown};
use crate::live::Points;
use crate::parts::use_reporter;
use crate::platform::{self, Chart};
use crate::shown::{Shown, use_shown};
use crate::tell::tell;

/// How much of whose points the chart has drawn.
#[derive(Clone, Default, PartialEq)]
struct Drawn {
    of: Option<SessionId>,
    generation: u64,
    count: usize,
}

#[component]
pub fn PnlChart() -> impl IntoView {
    let chart = RwSignal::new(None::<Chart>);
    draw(chart);
    let shown = use_shown();
    let cursor = RwSignal::new(None::<usize>);
    Effect::new(move |_| {
        shown.id();
        cursor.set(None);
    });
    view! {
        <figure class="pnl-chart">
            <div class="chart-box" id="pnl-chart" tabindex="0" role="group" aria-label="P&L chart. Arrow keys move a cursor over it; a table of its data follows." aria-describedby="pnl-caption"
                on:keydown=move |event| move_cursor(&event, shown, cursor, chart)></div>
            <figcaption class="legend" id="pnl-caption">
                <span><i></i>"executable P&L"</span><span><i data-line="peak"></i>"peak"</span><span><i data-line="floor"></i>"trailing floor"</span>
                <Limits/>
                <a href="https://www.tradingview.com/" rel="noopener" target="_blank">"Charts by TradingView"</a>
            </figcaption>
        </figure>
        <CursorText cursor/>
        <DataTable/>
    }
    .into_any()
}

/// The limits with their values: they often lie outside the picture.
#[component]
fn Limits() -> impl IntoView {
    let limits = use_shown().part(|session| (session.pnl.max_loss, session.pnl.max_profit));
    let profit =
        move || limits.get().and_then(|(_, profit)| profit).map_or_else(|| "off".to_owned(), format::signed);
    let loss = move || limits.get().map(|(loss, _)| format::signed(-loss)).unwrap_or_default();
    view! {
        <span><i data-line="target"></i>"max profit "{profit}</span>
        <span><i data-line="limit"></i>"max loss "{loss}</span>
    }
    .into_any()
}

/// Loads the library, then keeps the drawing up with the points, the limits and the theme.
fn draw(chart: RwSignal<Option<Chart>>) {
    let shown = use_shown();
    let reporter = use_reporter();
    Effect::new(move |started: Option<()>| {
        if started.is_some() {
            return;
        }
        let reporter = reporter.clone();
        spawn_local(async move {
            match Chart::create("#pnl-chart").await {
                Ok(made) => {
                    chart.try_set(Some(made));
                }
                Err(error) => {
                    reporter.throw(AppError::new("CHART", format!("The chart could not be drawn: {error}.")))
                }
            }
        });
    });
    let limits = shown.part(|session| (session.pnl.max_loss, session.pnl.max_profit));
    Effect::new(move |_| {
        let limits = limits.get();
        if let (Some(chart), Some((loss, profit))) = (chart.get(), limits) {
            chart.limits(drawn(Some(-loss)), drawn(profit));
        }
    });
    Effect::new(move |known: Option<Drawn>| {
        let Some(chart) = chart.get() else { return Drawn::default() };
        let of = shown.id();
        let drawn = shown.with_points(|points| draw_points(&chart, known.unwrap_or_default(), of, points));
        drawn.unwrap_or_default()
    });
    on_cleanup(move || {
        if let Some(Some(chart)) = chart.try_get_untracked() {
            chart.destroy();
        }
    });
}

fn draw_points(chart: &Chart, known: Drawn, of: Option<SessionId>, points: &Points) -> Drawn {
    let now = Drawn { of, generation: points.generation, count: points.list.len() };
    let is_same = known.of == now.of && known.generation == now.generation;
    if !is_same || known.count > now.count || known.count == 0 {
        let started_ms = platform::now_ms();
        chart.set(&rows(&points.list));
        tell(&UiEvent::ChartDrawn {
            points: now.count,
            duration_ms: (platform::now_ms() - started_ms) as i64,
        });
    } else if now.count > known.count {
        chart.append(&rows(&points.list[known.count..]));
    }
    now
}

fn move_cursor(
    event: &ev::KeyboardEvent,
    shown: Shown,
    cursor: RwSignal<Option<usize>>,
    chart: RwSignal<Option<Chart>>,
) {
    let count = shown.with_points_untracked(|points| points.list.len()).unwrap_or(0);
    if count == 0 {
        return;
    }
    let at = cursor.get_untracked().unwrap_or(count - 1).min(count - 1);
    let next = match event.key().as_str() {
        "ArrowLeft" => at.saturating_sub(if event.shift_key() { 10 } else { 1 }),
        "ArrowRight" => (at + if event.shift_key() { 10 } else { 1 }).min(count - 1),
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    event.prevent_default();
    cursor.set(Some(next));
    let point = shown.with_points_untracked(|points| points.list.get(next).cloned()).flatten();
    if let (Some(chart), Some(point)) = (chart.get_untracked(), point) {
        chart.point(point.at.0 as f64 / 1e6, drawn(point.executable));
    }
}

/// What the keyboard cursor stands on, said politely.
#[component]
fn CursorText(cursor: RwSignal<Option<usize>>) -> impl IntoView {
    let shown = use_shown();
    let text = move || {
        let at = cursor.get()?;
        let point = shown.with_points_untracked(|points| points.list.get(at).cloned()).flatten();
        point.map(|point| sentence(&point))
    };
    view! { <p class="cursor-text" role="status">{text}</p> }
}

fn sentence(point: &PnlPoint) -> String {
    let or_none = |money: Option<model::Money>| money.map_or_else(|| "none".to_owned(), format::plain);
    format!(
        "{} UTC: executable {}, peak {}, floor {}",
        format::clock(point.at),
        signed_or_unknown(point.executable),
        or_none(point.peak),
        or_none(point.floor)
    )
}

/// The data behind the chart; kept up to date only while it is open.
#[component]
fn DataTable() -> impl IntoView {
    let shown = use_shown();
    let open = RwSignal::new(false);
    let rows = move || {
        let points = while_open(shown, open, |points| thin(&points.list, 60)).unwrap_or_default();
        points.into_iter().rev().map(point_row).collect_view()
    };
    let caption = move || {
        let range = while_open(shown, open, |points| range(&points.list)).flatten();
        range.map_or_else(
            || "No P&L yet: it begins with the first fill.".to_owned(),
            |(low, high)| {
                format!(
                    "Executable P&L between {} and {}, at most 60 points, newest first; times in UTC.",
                    format::signed(low),
                    format::signed(high)
                )
            },
        )
    };
    view! {
        <details class="data-table" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>"Data of the chart"</summary>
            <div class="grid-table"><table>
                <caption>{caption}</caption>
                <thead><tr><th>"Time"</th><th class="n">"Executable"</th><th class="n">"Peak"</th><th class="n">"Floor"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </details>
    }
    .into_any()
}

/// Looks at the points, and is woken by new ones only while somebody looks.
fn while_open<T>(shown: Shown, open: RwSignal<bool>, look: impl FnOnce(&Points) -> T) -> Option<T> {
    shown.id();
    if open.get() { shown.with_points(look) } else { shown.with_points_untracked(look) }
}

fn point_row(point: PnlPoint) -> impl IntoView {
    let or_dash = |money: Option<model::Money>| {
        if money.is_some() { plain_or_unknown(money) } else { format::NONE.to_owned() }
    };
    view! {
        <tr>
            <td class="num">{format::clock(point.at)}</td>
            <td class="n">{signed_or_unknown(point.executable)}</td>
            <td class="n">{or_dash(point.peak)}</td>
            <td class="n">{or_dash(point.floor)}</td>
        </tr>
    }
}
