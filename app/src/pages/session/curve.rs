//! What leaving would have brought at each moment, as it was kept, drawn by the server, with its table.

use leptos::prelude::*;
use model::Micros;
use model::view::PnlPoint;

use crate::format;
use crate::parts::plot::{Plot, drawn};
use crate::port::SessionDetail;

/// Points of the picture; of more than these every so many is drawn.
const POINTS: usize = 600;
const ROWS: usize = 60;

pub fn curve(detail: &SessionDetail) -> AnyView {
    let points: Vec<&PnlPoint> = detail.points.iter().filter(|point| point.executable.is_some()).collect();
    let body = if points.len() < 2 {
        view! { <p class="empty">"No curve was kept: the session was not in the market long enough to be looked at twice."</p> }
            .into_any()
    } else {
        picture(&points)
    };
    view! {
        <section class="panel curve" aria-label="Profit and loss">
            <header><h2>"If left at each moment, after all fees"</h2></header>
            {body}
        </section>
    }
    .into_any()
}

/// Every so many, and always the last.
fn sampled<'a>(points: &[&'a PnlPoint], most: usize) -> Vec<&'a PnlPoint> {
    let every = points.len().div_ceil(most).max(1);
    let last = points.len().saturating_sub(1);
    points
        .iter()
        .enumerate()
        .filter(|(at, _)| at % every == 0 || *at == last)
        .map(|(_, point)| *point)
        .collect()
}

fn picture(points: &[&PnlPoint]) -> AnyView {
    let shown = sampled(points, POINTS);
    let seconds = |at: Micros| at.0 as f64 / 1e6;
    let line = |of: fn(&PnlPoint) -> Option<model::Money>| -> Vec<(f64, f64)> {
        shown.iter().filter_map(|point| Some((seconds(point.at), drawn(of(point)?)))).collect()
    };
    let (worth, peak, floor) = (line(|p| p.executable), line(|p| p.peak), line(|p| p.floor));
    let values = || worth.iter().chain(&peak).chain(&floor).map(|point| point.1);
    let (low, high) = (values().fold(0.0_f64, f64::min), values().fold(0.0_f64, f64::max));
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return ().into_any() };
    let plot = Plot {
        left: 8.0,
        right: 880.0,
        top: 14.0,
        bottom: 214.0,
        first: seconds(first.at),
        last: seconds(last.at),
        low,
        high,
    };
    let label = format!(
        "Executable P&L from {} to {}: lowest {}, highest {}. Values follow as a table.",
        format::date_clock(first.at),
        format::date_clock(last.at),
        format!("{low:+.2}").replace('-', "−"),
        format!("{high:+.2}").replace('-', "−"),
    );
    let edge = |value: f64| {
        let y = format!("{:.1}", plot.y(value) + 4.0);
        view! { <text x="888" y=y>{format!("{value:+.2}").replace('-', "−")}</text> }
    };
    let zero = format!("{:.1}", plot.y(0.0));
    let floor_key =
        (!floor.is_empty()).then(|| view! { <span><i data-line="floor"></i>"trailing floor"</span> });
    let peak_key = (!peak.is_empty()).then(|| view! { <span><i data-line="peak"></i>"peak"</span> });
    view! {
        <div class="chart-window">
            <svg class="chart pnl-of" viewBox="0 0 960 236" role="img" aria-label=label>
                <line class="zero" x1="8" x2="880" y1=zero.clone() y2=zero></line>
                <path class="peak" d=plot.path(peak)></path>
                <path class="floor" d=plot.path(floor)></path>
                <path class="pnl" d=plot.path(worth)></path>
                {(high > 0.0).then(|| edge(high))}
                {(low < 0.0).then(|| edge(low))}
                <text x="8" y="232">{format::clock(first.at)}</text>
                <text x="880" y="232" text-anchor="end">{format::clock(last.at)}</text>
            </svg>
        </div>
        <div class="legend"><span><i></i>"executable P&L"</span>{peak_key}{floor_key}</div>
        <details class="data-table"><summary>"Values as a table"</summary>{table(points)}</details>
    }
    .into_any()
}

fn table(points: &[&PnlPoint]) -> AnyView {
    let rows = sampled(points, ROWS)
        .into_iter()
        .map(|point| {
            view! {
                <tr>
                    <td class="num">{format::clock(point.at)}</td>
                    <td class="n">{format::signed_or_unknown(point.executable)}</td>
                    <td class="n">{format::signed_or_unknown(point.peak)}</td>
                    <td class="n">{format::signed_or_unknown(point.floor)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="grid-table"><table>
            <caption class="visually-hidden">"Executable P&L over time, at most sixty rows; times in UTC"</caption>
            <thead><tr><th scope="col">"Time, UTC"</th><th scope="col" class="n">"P&L"</th><th scope="col" class="n">"Peak"</th><th scope="col" class="n">"Floor"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_points_become_few_and_the_last_stays() {
        let points: Vec<PnlPoint> = (0..1_001)
            .map(|at| PnlPoint { at: Micros(at), executable: None, peak: None, floor: None })
            .collect();
        let all: Vec<&PnlPoint> = points.iter().collect();
        let few = sampled(&all, 60);
        assert!(few.len() <= 61, "{}", few.len());
        assert_eq!((few[0].at, few[few.len() - 1].at), (Micros(0), Micros(1_000)));
        assert_eq!(sampled(&all[..3], 60).len(), 3);
    }
}
