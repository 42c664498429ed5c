//! Orders and their fills, newest first, each leading to its trace.

use leptos::prelude::*;
use model::order::OrderStatus;
use model::view::OrderView;

use crate::format;
use crate::parts::{TraceLink, order_tone, orders_in_short};
use crate::shown::use_shown;

#[component]
pub fn Orders() -> impl IntoView {
    let shown = use_shown();
    let orders = shown.part(|session| {
        let mut orders = session.orders.clone();
        orders.sort_by_key(|order| std::cmp::Reverse(order.submitted_at));
        orders
    });
    let orders = Memo::new(move |_| orders.get().unwrap_or_default());
    let summary = shown.part(orders_in_short);
    view! {
        <header><h2>"Orders and fills"</h2><span class="end"><span>{move || summary.get().unwrap_or_default()}</span></span></header>
        <div class="grid-table"><table>
            <caption class="visually-hidden">"Orders of the session, newest first; times in UTC"</caption>
            <thead><tr><th>"Time"</th><th class="more">"Order"</th><th>"Side"</th><th>"Symbol"</th><th class="more n">"Lots"</th><th class="more n">"Limit"</th><th class="n">"Average"</th><th>"State"</th><th class="more">"Life"</th><th class="more">"Trace"</th></tr></thead>
            <tbody>
                {move || orders.get().into_iter().map(|order| view! { <OrderRow order/> }).collect_view()}
            </tbody>
        </table></div>
        <p class="empty" hidden=move || orders.with(|orders| !orders.is_empty())>"No order yet. Each order appears here the moment it is decided, before the venue has seen it."</p>
        <Fills/>
    }
    .into_any()
}

#[component]
fn OrderRow(order: OrderView) -> impl IntoView {
    let steps = [true, true, order.acknowledged_at.is_some(), order.status == OrderStatus::Filled];
    let said = format!(
        "intended, sent{}{}",
        if steps[2] { ", acknowledged" } else { "" },
        if steps[3] { ", filled" } else { "" }
    );
    let life = format::duration(order.updated_at.0 - order.submitted_at.0);
    let steps = steps.map(|done| view! { <i data-done=done.then_some("")></i> }).collect_view();
    let limit = order.limit_price.map_or_else(|| "market".to_owned(), format::price);
    let reason = order.reason.map(|reason| view! { <span class="sub">{reason.words()}</span> });
    let key = order.client_order_id.to_string();
    view! {
        <tr data-key=key>
            <td class="num">{format::clock_ms(order.submitted_at)}</td>
            <td class="more num">{order.client_order_id.0}</td>
            <td>{order.side.word()}</td>
            <td class="symbol">{order.symbol.0}</td>
            <td class="more n">{format!("{} / {}", format::lots(order.filled_qty), format::lots(order.qty))}</td>
            <td class="more n">{limit}</td>
            <td class="n">{format::price_or_none(order.average_price)}</td>
            <td><span class="tag" data-tone=order_tone(order.status)>{format::words(order.status.word()).to_lowercase()}</span>{reason}</td>
            <td class="more"><span class="steps" role="img" aria-label=said>{steps}</span>" "<span class="age">{life}</span></td>
            <td class="more"><TraceLink id=order.correlation_id/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Fills() -> impl IntoView {
    let fills = use_shown().part(|session| session.fills.clone());
    let count = move || fills.with(|fills| fills.as_ref().map_or(0, Vec::len));
    let rows = move || {
        let fills = fills.get().unwrap_or_default();
        fills
            .into_iter()
            .rev()
            .map(|fill| {
                view! {
                    <tr>
                        <td class="num">{format::clock_ms(fill.time)}</td>
                        <td>{fill.side.word()}</td>
                        <td class="symbol">{fill.symbol.0}</td>
                        <td class="n">{format::lots(fill.qty)}</td>
                        <td class="n">{format::price(fill.price)}</td>
                        <td class="n">{fill.fee.round_dp(6).normalize().to_string()}</td>
                        <td class="more">{if fill.settlement { "settlement" } else { "trade" }}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <details class="data-table" hidden=move || count() == 0>
            <summary>{move || format!("Fills ({})", count())}</summary>
            <div class="grid-table"><table>
                <caption class="visually-hidden">"Fills of the session, newest first; times in UTC"</caption>
                <thead><tr><th>"Time"</th><th>"Side"</th><th>"Symbol"</th><th class="n">"Lots"</th><th class="n">"Price"</th><th class="n">"Fee"</th><th class="more">"Kind"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </details>
    }
    .into_any()
}
