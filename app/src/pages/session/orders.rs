//! Orders by what they were for, each with its fills and its trace; newest first.

use leptos::prelude::*;
use model::order::{Purpose, Side};
use model::view::{FillView, OrderView, SessionView};
use model::{Lots, Price};

use crate::format;
use crate::parts::{TraceLink, order_tone, orders_in_short};

/// Prices of an order that are told one by one.
const PRICES_SHOWN: usize = 6;

pub fn orders(session: &SessionView) -> AnyView {
    let groups = [Purpose::Close, Purpose::Protect, Purpose::Entry].map(|purpose| group(session, purpose));
    let body = if session.orders.is_empty() {
        view! { <p class="empty">"No order was sent. Each order stands here with its fills, its fees and its trace."</p> }.into_any()
    } else {
        view! {
            <div class="grid-table"><table>
                <caption class="visually-hidden">"Orders of the session by what they were for; times in UTC"</caption>
                <thead><tr>
                    <th scope="col">"Time, UTC"</th><th scope="col" class="more">"Side"</th><th scope="col">"Leg"</th><th scope="col" class="more n">"Lots"</th><th scope="col" class="more n">"Limit"</th>
                    <th scope="col" class="n">"Average"</th><th scope="col" class="more n">"Fee"</th><th scope="col">"State"</th><th scope="col" class="more">"Trace"</th>
                </tr></thead>
                {groups.into_iter().collect_view()}
            </table></div>
        }
        .into_any()
    };
    view! {
        <section class="panel orders" aria-label="Orders and fills">
            <header><h2>"Orders and fills"</h2><span class="end"><span>{orders_in_short(session)}</span></span></header>
            {body}
            {settled(session)}
        </section>
    }
    .into_any()
}

fn group(session: &SessionView, purpose: Purpose) -> Option<AnyView> {
    let mut orders: Vec<&OrderView> =
        session.orders.iter().filter(|order| order.purpose == purpose).collect();
    if orders.is_empty() {
        return None;
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.submitted_at));
    let name = match purpose {
        Purpose::Entry => "Entry",
        Purpose::Close => "Exit",
        Purpose::Protect => "Stops at the venue",
    };
    let rows = orders.into_iter().map(|order| row(order, &session.fills)).collect_view();
    Some(
        view! { <tbody class="group"><tr><th scope="rowgroup" colspan="9">{name}</th></tr>{rows}</tbody> }
            .into_any(),
    )
}

fn row(order: &OrderView, fills: &[FillView]) -> AnyView {
    let own: Vec<&FillView> =
        fills.iter().filter(|fill| fill.client_order_id.as_ref() == Some(&order.client_order_id)).collect();
    let fee = own.iter().fold(model::Money::ZERO, |sum, fill| sum.saturating_add(fill.fee));
    let verb = match order.side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    };
    let prices = by_price(&own);
    let parts: Vec<String> = prices
        .iter()
        .take(PRICES_SHOWN)
        .map(|(price, lots)| format!("{} at {}", format::lots(*lots), format::price(*price)))
        .collect();
    let left = prices.len().saturating_sub(PRICES_SHOWN);
    let left = if left > 0 { format!(" and {}", format::counted(left, "more price")) } else { String::new() };
    let told = (!parts.is_empty())
        .then(|| view! { <span class="sub">{format!("{verb} {}{left}", parts.join(", "))}</span> });
    let took = format::duration(order.updated_at.0 - order.submitted_at.0);
    let reason = order.reason.as_ref().map(|reason| format!("{} · ", reason.words())).unwrap_or_default();
    let fee = if own.is_empty() { format::NONE.to_owned() } else { format::plain(fee) };
    view! {
        <tr data-key=order.client_order_id.0.clone()>
            <td class="num" title=order.client_order_id.0.clone()>{format::clock_ms(order.submitted_at)}</td>
            <td class="more">{order.side.word()}</td>
            <td><span class="symbol">{order.symbol.0.clone()}</span>{told}</td>
            <td class="more n">{format!("{} / {}", format::lots(order.filled_qty), format::lots(order.qty))}</td>
            <td class="more n">{order.limit_price.map_or_else(|| "market".to_owned(), format::price)}</td>
            <td class="n">{format::price_or_none(order.average_price)}</td>
            <td class="more n">{fee}</td>
            <td><span class="tag" data-tone=order_tone(order.status)>{format::words(order.status.word()).to_lowercase()}</span><span class="sub">{reason}{took}</span></td>
            <td class="more"><TraceLink id=order.correlation_id.clone()/></td>
        </tr>
    }
    .into_any()
}

/// Lots by price, in the order in which the prices came.
fn by_price(fills: &[&FillView]) -> Vec<(Price, Lots)> {
    let mut prices: Vec<(Price, Lots)> = Vec::new();
    for fill in fills {
        match prices.iter_mut().find(|(price, _)| *price == fill.price) {
            Some((_, lots)) => *lots += fill.qty,
            None => prices.push((fill.price, fill.qty)),
        }
    }
    prices
}

/// Fills that no order of ours made.
fn settled(session: &SessionView) -> Option<AnyView> {
    let others: Vec<&FillView> =
        session.fills.iter().filter(|fill| fill.settlement || fill.client_order_id.is_none()).collect();
    if others.is_empty() {
        return None;
    }
    let lines = others
        .into_iter()
        .map(|fill| {
            let kind = if fill.settlement { "settled" } else { fill.side.word() };
            let text = format!(
                "{} {kind} {} {} at {}, fee {}",
                format::clock_ms(fill.time),
                format::lots(fill.qty),
                fill.symbol,
                format::price(fill.price),
                format::plain(fill.fee)
            );
            view! { <li>{text}</li> }
        })
        .collect_view();
    Some(view! { <footer><p>"Without an order of ours:"</p><ul class="num">{lines}</ul></footer> }.into_any())
}
