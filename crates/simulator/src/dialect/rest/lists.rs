//! Signed lists: orders, fills, transactions, newest first and in pages.

use std::cmp::Reverse;

use serde_json::Value;

use crate::dialect::page::{Size, page};
use crate::dialect::query::Query;
use crate::dialect::reply::Answer;
use crate::dialect::wire::{self, Words};
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
use crate::exchange::order::{Order, OrderKey, OrderType, Reject};
use crate::exchange::time::{Micros, SECOND_US};

use super::orders::found;

const PAGE: Size = Size { default: 50, most: 50 };
/// Without a start, fills are of the last ninety days.
const FILLS_DAYS_US: Micros = 90 * 86_400 * SECOND_US;
/// How long a finished order is in neither list, and a fill in none, where that is switched on.
const LATE_US: Micros = SECOND_US / 2;

fn contract_type(product_id: i64) -> &'static str {
    Product::from_id(product_id).map_or("", |product| product.contract_type())
}

/// The venue's word for what kind of order it is, as `order_types` takes it.
fn kinds(order: &Order) -> &'static [&'static str] {
    match (order.stop, order.order_type) {
        (None, OrderType::Market) => &["market", "market_order"],
        (None, OrderType::Limit) => &["limit", "limit_order"],
        (Some(_), OrderType::Market) => &["stop_market", "all_stop"],
        (Some(_), OrderType::Limit) => &["stop_limit", "all_stop"],
    }
}

/// Filter of the order lists: products, contract types, kinds, times in microseconds.
fn listed(query: &Query) -> Result<impl Fn(&Order) -> bool, Reject> {
    let products = query.numbers("product_ids")?;
    let owned = |name: &str| query.list(name).into_iter().map(str::to_owned).collect::<Vec<String>>();
    let (types, order_types) = (owned("contract_types"), owned("order_types"));
    let (from, to) = (query.number("start_time")?, query.number("end_time")?);
    Ok(move |order: &Order| {
        (products.is_empty() || products.contains(&order.product_id))
            && (types.is_empty() || types.iter().any(|name| name == contract_type(order.product_id)))
            && (order_types.is_empty()
                || order_types.iter().any(|name| kinds(order).contains(&name.as_str())))
            && from.is_none_or(|from| order.created_us >= from)
            && to.is_none_or(|to| order.created_us <= to)
    })
}

fn orders(exchange: &Exchange, mut orders: Vec<Order>, query: &Query) -> Result<(Value, Value), Reject> {
    orders.sort_by_key(|order| Reverse(order.id));
    let keyed = orders.into_iter().map(|order| (-order.id, order)).collect();
    let (orders, meta) = page(keyed, query, PAGE)?;
    let words = Words::of(exchange.quirks());
    Ok((orders.iter().map(|order| wire::order(order, words)).collect(), meta))
}

pub(crate) fn open_orders(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let listed = listed(query)?;
    let mut open = exchange.open_orders(now_us);
    open.retain(|order| listed(order) && query.admits("states", wire::order_state(order.state)));
    let (rows, meta) = orders(exchange, open, query)?;
    Ok((rows, Some(meta)))
}

pub(crate) fn order_history(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let listed = listed(query)?;
    let mut finished = exchange.order_history(now_us);
    let late = exchange.quirks().finished_orders_appear_late;
    finished.retain(|order| listed(order) && !(late && order.updated_us + LATE_US > now_us));
    let (rows, mut meta) = orders(exchange, finished, query)?;
    if let Some(fields) = meta.as_object_mut() {
        fields.remove("total_count");
    }
    Ok((rows, Some(meta)))
}

pub(crate) fn order_by_id(exchange: &mut Exchange, now_us: Micros, id: &str) -> Answer {
    let number = id.parse().map_err(|_| Reject::BadSchema("id must be an integer".to_owned()))?;
    let order = exchange.order(now_us, &OrderKey::Id(number));
    found(exchange, order)
}

pub(crate) fn order_by_client_id(exchange: &mut Exchange, now_us: Micros, id: &str) -> Answer {
    let open_only = exchange.quirks().client_ids_of_open_orders_only;
    let order = exchange.order_by_client_id(now_us, id).filter(|order| order.is_live() || !open_only);
    found(exchange, order)
}

pub(crate) fn fills(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let ids = query.numbers("product_ids")?;
    let from = query.number("start_time")?.unwrap_or(now_us - FILLS_DAYS_US);
    let to = query.number("end_time")?;
    let fills = exchange.fills(now_us);
    let listed_us = if exchange.quirks().fills_appear_late { now_us - LATE_US } else { now_us };
    let newest = i64::try_from(exchange.totals().0).unwrap_or(i64::MAX);
    let mut numbered: Vec<_> = (0..).map(|back: i64| back - newest).zip(fills).collect();
    numbered.retain(|(_, fill)| {
        (ids.is_empty() || ids.contains(&fill.product_id))
            && query.admits("contract_types", contract_type(fill.product_id))
            && (from..=listed_us).contains(&fill.created_us)
            && to.is_none_or(|to| fill.created_us <= to)
    });
    let (fills, meta) = page(numbered, query, PAGE)?;
    let words = Words::of(exchange.quirks());
    Ok((fills.iter().map(|fill| wire::fill(fill, words)).collect(), Some(meta)))
}

pub(crate) fn transactions(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let (from, to) = (query.number("start_time")?, query.number("end_time")?);
    let rows = exchange.ledger(now_us).into_iter();
    // The oldest keeps its number while newer ones come.
    let mut numbered: Vec<_> = (0..).map(|number: i64| -number).zip(rows).collect();
    numbered.reverse();
    numbered.retain(|(_, row)| {
        query.admits("transaction_types", row.movement.word())
            && query.admits("asset_ids", "14")
            && query.admits("asset_id", "14")
            && from.is_none_or(|from| row.at_us >= from)
            && to.is_none_or(|to| row.at_us <= to)
    });
    let (rows, meta) = page(numbered, query, PAGE)?;
    Ok((rows.iter().map(wire::transaction).collect(), Some(meta)))
}
