//! The sum of results over time with what is missing to its high below: as a picture that the server draws, and as a
//! table of its days.

use leptos::prelude::*;
use model::Micros;
use model::analytics::{DayResult, Report};

use crate::format;
use crate::pages::past::{date, iso_day, money};
use crate::parts::plot::{Plot, drawn, stepped};

const WIDTH: f64 = 960.0;
/// Days of the table; earlier ones are in the file.
const DAYS_SHOWN: usize = 60;

pub fn equity(report: &Report) -> AnyView {
    view! {
        <section class="panel" aria-label="Equity curve">
            <header><h2>"Net result added up, and drawdown below"</h2><span class="end"><span>{format::counted(report.trades, "trade")}</span></span></header>
            {picture(report)}
            <div class="legend">
                <span><i></i>"sum of closed trades"</span>
                <span><i data-line="drawdown"></i>"below the last high"</span>
            </div>
            <details class="data-table"><summary>"Days as a table"</summary>{table(&report.days)}</details>
        </section>
    }
    .into_any()
}

fn picture(report: &Report) -> AnyView {
    let seconds = |at: Micros| (at.0 / 1_000_000) as f64;
    // It begins at nothing, a moment before the first trade.
    let (Some(first), Some(last)) = (report.equity.first(), report.equity.last()) else {
        return view! { <p class="empty">"No trade with a known result yet."</p> }.into_any();
    };
    let span = seconds(last.at) - seconds(first.at);
    let begin = seconds(first.at) - (span / 40.0).max(60.0);
    // A sum stays until the next trade ends.
    let with_begin = |of: fn(&model::analytics::EquityPoint) -> f64| -> Vec<(f64, f64)> {
        let points = report.equity.iter().map(|point| (seconds(point.at), of(point)));
        stepped(&[(begin, 0.0)].into_iter().chain(points).collect::<Vec<_>>())
    };
    let totals = with_begin(|point| drawn(point.total));
    let falls = with_begin(|point| drawn(point.drawdown));
    let low = totals.iter().fold(0.0_f64, |low, point| low.min(point.1));
    let high = totals.iter().fold(0.0_f64, |high, point| high.max(point.1));
    let deepest = falls.iter().fold(0.0_f64, |low, point| low.min(point.1));
    let frame = Plot {
        left: 8.0,
        right: 880.0,
        top: 16.0,
        bottom: 176.0,
        first: begin,
        last: seconds(last.at),
        low,
        high,
    };
    let below = Plot { top: 192.0, bottom: 244.0, low: deepest.min(-0.01), high: 0.0, ..frame };
    let end = report.days.last().map(|day| day.total).unwrap_or_default();
    let label = format!(
        "Sum of results from {} to {}: ends at {}, deepest drawdown {}. The days follow as a table.",
        date(first.at),
        date(last.at),
        format::signed(end),
        report.drawdown.as_ref().map_or_else(|| "none".to_owned(), |fall| format::signed(fall.depth)),
    );
    // Within one day the day says nothing.
    let ends = if date(first.at) == date(last.at) {
        (format::clock(first.at), format::clock(last.at))
    } else {
        (date(first.at), date(last.at))
    };
    let sign = format::sign_of(Some(end));
    let edge = |y: f64, text: String| view! { <text x="888" y=format!("{:.1}", y + 4.0)>{text}</text> };
    let edges = [(high > 0.0, high), (low < 0.0, low)]
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, value)| edge(frame.y(value), format!("{value:+.2}").replace('-', "−")))
        .collect_view();
    view! {
        <div class="chart-window" tabindex="0" role="group" aria-label="Curve, scrolls sideways when narrow">
            <svg class="chart equity" viewBox=format!("0 0 {WIDTH} 264") role="img" aria-label=label>
                <line class="zero" x1="8" x2="880" y1=format!("{:.1}", frame.y(0.0)) y2=format!("{:.1}", frame.y(0.0))></line>
                {(deepest < 0.0).then(|| view! { <path class="drawdown" d=below.area(&falls, 0.0)></path> })}
                <path class="sum" data-sign=sign d=frame.path(totals)></path>
                {edges}
                {(deepest < 0.0).then(|| edge(below.bottom, format!("{deepest:.2}").replace('-', "−")))}
                <text x="8" y="260">{ends.0}</text>
                <text x="880" y="260" text-anchor="end">{ends.1}</text>
            </svg>
        </div>
    }
    .into_any()
}

fn table(days: &[DayResult]) -> AnyView {
    let rows = days.iter().rev().take(DAYS_SHOWN).map(row).collect_view();
    let earlier = days.len().saturating_sub(DAYS_SHOWN);
    let note = (earlier > 0)
        .then(|| view! { <p class="sub">{format!("{} earlier: in the CSV of days.", format::counted(earlier, "day"))}</p> });
    view! {
        <div class="grid-table" tabindex="0" role="group" aria-label="Days, scrollable"><table>
            <caption class="visually-hidden">"Results of each day with a trade, latest first"</caption>
            <thead><tr><th scope="col">"Day, UTC"</th><th scope="col" class="n">"Trades"</th><th scope="col" class="n more">"Won"</th><th scope="col" class="n">"Net"</th><th scope="col" class="n">"Sum"</th><th scope="col" class="n more">"Drawdown"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
        {note}
    }
    .into_any()
}

fn row(day: &DayResult) -> AnyView {
    let day_only = iso_day(day.at);
    let href = format!("/trades?from={day_only}&to={day_only}&result=traded");
    let unknown =
        (day.unknown > 0).then(|| view! { <span class="sub">{format!("{} unknown", day.unknown)}</span> });
    view! {
        <tr>
            <td><a href=href>{day_only}</a></td>
            <td class="n">{day.trades}{unknown}</td>
            <td class="n more">{day.won}</td>
            <td class="n">{money(day.net)}</td>
            <td class="n">{format::signed(day.total)}</td>
            <td class="n more">{format::signed(day.drawdown)}</td>
        </tr>
    }
    .into_any()
}
