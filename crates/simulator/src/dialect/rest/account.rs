//! Signed REST answers: orders, positions, fills, wallet.

use serde_json::{Value, json};

use crate::dialect::query::{self, Query, page};
use crate::dialect::reply::{Answer, Refused};
use crate::dialect::wire;
use crate::exchange::Exchange;
use crate::exchange::account::{self, Position};
use crate::exchange::chain::Product;
use crate::exchange::order::{Order, OrderKey, OrderState, Reject};
use crate::exchange::time::Micros;

const PAGE: usize = 50;

pub(crate) fn place(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = query::object(body)?;
    let request = query::order_request(&body, exchange.quirks().booleans_must_be_text)?;
    Ok((wire::order(&exchange.place(now_us, &request)?), None))
}

pub(crate) fn cancel(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = query::object(body)?;
    query::product_id(&body)?;
    Ok((wire::order(&exchange.cancel(now_us, &query::order_key(&body)?)?), None))
}

/// All three kinds default to false at the venue, so a bare call cancels nothing.
pub(crate) fn cancel_all(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = if body.is_empty() { serde_json::Map::new() } else { query::object(body)? };
    let only_text = exchange.quirks().booleans_must_be_text;
    let limit = query::flag(&body, "cancel_limit_orders", only_text)?;
    let stop = query::flag(&body, "cancel_stop_orders", only_text)?;
    let reduce_only = query::flag(&body, "cancel_reduce_only_orders", only_text)?;
    let product_id = body.get("product_id").and_then(Value::as_i64);
    let types = body.get("contract_types").and_then(Value::as_str).unwrap_or_default();
    let of_type = |order: &Order| {
        let contract_type = Product::from_id(order.product_id).map_or("", |product| product.contract_type());
        types.is_empty() || types.split(',').any(|name| name.trim() == contract_type)
    };
    for order in exchange.open_orders(now_us) {
        let kind = if order.reduce_only { reduce_only } else { order.state == OrderState::Open && limit };
        let kind = if order.state == OrderState::Pending { stop } else { kind };
        if kind && product_id.is_none_or(|id| id == order.product_id) && of_type(&order) {
            exchange.cancel(now_us, &OrderKey::Id(order.id))?;
        }
    }
    Ok((Value::Null, None))
}

/// Filter of the order lists: products, contract types, times in microseconds.
fn listed(query: &Query) -> Result<impl Fn(&Order) -> bool, Reject> {
    let products = query.numbers("product_ids")?;
    let types: Vec<String> = query.list("contract_types").into_iter().map(str::to_owned).collect();
    let (from, to) = (query.number("start_time")?, query.number("end_time")?);
    Ok(move |order: &Order| {
        let contract_type =
            || Product::from_id(order.product_id).map_or("", |product| product.contract_type());
        (products.is_empty() || products.contains(&order.product_id))
            && (types.is_empty() || types.iter().any(|name| name == contract_type()))
            && from.is_none_or(|from| order.created_us >= from)
            && to.is_none_or(|to| order.created_us <= to)
    })
}

pub(crate) fn open_orders(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let listed = listed(query)?;
    let mut orders = exchange.open_orders(now_us);
    orders.retain(|order| listed(order) && query.admits("states", wire::order_state(order.state)));
    orders.reverse();
    let (orders, meta) = page(orders, query, PAGE, PAGE)?;
    Ok((orders.iter().map(wire::order).collect(), Some(meta)))
}

pub(crate) fn order_history(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let listed = listed(query)?;
    let mut orders = exchange.order_history(now_us);
    orders.retain(listed);
    let (orders, mut meta) = page(orders, query, PAGE, PAGE)?;
    if let Some(fields) = meta.as_object_mut() {
        fields.remove("total_count");
    }
    Ok((orders.iter().map(wire::order).collect(), Some(meta)))
}

fn found(order: Option<Order>, key: &str) -> Answer {
    let missing = Refused::NotFound { code: "order_not_found", context: json!({ "id": key }) };
    order.map(|order| (wire::order(&order), None)).ok_or(missing)
}

