//! The key figures as tiles: what it is, how it came about, on how many cases it rests. Each leads to its trades.

use leptos::prelude::*;
use model::analytics::{Figure, Missing, Report};
use model::{Decimal, Money};

use crate::format;
use crate::history_query::HistoryQuery;
use crate::pages::past::{date, money, percent, span};

/// What a tile says.
struct Tile {
    label: &'static str,
    figure: AnyView,
    how: String,
    unit: &'static str,
    of: Figure,
    href: String,
}

pub fn tiles(report: &Report, trades: &HistoryQuery) -> AnyView {
    let all = || trades.to_href("/trades");
    let sorted = |sort: &str| HistoryQuery { sort: sort.to_owned(), ..trades.clone() }.to_href("/trades");
    let tiles = first(report, &all, &sorted).into_iter().chain(second(report, &all, &sorted));
    view! {
        <nav class="tiles" aria-label="Key figures, each opens its trades">{tiles.map(tile).collect_view()}</nav>
    }
    .into_any()
}

fn tile(tile: Tile) -> AnyView {
    let Tile { label, figure, how, unit, of, href } = tile;
    let few = of.few.then_some("");
    let sample = format::counted(of.sample, unit);
    let warning = of.few.then(|| view! { ": "<b>"under 20, too few"</b> });
    view! {
        <a class="tile" href=href data-few=few>
            <span class="label">{label}</span>
            <span class="figure">{figure}</span>
            <span class="how">{how}</span>
            <span class="sample">{sample}{warning}</span>
        </a>
    }
    .into_any()
}

/// A value by its writer, or the dash with the reason in the line below.
fn told(figure: &Figure, write: impl Fn(Decimal) -> AnyView, how: String) -> (AnyView, String) {
    match figure.value {
        Some(value) => (write(value), how),
        None => {
            let why = figure.missing.map_or("not known", Missing::sentence);
            (format::UNKNOWN.into_any(), format!("Not defined: {why}."))
        }
    }
}

fn amount(value: Decimal) -> AnyView {
    money(Some(value))
}

fn share(value: Decimal) -> AnyView {
    percent(value).into_any()
}

fn plain_ratio(value: Decimal) -> AnyView {
    model::amount::plain(value).into_any()
}

fn first(report: &Report, all: &impl Fn() -> String, sorted: &impl Fn(&str) -> String) -> Vec<Tile> {
    let (figures, facts) = (&report.figures, &report.facts);
    let tile = |label, of: &Figure, write: fn(Decimal) -> AnyView, how: String, href: String| {
        let (figure, how) = told(of, write, how);
        Tile { label, figure, how, unit: "trade", of: of.clone(), href }
    };
    let even = if facts.even > 0 { format!(", {} at 0.00", facts.even) } else { String::new() };
    let average = |money: Option<Money>| format::signed_or_unknown(money);
    let fall = match &report.drawdown {
        Some(fall) => {
            let from = fall.from.map_or_else(|| "the beginning".to_owned(), date);
            format!("{from} to {}, closed trades", date(fall.to))
        }
        None => "the sum of results never fell".to_owned(),
    };
    vec![
        tile(
            "Net P&L",
            &figures.net,
            amount,
            format!(
                "{} gained, {} lost",
                format::grouped_plain(facts.gained),
                format::grouped_plain(facts.given)
            ),
            all(),
        ),
        tile(
            "Win rate",
            &figures.win_rate,
            share,
            format!("{} won, {} lost{even}", facts.won, facts.lost),
            sorted("-net"),
        ),
        tile(
            "Profit factor",
            &figures.profit_factor,
            plain_ratio,
            format!(
                "{} gained ÷ {} lost",
                format::grouped_plain(facts.gained),
                format::grouped_plain(facts.given)
            ),
            sorted("net"),
        ),
        tile(
            "Expectancy",
            &figures.expectancy,
            amount,
            format!("a trade: won {}, lost {}", average(facts.average_win), average(facts.average_loss)),
            all(),
        ),
        tile("Max drawdown", &figures.max_drawdown, amount, fall, sorted("net")),
    ]
}

fn second(report: &Report, all: &impl Fn() -> String, sorted: &impl Fn(&str) -> String) -> Vec<Tile> {
    let (figures, facts) = (&report.figures, &report.facts);
    let tile = |label, unit, of: &Figure, write: fn(Decimal) -> AnyView, how: String, href: String| {
        let (figure, how) = told(of, write, how);
        Tile { label, figure, how, unit, of: of.clone(), href }
    };
    let time = |ms: Option<i64>| ms.map_or_else(|| format::UNKNOWN.to_owned(), span);
    let held = |value: Decimal| span(i64::try_from(value.round()).unwrap_or(i64::MAX)).into_any();
    let slippage = match facts.slippage_known {
        0 => "slippage not known".to_owned(),
        known => {
            format!("slippage {} in {}", format::signed(facts.slippage), format::counted(known, "trade"))
        }
    };
    let kept = figures.net.value.unwrap_or_default();
    vec![
        tile(
            "Credit captured",
            "trade",
            &figures.credit_captured,
            share,
            format!("{} kept of {} sold", format::grouped_plain(kept), format::grouped_plain(facts.credit)),
            sorted("-credit"),
        ),
        tile(
            "Fee drag",
            "trade",
            &figures.fee_drag,
            share,
            format!("of credit: fees {}; {slippage}", format::grouped_plain(facts.fees)),
            sorted("-fees"),
        ),
        tile(
            "Average time in trade",
            "trade",
            &figures.held_ms,
            held,
            format!("half under {}, longest {}", time(facts.held_median_ms), time(facts.held_longest_ms)),
            sorted("-held"),
        ),
        tile("Sharpe", "day", &figures.sharpe, plain_ratio, "daily results × √365".to_owned(), all()),
        tile(
            "Sortino",
            "day",
            &figures.sortino,
            plain_ratio,
            "daily results × √365, losing days only".to_owned(),
            all(),
        ),
    ]
}
