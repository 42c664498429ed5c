//! Signed calls that place, change and cancel orders.

use serde_json::{Value, json};

use crate::dialect::body::Body;
use crate::dialect::reply::{Answer, Refused};
use crate::dialect::wire::{self, Words};
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
use crate::exchange::order::{Order, OrderKey, OrderState, OrderType, Reject, TimeInForce};
use crate::exchange::time::Micros;

/// Most orders in a batch.
const BATCH: usize = 50;

fn answered(exchange: &Exchange, order: &Order) -> Answer {
    Ok((wire::order(order, Words::of(exchange.quirks())), None))
}

pub(crate) fn place(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let request = body.order(body.product_id()?)?;
    let order = exchange.place(now_us, &request)?;
    answered(exchange, &order)
}

pub(crate) fn edit(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let product_id = body.product_id()?;
    let order = exchange.edit(now_us, &body.order_key()?, product_id, &body.edit()?)?;
    answered(exchange, &order)
}

pub(crate) fn cancel(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    body.product_id()?;
    let order = exchange.cancel(now_us, &body.order_key()?)?;
    answered(exchange, &order)
}

/// All three kinds default to false at the venue, so a bare call cancels nothing.
pub(crate) fn cancel_all(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::optional(body, exchange.quirks())?;
    let names = ["cancel_limit_orders", "cancel_stop_orders", "cancel_reduce_only_orders"];
    let given: Vec<Option<bool>> =
        names.into_iter().map(|name| body.flag_given(name)).collect::<Result<_, _>>()?;
    let every = exchange.quirks().cancel_all_needs_no_flags && given.iter().all(Option::is_none);
    let [limit, stop, reduce_only] = [0, 1, 2].map(|at: usize| every || given[at].unwrap_or_default());
    let product_id = body.product_given()?;
    let types = body.texts("contract_types");
    let of_type = |order: &Order| {
        let contract_type = Product::from_id(order.product_id).map_or("", |product| product.contract_type());
        types.is_empty() || types.iter().any(|name| name == contract_type)
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

/// Rows of a batch of one product; what of them cannot be done is left out of the answer, as the venue does.
fn batch(
    exchange: &mut Exchange,
    body: &[u8],
    mut each: impl FnMut(&mut Exchange, i64, &Body) -> Result<Order, Reject>,
) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let product_id = body.product_id()?;
    let rows = body.bodies("orders")?;
    if rows.is_empty() || rows.len() > BATCH {
        return Err(Reject::BadSchema(format!("orders must be 1 to {BATCH} orders")).into());
    }
    let words = Words::of(exchange.quirks());
    let done: Vec<Value> = rows
        .iter()
        .filter_map(|row| each(exchange, product_id, row).ok())
        .map(|order| wire::order(&order, words))
        .collect();
    Ok((Value::Array(done), None))
}

/// Limit orders until cancelled only.
pub(crate) fn place_batch(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    batch(exchange, body, |exchange, product_id, row| {
        let request = row.order(product_id)?;
        let plain = request.order_type == OrderType::Limit
            && request.time_in_force == TimeInForce::Gtc
            && request.stop.is_none()
            && request.trail.is_none();
        if !plain {
            return Err(Reject::BadSchema("a batch takes limit orders only".to_owned()));
        }
        exchange.place(now_us, &request)
    })
}

pub(crate) fn edit_batch(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    batch(exchange, body, |exchange, product_id, row| {
        exchange.edit(now_us, &row.order_key()?, product_id, &row.edit()?)
    })
}

pub(crate) fn cancel_batch(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    batch(exchange, body, |exchange, _product_id, row| exchange.cancel(now_us, &row.order_key()?))
}

pub(crate) fn place_bracket(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    exchange.bracket_position(now_us, body.product_id()?, &body.position_bracket()?)?;
    Ok((Value::Null, None))
}

/// Takes the id of the entry order; it does not know legs by theirs.
pub(crate) fn edit_bracket(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    body.product_id()?;
    let id = body.whole("id")?.ok_or_else(|| Reject::BadSchema("id is required".to_owned()))?;
    let bracket = body.entry_bracket()?;
    let bracket = bracket.ok_or_else(|| Reject::BadSchema("a bracket price is required".to_owned()))?;
    exchange.edit_bracket(now_us, id, &bracket)?;
    Ok((json!({}), None))
}

/// An order that was asked for, or the venue's word for none.
pub(crate) fn found(exchange: &Exchange, order: Option<Order>) -> Answer {
    match order {
        Some(order) => answered(exchange, &order),
        None => Err(Refused::Rejected(Reject::OrderNotFound)),
    }
}
