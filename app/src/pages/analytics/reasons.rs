//! Why trades ended: how often, how it went, and what leaving cost.

use leptos::prelude::*;
use model::ExitReason;
use model::analytics::{ReasonResult, Report};

use crate::format;
use crate::history_query::HistoryQuery;
use crate::pages::past::{money, reason_name};

pub fn reasons(report: &Report, trades: &HistoryQuery) -> AnyView {
    let all = report.trades;
    let rows = report.reasons.iter().map(|row| line(row, all, trades)).collect_view();
    view! {
        <section class="panel" aria-label="Exit reasons">
            <header><h2>"Why trades ended"</h2><span class="end"><span>"the first rule that matched"</span></span></header>
            <div class="grid-table"><table class="reasons">
                <caption class="visually-hidden">"Trades by the reason for which they ended, the most frequent first"</caption>
                <thead><tr>
                    <th scope="col">"Reason"</th><th scope="col" class="n">"Trades"</th><th scope="col" class="more n">"Share"</th><th scope="col" class="more"><span class="visually-hidden">"Share as a bar"</span></th>
                    <th scope="col" class="n">"Won"</th><th scope="col" class="more n">"Average"</th><th scope="col" class="more n">"Slippage"</th><th scope="col" class="n">"Total"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    }
    .into_any()
}

fn line(row: &ReasonResult, all: usize, trades: &HistoryQuery) -> AnyView {
    let href = row.reason.map(|reason| {
        HistoryQuery { exit_reason: ExitReason::word(reason).to_owned(), ..trades.clone() }.to_href("/trades")
    });
    let name = reason_name(row.reason);
    let name = match href {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    let share = row.trades * 1_000 / all.max(1);
    let unknown = row.trades - row.known;
    let unknown = (unknown > 0).then(|| view! { <span class="sub">{format!("{unknown} unknown")}</span> });
    let slippage = (row.slippage_known > 0).then(|| format::signed(row.slippage));
    view! {
        <tr>
            <td>{name}</td>
            <td class="n">{row.trades}{unknown}</td>
            <td class="more n">{format!("{}.{} %", share / 10, share % 10)}</td>
            <td class="more"><meter min="0" max="1000" value=share.to_string() aria-hidden="true"></meter></td>
            <td class="n">{format!("{} of {}", row.won, row.known)}</td>
            <td class="more n">{row.average.map(|average| money(Some(average)))}</td>
            <td class="more n">{slippage.unwrap_or_else(|| format::UNKNOWN.to_owned())}</td>
            <td class="n">{money((row.known > 0).then_some(row.net))}</td>
        </tr>
    }
    .into_any()
}
