//! The list itself: a line for each finished session; columns are ordered by links.

use leptos::prelude::*;
use model::result::SessionResult;

use super::PATH;
use crate::format;
use crate::history_query::HistoryQuery;
use crate::pages::past::{configuration_name, money, reason_name, span};
use crate::parts::live_tag;

pub fn ledger(results: &[SessionResult], query: &HistoryQuery) -> AnyView {
    let head =
        |sort: &'static str, label: &'static str, class: &'static str| heading(query, sort, label, class);
    let rows = results.iter().map(row).collect_view();
    view! {
        <div class="grid-table"><table class="ledger-table">
            <caption class="visually-hidden">"Finished sessions; headings with a link change the order"</caption>
            <thead><tr>
                {head("ended_at", "Ended, UTC", "")}
                <th scope="col" class="fit">"Session"</th>
                <th scope="col">"Configuration"</th>
                <th scope="col" class="mid">"Legs"</th>
                <th scope="col" class="more">"Why it ended"</th>
                {head("held", "In trade", "n more")}
                {head("credit", "Credit", "n more")}
                {head("fees", "Fees", "n more")}
                {head("slippage", "Slippage", "n fit")}
                <th scope="col" class="mid n">"Best / worst"</th>
                {head("net", "Net", "n")}
            </tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
    }
    .into_any()
}

/// A heading that orders by its column: the largest first, and on a second click the smallest.
fn heading(query: &HistoryQuery, sort: &'static str, label: &'static str, class: &'static str) -> AnyView {
    let now = if query.sort.is_empty() { "-ended_at" } else { query.sort.as_str() };
    let (column, descending) = now.strip_prefix('-').map_or((now, false), |column| (column, true));
    let is_sorted = column == sort;
    let next = if is_sorted && descending { sort.to_owned() } else { format!("-{sort}") };
    let order = match (is_sorted, descending) {
        (true, true) => Some("descending"),
        (true, false) => Some("ascending"),
        (false, _) => None,
    };
    let href = HistoryQuery { sort: next, ..query.whole() }.to_href(PATH);
    view! { <th scope="col" class=class aria-sort=order><a class="sort" href=href>{label}</a></th> }
        .into_any()
}

fn row(result: &SessionResult) -> AnyView {
    let id = result.session_id.to_string();
    let href = format!("/sessions/{id}");
    let ended = format::date_clock(result.ended_at);
    let label = format!("Session {id}, ended {ended}");
    let live = live_tag(result.execution_mode);
    let legs = result.legs.iter().map(|leg| leg.symbol.as_str()).collect::<Vec<_>>().join(" ");
    let reason = reason_name(result.exit_reason);
    let also = (!result.also_matched.is_empty()).then(|| {
        let others = result.also_matched.iter().map(|reason| format::words(reason.word()));
        let title = format!("Also matched: {}", others.collect::<Vec<_>>().join(", "));
        view! { <span class="also-tag" title=title.clone()>{format!("+{}", result.also_matched.len())}<span class="visually-hidden">{title.clone()}</span></span> }
    });
    let none = || format::NONE.to_owned();
    let amount = |money: Option<model::Money>| money.map_or_else(none, format::signed);
    let credit = if result.traded { format::grouped_plain(result.credit) } else { none() };
    let fees = if result.traded { format::grouped_plain(result.fees) } else { none() };
    let net = if result.traded {
        money(result.net)
    } else {
        view! { <span class="flat">"not in the market"</span> }.into_any()
    };
    view! {
        <tr data-key=result.session_id.to_string()>
            <td class="num"><a href=href.clone() aria-label=label>{ended}</a></td>
            <td class="fit"><a class="id" href=href>{id}</a></td>
            <td>{configuration_name(&result.configuration)}{live}<span class="sub narrow">{reason.clone()}</span></td>
            <td class="mid what num">{legs}</td>
            <td class="more reason">{reason}{also}</td>
            <td class="n more">{result.held_ms.filter(|_| result.traded).map_or_else(none, span)}</td>
            <td class="n more">{credit}</td>
            <td class="n more">{fees}</td>
            <td class="n fit">{amount(result.slippage)}</td>
            <td class="n mid">{format!("{} / {}", amount(result.best), amount(result.worst))}</td>
            <td class="n">{net}</td>
        </tr>
    }
    .into_any()
}
