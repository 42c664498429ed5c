//! Key figures of the machine: how orders fared, how fast the venue answered, how long streams lived, what became of
//! records. A tab of Telemetry.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use model::kpis::{CallFigures, OrderFigures, OrderLife, Share, Speed};

use super::tabs;
use crate::data;
use crate::format;
use crate::history_query::HistoryQuery;
use crate::parts::{Age, Panel};
use crate::port::KpiPaint;

const PATH: &str = "/telemetry/kpis";
const PERIODS: [(&str, &str); 5] =
    [("", "24 hours"), ("today", "Today"), ("7d", "7 days"), ("30d", "30 days"), ("all", "All")];
/// Life cycles that are painted.
const LIVES_SHOWN: usize = 40;

#[component]
pub fn KpiPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| HistoryQuery::read(|name| map.get(name))));
    view! {
        <Title text="Key figures"/>
        <div class="page-head">
            <h1 tabindex="-1">"Telemetry"</h1>
            {tabs("kpis")}
            {move || periods(&query.get())}
        </div>
        <Panel name="Key figures" class="bare">{data::kpis_paint().map(|paint| told(&paint))}</Panel>
    }
    .into_any()
}

fn periods(query: &HistoryQuery) -> AnyView {
    let dated = !query.from.is_empty() || !query.to.is_empty();
    let links = PERIODS
        .map(|(word, name)| {
            let current = (!dated && query.period == word).then_some("true");
            view! { <a href=HistoryQuery::default().during(word).to_href(PATH) aria-current=current>{name}</a> }
        })
        .collect_view();
    view! { <div class="segments" role="group" aria-label="Period">{links}</div> }.into_any()
}

fn told(paint: &KpiPaint) -> AnyView {
    let kpis = &paint.kpis;
    let known = match kpis.known_from {
        Some(from) if from > kpis.from => format!(", kept since {}", format::day(from)),
        Some(_) => String::new(),
        None => ", nothing kept yet: the first minute is not over".to_owned(),
    };
    let span = format!(
        "{} to {}{known}.",
        format::day(kpis.from.max(kpis.known_from.unwrap_or_default())),
        format::day(paint.as_of.min(kpis.to))
    );
    view! {
        <p class="scope"><b>{span}</b>" Times are UTC; percentiles are at most a fifth too high. "<Age at=Some(paint.as_of) before="read "/></p>
        {tiles(paint)}
        <div class="kpis">
            {calls(&kpis.venue)}
            {speeds(&kpis.orders)}
            {losses(paint)}
            {streams(&kpis.streams)}
            {lives(&kpis.orders.timelines)}
        </div>
    }
    .into_any()
}

fn tile(label: &'static str, figure: String, how: String) -> AnyView {
    view! {
        <div class="tile">
            <span class="label">{label}</span><span class="figure">{figure}</span><span class="how">{how}</span>
        </div>
    }
    .into_any()
}

/// A length of time in microseconds, or the dash.
fn time(us: Option<u64>) -> String {
    us.map_or_else(
        || format::UNKNOWN.to_owned(),
        |us| format::duration(i64::try_from(us).unwrap_or(i64::MAX)),
    )
}

/// Parts of a million as `99.95 %`.
fn share(ppm: Option<i64>) -> String {
    ppm.map_or_else(|| format::UNKNOWN.to_owned(), |ppm| format!("{}.{:02} %", ppm / 10_000, ppm / 100 % 100))
}

fn tiles(paint: &KpiPaint) -> AnyView {
    let (orders, kpis) = (&paint.kpis.orders, &paint.kpis);
    let calls: u64 = kpis.venue.iter().map(|call| call.calls).sum();
    let failed: u64 = kpis.venue.iter().map(|call| call.failed).sum();
    let prices = kpis.streams.iter().find(|stream| stream.stream == "prices");
    let shed = kpis.records.shed;
    let lost = paint.browser_unexplained;
    let unexplained = lost.map_or_else(
        || "browsers not known".to_owned(),
        |lost| format!("{} of browsers unexplained", format::count(lost)),
    );
    view! {
        <div class="tiles" role="group" aria-label="Key figures">
            {tile("Orders", format::count(orders.submitted), format!("{} filled, {} refused or held back, {} in doubt", orders.filled, orders.rejected + orders.denied, orders.ambiguous))}
            {tile("Decided to acknowledged", time(orders.acknowledged.p50_us), format!("half of {}; 99 of 100 within {}", format::count(orders.acknowledged.count), time(orders.acknowledged.p99_us)))}
            {tile("Venue calls", format::count(calls), format!("{} not ok", format::count(failed)))}
            {tile("Price stream up", share(prices.and_then(|prices| prices.up_ppm)), prices.map_or_else(|| "not watched".to_owned(), |prices| format::counted(usize::try_from(prices.losses).unwrap_or(usize::MAX), "loss").replace("losss", "losses")))}
            {tile("Records shed", format::count(shed), format!("of {} told; {unexplained}", format::count(kpis.records.told)))}
        </div>
    }
    .into_any()
}

