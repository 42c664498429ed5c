//! Records over time, as a picture and as a table; a bucket narrows the list to itself.

use leptos::prelude::*;
use model::Micros;

use crate::format;
use crate::log_query::LogQuery;
use crate::port::{Bucket, Histogram};

const WIDTH: f64 = 1_404.0;
const PLOT: f64 = 1_344.0;
const BASE: f64 = 112.0;
const TOP: f64 = 18.0;

/// One bar: its three parts, from the base up.
#[derive(Clone, Debug, PartialEq)]
struct Bar {
    x: f64,
    width: f64,
    /// Class, top edge, height.
    parts: Vec<(&'static str, f64, f64)>,
}

/// Heights by the tallest bucket, which fills the plot.
fn bars(buckets: &[Bucket]) -> Vec<Bar> {
    let tallest = buckets.iter().map(total).max().unwrap_or(0).max(1) as f64;
    let step = PLOT / buckets.len().max(1) as f64;
    buckets
        .iter()
        .enumerate()
        .map(|(index, bucket)| {
            let mut top = BASE;
            let parts = [
                ("b-rest", rest(bucket)),
                ("b-warn", of(bucket, &["warn"])),
                ("b-error", of(bucket, &["error", "fatal"])),
            ]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(class, count)| {
                let height = count as f64 / tallest * (BASE - TOP);
                top -= height;
                (class, top, height)
            })
            .collect();
            Bar { x: 8.0 + step * index as f64, width: (step - 2.0).clamp(1.0, 60.0), parts }
        })
        .collect()
}

fn of(bucket: &Bucket, levels: &[&str]) -> u64 {
    levels.iter().filter_map(|level| bucket.counts.get(*level)).sum()
}

fn total(bucket: &Bucket) -> u64 {
    bucket.counts.values().sum()
}

fn rest(bucket: &Bucket) -> u64 {
    total(bucket) - of(bucket, &["warn", "error", "fatal"])
}

/// Columns of a picture, as many as the server counts without being told.
const COLUMNS: i64 = 60;
/// Width of a column when one bucket is all there is: the server's, for its default span of an hour.
const STEP_US: i64 = 60_000_000;

