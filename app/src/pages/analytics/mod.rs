//! Analytics: what came of it, on how many trades each figure rests, and where the money went.

mod calendar;
mod definitions;
mod equity;
mod reasons;
mod tiles;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use model::ExecutionMode;

use super::past::{
    choice, configuration_name, date, day_field, hidden, mode_name, named, period_picker, show_or_clear,
};
use crate::data;
use crate::format;
use crate::history_query::HistoryQuery;
use crate::parts::{Age, Panel};
use crate::port::{Analytics, Choices};

const PATH: &str = "/analytics";

#[component]
pub fn AnalyticsPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| HistoryQuery::read(|name| map.get(name))));
    let paint = data::analytics_paint();
    let known = paint.as_ref().ok();
    let choices = known.map(|paint| paint.choices.clone()).unwrap_or_default();
    let mode = known.map(|paint| paint.execution_mode);
    view! {
        <Title text="Analytics"/>
        <div class="page-head">
            <h1 tabindex="-1">"Analytics"</h1>
            {move || period_picker(&query.get(), PATH)}
            <div class="actions">
                <a class="button" href=move || query.get().to_href("/api/v1/trades.csv")>"Trades as CSV"</a>
                <a class="button" href=move || query.get().to_href("/api/v1/analytics.csv")>"Days as CSV"</a>
            </div>
        </div>
        {filters(&query.get_untracked(), &choices, mode)}
        <Panel name="Figures" class="bare">
            {paint.map(|paint| told(paint, &query.get_untracked()))}
        </Panel>
    }
    .into_any()
}

fn filters(query: &HistoryQuery, choices: &Choices, mode: Option<ExecutionMode>) -> AnyView {
    let modes =
        ExecutionMode::ALL.iter().map(|each| (each.word().to_owned(), mode_name(*each).to_owned())).collect();
    let chosen = match (query.execution_mode.as_str(), mode) {
        ("", Some(mode)) => mode.word(),
        (word, _) => word,
    };
    view! {
        <form class="filters" method="get" action=PATH aria-label="Filters">
            {hidden("period", &query.period)}
            {unseen(query).map(|(name, value)| hidden(name, value)).collect_view()}
            {day_field("From", "from", &query.from)}
            {day_field("To", "to", &query.to)}
            {choice("Mode", "execution_mode", chosen, modes)}
            {choice("Configuration", "configuration", &query.configuration, named(&choices.configurations, configuration_name))}
            {choice("Underlying", "underlying", &query.underlying, named(&choices.underlyings, str::to_owned))}
            {show_or_clear(PATH)}
        </form>
    }
    .into_any()
}

fn told(paint: Analytics, query: &HistoryQuery) -> AnyView {
    // Tiles and days lead to their own trades: those of the mode that is shown, in the market.
    let trades = HistoryQuery {
        execution_mode: paint.execution_mode.word().to_owned(),
        result: "traded".to_owned(),
        ..query.whole()
    };
    let scope = scope(&paint, query);
    if paint.report.trades == 0 {
        return view! { {scope}{nothing(&paint, query)} }.into_any();
    }
    let report = paint.report;
    view! {
        {scope}
        {tiles::tiles(&report, &trades)}
        <div class="analytics">
            <div class="column">
                {equity::equity(&report)}
                {calendar::calendar(&report, &trades)}
                {reasons::reasons(&report, &trades)}
            </div>
            <div class="column">{definitions::definitions()}</div>
        </div>
    }
    .into_any()
}

/// Filters that came with a link and that the form has no field for.
fn unseen(query: &HistoryQuery) -> [(&'static str, &str); 3] {
    [("strategy_id", &query.strategy_id), ("exit_reason", &query.exit_reason), ("result", &query.result)]
}

/// What the figures are about, in a line.
fn scope(paint: &Analytics, query: &HistoryQuery) -> AnyView {
    let report = &paint.report;
    let span = match (report.first_at, report.last_at) {
        (Some(first), Some(last)) if date(first) == date(last) => date(first),
        (Some(first), Some(last)) => format!("{} to {}", date(first), date(last)),
        (None, _) | (_, None) => "No trades".to_owned(),
    };
    let count = format::counted(report.trades, "trade");
    let unknown = (report.unknown > 0).then(|| {
        view! { " " <span class="tag" data-tone="doubt">{format!("{} of {} without known result, in no figure", report.unknown, report.trades)}</span> }
    });
    let only = unseen(query).map(|(name, value)| {
        let text = format!("{}: {}", format::words(name), format::words(value).to_lowercase());
        (!value.is_empty()).then(|| view! { <span class="tag" data-tone="act">{text}</span>" " })
    });
    let running = (paint.running > 0).then(|| {
        let count = format::counted(paint.running, "session");
        view! { " " <a href="/">{count}</a> " running, not counted yet." }
    });
    let cut = (!paint.complete).then(|| {
        view! { " " <span class="tag" data-tone="doubt">"more trades match: only the latest 100,000 are counted"</span> }
    });
    view! {
        <p class="scope">
            <b>{format!("{span} · {count} · {}.", mode_name(paint.execution_mode).to_lowercase())}</b>
            " In USD, net of fees; days are UTC. "
            {only.into_iter().collect_view()}{unknown}{running}{cut}
            " "<Age at=Some(paint.as_of) before="read "/>
        </p>
    }
    .into_any()
}

fn nothing(paint: &Analytics, query: &HistoryQuery) -> AnyView {
    let (head, text) = if query.is_narrowed() {
        ("Nothing matches", "No session that was in the market ended in this span with these filters.")
    } else {
        (
            "No trades yet",
            "Results appear here when a session has ended: net, win rate, drawdown and why sessions ended.",
        )
    };
    let clear = query.is_narrowed().then(|| view! { <a class="button" href=PATH>"Clear the filters"</a> });
    let start = if paint.running > 0 { "See what runs" } else { "Start a session" };
    view! {
        <section class="panel" aria-label="No figures"><div class="empty">
            <h2>{head}</h2><p>{text}</p>
            <p class="buttons">{clear}<a class="button" href="/">{start}</a></p>
        </div></section>
    }
    .into_any()
}