/// A table in a panel of its own.
fn table(
    name: &'static str,
    end: String,
    head: &[&'static str],
    rows: Vec<AnyView>,
    empty: &'static str,
) -> AnyView {
    let body = if rows.is_empty() {
        view! { <p class="empty">{empty}</p> }.into_any()
    } else {
        let (first, rest) = head.split_first().map_or(("", head), |(first, rest)| (*first, rest));
        let heads = rest.iter().map(|name| view! { <th scope="col" class="n">{*name}</th> }).collect_view();
        view! {
            <div class="grid-table" class:speeds=head.contains(&"p90") tabindex="0" role="group" aria-label=name><table>
                <caption class="visually-hidden">{name}</caption>
                <thead><tr><th scope="col">{first}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! { <section class="panel" aria-label=name><header><h2>{name}</h2><span class="end">{end}</span></header>{body}</section> }
        .into_any()
}

fn cells(values: Vec<String>) -> AnyView {
    values.into_iter().map(|value| view! { <td class="n num">{value}</td> }).collect_view().into_any()
}

fn speed(speed: &Speed) -> Vec<String> {
    vec![time(speed.p50_us), time(speed.p90_us), time(speed.p99_us), time(speed.most_us)]
}

fn calls(venue: &[CallFigures]) -> AnyView {
    let rows = venue
        .iter()
        .map(|call| {
            let outcomes: Vec<String> = call.outcomes.iter().map(|(word, count)| format!("{word} {count}")).collect();
            let mut values = vec![format::count(call.calls), format::count(call.failed)];
            values.extend(speed(&call.latency));
            view! { <tr><th scope="row" title=outcomes.join(", ")><span class="num">{call.call.clone()}</span></th>{cells(values)}</tr> }
                .into_any()
        })
        .collect();
    let head = ["Call", "Calls", "Not ok", "p50", "p90", "p99", "Longest"];
    table("Venue latency", String::new(), &head, rows, "The venue was not called in this time.")
}

fn speeds(orders: &OrderFigures) -> AnyView {
    let row = |name: &'static str, of: &Speed| {
        let mut values = vec![format::count(of.count)];
        values.extend(speed(of));
        view! { <tr><th scope="row">{name}</th>{cells(values)}</tr> }.into_any()
    };
    let rows = if orders.submitted == 0 {
        Vec::new()
    } else {
        vec![row("Decided to acknowledged", &orders.acknowledged), row("Decided to filled", &orders.done)]
    };
    let end = format!(
        "{} canceled, {} rejected, {} denied, {} never sent",
        orders.canceled, orders.rejected, orders.denied, orders.never_sent
    );
    table(
        "Life of orders",
        end,
        &["From", "Orders", "p50", "p90", "p99", "Longest"],
        rows,
        "No order was sent in this time.",
    )
}

fn streams(streams: &[Share]) -> AnyView {
    let rows = streams
        .iter()
        .map(|stream| {
            let down = (stream.watched_ms - stream.up_ms).max(0);
            let values = vec![
                share(stream.up_ppm),
                crate::plain::span(stream.watched_ms.saturating_mul(1_000)),
                crate::plain::span(down.saturating_mul(1_000)),
                format::count(stream.losses),
            ];
            view! { <tr><th scope="row">{stream.stream.clone()}</th>{cells(values)}</tr> }.into_any()
        })
        .collect();
    table(
        "Streams",
        String::new(),
        &["Stream", "Up", "Watched", "Down", "Losses"],
        rows,
        "No stream was watched in this time.",
    )
}

/// What was told, and what became of it: nothing is missing without a word.
fn losses(paint: &KpiPaint) -> AnyView {
    let records = &paint.kpis.records;
    let known = |value: Option<i64>| {
        value.map_or_else(|| format::UNKNOWN.to_owned(), |value| format::count(value.unsigned_abs()))
    };
    let count = |value: Option<u64>| value.map_or_else(|| format::UNKNOWN.to_owned(), format::count);
    let mut rows = vec![
        ("Told by the server", format::count(records.told)),
        ("Stored", format::count(records.stored)),
        ("Sampled away, declared", format::count(records.sampled)),
        ("Shed for want of room, declared", format::count(records.shed)),
        ("Arrived from browsers of late", count(paint.browser_delivered)),
        ("Lost by browsers, unexplained", count(paint.browser_unexplained)),
    ];
    if paint.forwards {
        rows.extend([
            ("Offered to the search engine, ever", known(paint.offered)),
            ("Delivered", known(paint.delivered)),
            ("Refused for good, kept as dead letters", known(paint.quarantined)),
            ("Held", known(paint.held)),
        ]);
    }
    let trailing = &paint.kpis.trailing;
    rows.extend([
        ("Trailing floors armed", format::count(trailing.armed)),
        ("Floors raised", format::count(trailing.raised)),
        ("Exits by trailing floor", format::count(trailing.fired)),
    ]);
    let rows = rows
        .into_iter()
        .map(|(name, value)| {
            view! { <tr><th scope="row">{name}</th><td class="n num">{value}</td></tr> }.into_any()
        })
        .collect();
    table("Loss accounting and trailing", String::new(), &["What", "Count"], rows, "")
}

fn lives(lives: &[OrderLife]) -> AnyView {
    let ms = |value: Option<i64>| {
        value.map_or_else(|| format::UNKNOWN.to_owned(), |ms| format::duration(ms.saturating_mul(1_000)))
    };
    let rows = lives
        .iter()
        .take(LIVES_SHOWN)
        .map(|life| {
            let trace = format!("/trace/{}", life.correlation_id);
            let what = format!("{} {} {} {}", life.purpose, life.side, life.qty, life.symbol);
            let values = vec![
                ms(life.acknowledged_ms),
                ms(life.first_fill_ms),
                ms(life.ended_ms),
                format!("{} of {}", life.filled_qty, life.qty),
                format::words(&life.end),
            ];
            view! { <tr><th scope="row"><a href=trace title=life.client_order_id.clone()>{format::clock(life.submitted_at)}</a>" "{what}</th>{cells(values)}</tr> }
                .into_any()
        })
        .collect();
    let head = ["Order", "Acknowledged", "First fill", "Ended", "Filled", "End"];
    let end = format!("the latest {} of {}", lives.len().min(LIVES_SHOWN), lives.len());
    table("Order timelines", end, &head, rows, "No order ended in this time.")
}