/// All columns of the span, empty ones too: the server names only those with records. The width is what divides
/// all distances.
fn with_gaps(buckets: &[Bucket]) -> Vec<Bucket> {
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else { return Vec::new() };
    let distances = buckets.windows(2).map(|pair| pair[1].from.0 - pair[0].from.0);
    let step = distances.fold(0, gcd);
    let step = if step > 0 { step } else { STEP_US };
    let before = ((last.from.0 - first.from.0) / step).clamp(COLUMNS - 1, 1_000);
    (0..=before)
        .rev()
        .map(|back| {
            let from = Micros(last.from.0 - back * step);
            let counts =
                buckets.iter().find(|bucket| bucket.from == from).map(|bucket| bucket.counts.clone());
            Bucket { from, counts: counts.unwrap_or_default() }
        })
        .collect()
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Where a bucket ends: the next one's begin, for the last one its own width further.
fn end_of(buckets: &[Bucket], index: usize) -> Micros {
    let width = match buckets {
        [first, second, ..] => second.from.0 - first.from.0,
        _ => 1_000_000,
    };
    buckets.get(index + 1).map_or(Micros(buckets[index].from.0 + width), |next| next.from)
}

#[component]
pub fn HistogramView(histogram: Histogram, query: Memo<LogQuery>) -> impl IntoView {
    let buckets = with_gaps(&histogram.buckets);
    let sum = |levels: &[&str]| buckets.iter().map(|bucket| of(bucket, levels)).sum::<u64>();
    let (all, warn, error) =
        (buckets.iter().map(total).sum::<u64>(), sum(&["warn"]), sum(&["error", "fatal"]));
    let others = format::count(all - warn - error);
    let span = match (buckets.first(), buckets.len()) {
        (Some(first), count @ 1..) => format!(
            "{} to {}",
            format::date_clock(first.from),
            format::date_clock(end_of(&buckets, count - 1))
        ),
        _ => "no time".to_owned(),
    };
    let label = format!(
        "Matching records over time, {span}: {all} in all, {warn} warnings, {error} errors. A bar leads to its time; drawing over several leads to theirs. The same follows as a table."
    );
    view! {
        <div class="time-head">
            <span class="levels">
                <span><i></i>"debug and info " <span class="num">{others}</span></span>
                <span><i data-level="warn"></i>"warn " <span class="num">{format::count(warn)}</span></span>
                <span><i data-level="error"></i>"error " <span class="num">{format::count(error)}</span></span>
            </span>
            <span class="end">{span}</span>
        </div>
        <div class="chart-window">
            <svg class="chart histogram" viewBox=format!("0 0 {WIDTH} 136") role="group" aria-label=label>
                <line class="zero" x1="8" x2="1352" y1="112" y2="112"></line>
                {columns(&buckets, query)}
                {time_marks(&buckets)}
            </svg>
        </div>
        <details class="data-table">
            <summary>"Counts as a table"</summary>
            <BucketTable buckets query/>
        </details>
    }
    .into_any()
}

/// Every bucket as a column to draw over; one with records is a link into its time. The last one is where Tab stops,
/// arrows go on from there.
fn columns(buckets: &[Bucket], query: Memo<LogQuery>) -> impl IntoView + use<> {
    let last = buckets.iter().rposition(|bucket| total(bucket) > 0);
    let bars = bars(buckets).into_iter().enumerate();
    bars.map(|(index, bar)| {
        let (from, to) = (buckets[index].from, end_of(buckets, index));
        let column = column(&bar, from, to);
        match total(&buckets[index]) {
            0 => column,
            count => {
                let records = format::counted(usize::try_from(count).unwrap_or(usize::MAX), "record");
                let name = format!("{}: {records}", format::date_clock(from));
                let tab = if Some(index) == last { "0" } else { "-1" };
                let href = narrowed(&query.get_untracked(), from, to);
                view! { <a href=href aria-label=name tabindex=tab>{column}{parts(bar)}</a> }.into_any()
            }
        }
    })
    .collect_view()
}

fn column(bar: &Bar, from: Micros, to: Micros) -> AnyView {
    let (x, width) = (format!("{:.1}", bar.x - 1.0), format!("{:.1}", bar.width + 2.0));
    view! { <rect class="column" x=x y="0" width=width height=BASE.to_string() data-from=from.to_rfc3339() data-to=to.to_rfc3339()></rect> }
        .into_any()
}

fn parts(bar: Bar) -> impl IntoView {
    let Bar { x, width, parts } = bar;
    parts
        .into_iter()
        .map(|(class, top, height)| {
            view! { <rect class=class x=format!("{x:.1}") y=format!("{top:.1}") width=format!("{width:.1}") height=format!("{height:.1}")></rect> }
        })
        .collect_view()
}

/// The page with that time, and everything else as it is.
fn narrowed(query: &LogQuery, from: Micros, to: Micros) -> String {
    let (from, to) = (from.to_rfc3339(), to.to_rfc3339());
    LogQuery { from, to, cursor: String::new(), range: String::new(), ..query.clone() }.to_href()
}

/// Up to six times under the bars.
fn time_marks(buckets: &[Bucket]) -> impl IntoView + use<> {
    let step = PLOT / buckets.len().max(1) as f64;
    let every = buckets.len().div_ceil(6).max(1);
    buckets
        .iter()
        .enumerate()
        .step_by(every)
        .map(|(index, bucket)| view! { <text x=format!("{:.1}", 8.0 + step * index as f64) y="130">{format::clock(bucket.from)}</text> })
        .collect_view()
}

#[component]
fn BucketTable(buckets: Vec<Bucket>, query: Memo<LogQuery>) -> impl IntoView {
    let rows = (0..buckets.len())
        .filter(|index| total(&buckets[*index]) > 0)
        .map(|index| {
            let (from, to) = (buckets[index].from, end_of(&buckets, index));
            let href = move || narrowed(&query.get(), from, to);
            let bucket = &buckets[index];
            view! {
                <tr>
                    <td><a href=href>{format::date_clock(from)}</a></td>
                    <td class="n">{format::count(total(bucket))}</td>
                    <td class="n">{format::count(of(bucket, &["warn"]))}</td>
                    <td class="n">{format::count(of(bucket, &["error", "fatal"]))}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="grid-table"><table>
            <thead><tr><th>"From, UTC"</th><th class="n">"All"</th><th class="n">"Warnings"</th><th class="n">"Errors"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(from: i64, counts: &[(&str, u64)]) -> Bucket {
        Bucket {
            from: Micros(from),
            counts: counts.iter().map(|(level, count)| ((*level).to_owned(), *count)).collect(),
        }
    }

    #[test]
    fn the_tallest_bucket_fills_the_plot_and_parts_stack() {
        let drawn = bars(&[
            bucket(0, &[("info", 6), ("warn", 2), ("error", 2)]),
            bucket(5, &[("debug", 5)]),
            bucket(10, &[]),
        ]);
        let heights: f64 = drawn[0].parts.iter().map(|(_, _, height)| height).sum();
        assert!((heights - (BASE - TOP)).abs() < 1e-9);
        assert_eq!(
            drawn[0].parts.iter().map(|part| part.0).collect::<Vec<_>>(),
            ["b-rest", "b-warn", "b-error"]
        );
        assert!((drawn[0].parts[2].1 - TOP).abs() < 1e-9);
        assert_eq!((drawn[1].parts.len(), drawn[2].parts.len()), (1, 0));
    }

    #[test]
    fn what_the_server_leaves_out_is_a_gap_of_the_same_width() {
        let told = [bucket(0, &[("info", 1)]), bucket(20, &[("info", 2)]), bucket(50, &[("warn", 3)])];
        let all = with_gaps(&told);
        assert_eq!((all.len(), all[0].from, all[59].from), (60, Micros(-540), Micros(50)));
        assert_eq!(all.iter().map(total).sum::<u64>(), 6);
        assert_eq!(with_gaps(&told[..1]).len(), 60);
        assert_eq!(with_gaps(&[]), []);
    }

    #[test]
    fn the_last_bucket_ends_its_own_width_later() {
        let buckets = [bucket(0, &[]), bucket(5, &[])];
        assert_eq!((end_of(&buckets, 0), end_of(&buckets, 1)), (Micros(5), Micros(10)));
    }
}