pub(crate) fn order_by_id(exchange: &mut Exchange, now_us: Micros, id: &str) -> Answer {
    let number = id.parse().map_err(|_| Reject::BadSchema("id must be an integer".to_owned()))?;
    found(exchange.order(now_us, &OrderKey::Id(number)), id)
}

pub(crate) fn order_by_client_id(exchange: &mut Exchange, now_us: Micros, id: &str) -> Answer {
    found(exchange.order_by_client_id(now_us, id), id)
}

/// One product's position, or all of the underlying's.
pub(crate) fn position(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let positions = exchange.positions(now_us);
    if let Some(id) = query.number("product_id")? {
        let held = positions.iter().find(|position| position.product_id == id);
        return Ok((wire::position_now(held, now_us), None));
    }
    if query.get("underlying_asset_symbol").is_none() {
        return Err(Reject::BadSchema("product_id or underlying_asset_symbol is required".to_owned()).into());
    }
    let row = |position: &Position| {
        let mut row = wire::position_now(Some(position), now_us);
        row["product_id"] = json!(position.product_id);
        row["product_symbol"] = json!(position.symbol);
        row
    };
    let wanted = |position: &&Position| {
        let underlying = Product::from_id(position.product_id).map(|product| product.underlying);
        underlying.is_some_and(|underlying| query.admits("underlying_asset_symbol", underlying.symbol()))
    };
    Ok((positions.iter().filter(wanted).map(row).collect(), None))
}

pub(crate) fn margined(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let ids = query.numbers("product_ids")?;
    let unsigned = exchange.quirks().short_option_pnl_unsigned;
    let wanted = |position: &Position| {
        let contract_type =
            Product::from_id(position.product_id).map_or("", |product| product.contract_type());
        (ids.is_empty() || ids.contains(&position.product_id))
            && query.admits("contract_types", contract_type)
    };
    let positions: Vec<Position> = exchange.positions(now_us).into_iter().filter(wanted).collect();
    let row = |position: &Position| {
        let mark = exchange.mark_by_id(position.product_id).unwrap_or(position.entry_price);
        wire::margined(position, mark, exchange.margin_of(position), unsigned)
    };
    Ok((positions.iter().map(row).collect(), None))
}

pub(crate) fn fills(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let ids = query.numbers("product_ids")?;
    let (from, to) = (query.number("start_time")?, query.number("end_time")?);
    let mut fills = exchange.fills(now_us);
    fills.retain(|fill| {
        let contract_type = Product::from_id(fill.product_id).map_or("", |product| product.contract_type());
        (ids.is_empty() || ids.contains(&fill.product_id))
            && query.admits("contract_types", contract_type)
            && from.is_none_or(|from| fill.created_us >= from)
            && to.is_none_or(|to| fill.created_us <= to)
    });
    let (fills, meta) = page(fills, query, PAGE, PAGE)?;
    Ok((fills.iter().map(wire::fill).collect(), Some(meta)))
}

pub(crate) fn balances(exchange: &mut Exchange, now_us: Micros) -> (Value, Option<Value>) {
    let wallet = exchange.wallet(now_us);
    let equity = wallet.equity.round_dp(8).normalize().to_string();
    let meta = json!({ "net_equity": equity, "robo_trading_equity": "0" });
    (json!([wire::wallet(&wallet)]), Some(meta))
}

/// Leverage is fixed by the margin rate of 1 %; setting it is accepted and answers what holds.
pub(crate) fn leverage(exchange: &mut Exchange, id: &str) -> Answer {
    let product = id.parse().ok().and_then(|id| exchange.product_by_id(id)).ok_or(Reject::InvalidContract)?;
    let leverage = rust_decimal::Decimal::ONE / account::INITIAL_MARGIN;
    let result = json!({
        "leverage": leverage.normalize().to_string(),
        "order_margin": "0",
        "product_id": product.id,
        "user_id": account::USER_ID,
    });
    Ok((result, None))
}
