//! What leaving would have brought at each moment, as it was kept, drawn by the server, with its table.

use leptos::prelude::*;
use model::Micros;
use model::view::PnlPoint;

use crate::format;
use crate::pages::past::reason_name;
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
        picture(&points, detail)
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

fn picture(points: &[&PnlPoint], detail: &SessionDetail) -> AnyView {
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
        top: 24.0,
        bottom: 196.0,
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
    let curve: String = pieces(&worth).into_iter().map(|piece| plot.path(piece.iter().copied())).collect();
    let floor_key =
        (!floor.is_empty()).then(|| view! { <span><i data-line="floor"></i>"trailing floor"</span> });
    let peak_key = (!peak.is_empty()).then(|| view! { <span><i data-line="peak"></i>"peak"</span> });
    view! {
        <div class="chart-window" tabindex="0" role="group" aria-label="Curve, scrolls sideways when narrow">
            <svg class="chart pnl-of" viewBox="0 0 960 236" role="img" aria-label=label>
                <line class="zero" x1="8" x2="880" y1=zero.clone() y2=zero></line>
                <path class="peak" d=plot.path(peak)></path>
                <path class="floor" d=plot.path(floor.iter().copied())></path>
                <path class="pnl" d=curve></path>
                {marks(&plot, &worth, &floor, detail)}
                {limits(&plot, detail)}
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

/// Where nothing was known for so much longer than points are apart otherwise, there is no line.
const GAP: f64 = 3.0;
const GAP_S: f64 = 5.0;

/// The line in pieces, with a gap for each time in which nothing was known.
fn pieces(line: &[(f64, f64)]) -> Vec<&[(f64, f64)]> {
    let mut steps: Vec<f64> = line.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 2).copied().unwrap_or_default();
    line.chunk_by(|one, next| next.0 - one.0 <= (usual * GAP).max(GAP_S)).collect()
}

/// Decisions on the curve: where it was entered, where the floor was armed, the highest, and where leaving was decided.
fn marks(plot: &Plot, worth: &[(f64, f64)], floor: &[(f64, f64)], detail: &SessionDetail) -> AnyView {
    let at = |seconds: f64| {
        worth.iter().copied().take_while(|point| point.0 <= seconds).last().or(worth.first().copied())
    };
    let highest = worth.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|point| point.1 > 0.0);
    let exit = detail.view.exit.as_ref();
    let left = exit.and_then(|exit| at(exit.decided_at.0 as f64 / 1e6));
    let left_as = exit.map(|exit| reason_name(Some(exit.reason)).to_lowercase()).unwrap_or_default();
    let found = [
        (worth.first().copied(), "entered".to_owned(), false),
        (floor.first().and_then(|first| at(first.0)), "armed".to_owned(), true),
        (highest, "peak".to_owned(), true),
        (left, left_as, false),
    ];
    let placed = found.into_iter().filter_map(|(point, name, above)| {
        let (x, y) = point?;
        Some(Mark { x: plot.x(x), y: plot.y(y), name, above })
    });
    let marks: Vec<Mark> = placed.collect();
    let dots = marks.iter().map(|Mark { x, y, .. }| {
        view! { <circle class="mark" cx=format!("{x:.1}") cy=format!("{y:.1}") r="3.5"></circle> }
    });
    let dots = dots.collect_view();
    let middle = f64::midpoint(plot.left, plot.right);
    let words = together(marks).into_iter().map(|Mark { x, y, name, above }| {
        // Words keep within the picture, and off the line.
        let (anchor, text_x) = if x < middle { ("start", x + 6.0) } else { ("end", x - 6.0) };
        let text_y = if above { (y - 6.0).max(10.0) } else { (y + 16.0).min(plot.bottom + 4.0) };
        view! { <text x=format!("{text_x:.1}") y=format!("{text_y:.1}") text-anchor=anchor>{name}</text> }
    });
    view! { {dots}{words.collect_view()} }.into_any()
}

/// A decision in the picture, its word above or below it.
struct Mark {
    x: f64,
    y: f64,
    name: String,
    above: bool,
}

/// Marks whose words would lie on each other have one for all of them.
fn together(marks: Vec<Mark>) -> Vec<Mark> {
    let mut apart: Vec<Mark> = Vec::with_capacity(marks.len());
    for mark in marks {
        let near = |other: &&mut Mark| {
            other.above == mark.above && (other.x - mark.x).abs() < 60.0 && (other.y - mark.y).abs() < 14.0
        };
        match apart.iter_mut().find(near) {
            Some(other) => other.name.push_str(&format!(" · {}", mark.name)),
            None => apart.push(mark),
        }
    }
    apart
}

/// A limit outside the picture stands at the edge towards it.
fn limits(plot: &Plot, detail: &SessionDetail) -> AnyView {
    let pnl = &detail.view.pnl;
    let profit = pnl.max_profit.filter(|profit| drawn(*profit) > plot.high);
    let loss = Some(-pnl.max_loss).filter(|loss| drawn(*loss) < plot.low);
    let edge = |class: &'static str, y: f64, words: String| {
        view! { <text class=class x="8" y=y.to_string()>{words}</text> }
    };
    view! {
        {profit.map(|profit| edge("at-gain", 12.0, format!("▲ max profit {}", format::signed(profit))))}
        {loss.map(|loss| edge("at-loss", 216.0, format!("▼ max loss {}", format::signed(loss))))}
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
    fn a_time_in_which_nothing_was_known_is_a_gap() {
        let line = [(0.0, 1.0), (1.0, 1.0), (2.0, 2.0), (60.0, 3.0), (61.0, 3.0)];
        assert_eq!(pieces(&line), [&line[..3], &line[3..]]);
        let thinned: Vec<(f64, f64)> = (0..20).map(|at| (f64::from(at) * 30.0, 0.0)).collect();
        assert_eq!(pieces(&thinned).len(), 1);
        assert!(pieces(&[]).is_empty());
    }

    /// Catches: "armed" and "peak" of one moment, written over each other.
    #[test]
    fn marks_of_one_place_have_one_word() {
        let mark = |x, y, name: &str, above| Mark { x, y, name: name.to_owned(), above };
        let marks = vec![
            mark(8.0, 90.0, "entered", false),
            mark(700.0, 20.0, "armed", true),
            mark(720.0, 16.0, "peak", true),
        ];
        let words: Vec<String> = together(marks).into_iter().map(|mark| mark.name).collect();
        assert_eq!(words, ["entered", "armed · peak"]);
        let apart = vec![mark(500.0, 60.0, "armed", true), mark(720.0, 16.0, "peak", true)];
        assert_eq!(together(apart).len(), 2);
    }

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
