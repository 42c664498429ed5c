//! Trades: every finished session in pages, narrowed and ordered by the address, with what all that match add up to.

mod filters;
mod ledger;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::past::{money, period_picker};
use crate::data;
use crate::format;
use crate::history_query::HistoryQuery;
use crate::parts::{Age, Panel};
use crate::port::ResultsPage;

pub const PATH: &str = "/trades";

#[component]
pub fn TradesPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| HistoryQuery::read(|name| map.get(name))));
    let paint = data::results_paint();
    let choices = paint.as_ref().map(|page| page.choices.clone()).unwrap_or_default();
    view! {
        <Title text="Trades"/>
        <div class="page-head">
            <h1 tabindex="-1">"Trades"</h1>
            {move || period_picker(&query.get(), PATH)}
            <div class="actions">
                <a class="button" href=move || query.get().whole().to_href("/analytics")>"Figures of these"</a>
                <a class="button" href=move || csv(&query.get())>"CSV"</a>
            </div>
        </div>
        {filters::filters(&query.get_untracked(), &choices)}
        <Panel name="Finished sessions" class="ledger">
            {paint.map(|page| told(&page, &query.get_untracked()))}
        </Panel>
    }
    .into_any()
}

/// The file has all rows, not one page.
fn csv(query: &HistoryQuery) -> String {
    HistoryQuery { limit: String::new(), ..query.whole() }.to_href("/api/v1/trades.csv")
}

fn told(page: &ResultsPage, query: &HistoryQuery) -> AnyView {
    let body =
        if page.results.is_empty() { nothing(page, query) } else { ledger::ledger(&page.results, query) };
    view! {
        <header><h2>"Finished sessions"</h2><span class="end"><Age at=Some(page.as_of) before="read "/></span></header>
        {totals(page)}
        {body}
        {paging(page, query)}
    }
    .into_any()
}

/// What all that match add up to, not only this page.
fn totals(page: &ResultsPage) -> AnyView {
    let totals = &page.totals;
    let known = totals.traded - totals.unknown;
    let unknown = (totals.unknown > 0).then(|| {
        view! { <span><span class="tag" data-tone="doubt">{format!("{} of {} without known result", totals.unknown, totals.traded)}</span>", not in the sum"</span> }
    });
    let even = (totals.even > 0).then(|| format!(", {} at 0.00", totals.even));
    let untraded = totals.sessions - totals.traded;
    let untraded = (untraded > 0).then(|| view! { <span>{format!("{untraded} never in the market")}</span> });
    let net = if known > 0 { money(Some(totals.net)) } else { format::UNKNOWN.into_any() };
    let running = (page.running > 0).then(|| {
        let count = format::counted(page.running, "session");
        view! { <span><a href="/">{count}</a>" running, listed when over"</span> }
    });
    view! {
        <p class="sum-line">
            <span><b>{format::counted(usize::try_from(totals.sessions).unwrap_or(usize::MAX), "session")}</b></span>
            <span>"Net "{net}</span>
            <span>{format!("{} won, {} lost", totals.won, totals.lost)}{even}</span>
            <span>"Credit "<span class="num">{format::grouped_plain(totals.credit)}</span></span>
            <span>"Fees "<span class="num">{format::grouped_plain(totals.fees)}</span></span>
            {untraded}{unknown}{running}
        </p>
    }
    .into_any()
}

fn nothing(page: &ResultsPage, query: &HistoryQuery) -> AnyView {
    if page.pages > 0 {
        let last = HistoryQuery { page: page.pages.to_string(), ..query.clone() }.to_href(PATH);
        return view! {
            <div class="empty">
                <h2>{format!("There is no page {}", page.page)}</h2>
                <p>{format!("What matches fills {}.", format::counted(usize::try_from(page.pages).unwrap_or(usize::MAX), "page"))}</p>
                <p class="buttons"><a class="button" href=last>"To the last page"</a></p>
            </div>
        }
        .into_any();
    }
    if query.is_narrowed() {
        return view! {
            <div class="empty">
                <h2>"Nothing matches"</h2>
                <p>"No finished session fits these filters. A session counts for the time at which it ended."</p>
                <p class="buttons"><a class="button" href=PATH>"Clear the filters"</a></p>
            </div>
        }
        .into_any();
    }
    let start = if page.running > 0 { "See what runs" } else { "Start a session" };
    view! {
        <div class="empty">
            <h2>"No session has ended yet"</h2>
            <p>"Each session appears here when it is over and verified flat: why it ended, what it cost, what is left. A session that runs is on Control."</p>
            <p class="buttons"><a class="button" href="/">{start}</a></p>
        </div>
    }
    .into_any()
}

fn paging(page: &ResultsPage, query: &HistoryQuery) -> AnyView {
    if page.results.is_empty() {
        return ().into_any();
    }
    let first = (page.page - 1) * page.limit + 1;
    let last = first + page.results.len() as u64 - 1;
    let at = |number: u64| HistoryQuery { page: number.to_string(), ..query.clone() }.to_href(PATH);
    let newer = (page.page > 1).then(|| view! { <a href=at(page.page - 1) rel="prev">"Previous"</a> });
    let older = (page.page < page.pages).then(|| view! { <a href=at(page.page + 1) rel="next">"Next"</a> });
    let rows = format!("Rows {first} to {last} of {}", format::count(page.totals.sessions));
    view! {
        <footer><nav class="paging" aria-label="Pages of the list"><span>{rows}</span>{newer}{older}</nav></footer>
    }
    .into_any()
}
