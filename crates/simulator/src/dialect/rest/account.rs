//! Signed calls on positions, margins and money.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::dialect::body::Body;
use crate::dialect::query::Query;
use crate::dialect::reply::Answer;
use crate::dialect::wire::{self, Held, Words};
use crate::exchange::Exchange;
use crate::exchange::account::{self, Position};
use crate::exchange::chain::Product;
use crate::exchange::order::Reject;
use crate::exchange::time::Micros;

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

fn row(exchange: &Exchange, position: &Position) -> Value {
    let held = Held {
        position,
        mark: exchange.mark_by_id(position.product_id).unwrap_or(position.entry_price),
        margin: exchange.margin_of(position),
        risk: exchange.risk_of(position),
        unsigned_pnl: exchange.quirks().short_option_pnl_unsigned,
    };
    wire::margined(&held, Words::of(exchange.quirks()))
}

/// What is held, up to ten seconds old where that is switched on.
pub(crate) fn margined(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let ids = query.numbers("product_ids")?;
    let positions = exchange.positions_as_listed(now_us);
    let wanted = |position: &&Position| {
        let contract_type =
            Product::from_id(position.product_id).map_or("", |product| product.contract_type());
        (ids.is_empty() || ids.contains(&position.product_id))
            && query.admits("contract_types", contract_type)
    };
    Ok((positions.iter().filter(wanted).map(|position| row(exchange, position)).collect(), None))
}

pub(crate) fn change_margin(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let delta = body.decimal("delta_margin")?;
    let delta = delta.ok_or_else(|| Reject::BadSchema("delta_margin is required".to_owned()))?;
    let position = exchange.change_margin(now_us, body.product_id()?, delta)?;
    Ok((row(exchange, &position), None))
}

/// Flags of a position are JSON booleans in every source.
pub(crate) fn auto_topup(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let on = body.get("auto_topup").and_then(Value::as_bool);
    let on = on.ok_or_else(|| Reject::BadSchema("auto_topup must be true or false".to_owned()))?;
    let position = exchange.set_auto_topup(now_us, body.product_id()?, on)?;
    Ok((row(exchange, &position), None))
}

/// Closes everything when isolated positions are meant: there are no others here.
pub(crate) fn close_all(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    if exchange.quirks().close_all_needs_user_id && body.whole("user_id")? != Some(account::USER_ID) {
        return Err(Reject::BadSchema("user_id is required".to_owned()).into());
    }
    if body.get("close_all_isolated") == Some(&Value::Bool(true)) {
        exchange.close_all(now_us);
    }
    Ok((json!({}), None))
}

pub(crate) fn balances(exchange: &mut Exchange, now_us: Micros) -> (Value, Option<Value>) {
    let wallet = exchange.wallet(now_us);
    let equity = wallet.equity.round_dp(8).normalize().to_string();
    let meta = json!({ "net_equity": equity, "robo_trading_equity": "0" });
    (json!([wire::wallet(&wallet)]), Some(meta))
}

/// The account is margined position by position, and nothing else is offered.
pub(crate) fn margin_mode(exchange: &Exchange, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    match body.text("margin_mode") {
        Some("isolated") => Ok((json!({ "margin_mode": "isolated", "user_id": account::USER_ID }), None)),
        Some(_) | None => {
            Err(Reject::BadSchema("margin_mode must be isolated at this simulated venue".to_owned()).into())
        }
    }
}

pub(crate) fn leverage(exchange: &mut Exchange, now_us: Micros, id: &str) -> Answer {
    let product_id = id.parse().map_err(|_| Reject::InvalidContract)?;
    let (leverage, blocked) = exchange.leverage(now_us, product_id)?;
    let symbol = Product::from_id(product_id).map(|product| product.underlying.index_symbol());
    let result = json!({
        "leverage": leverage.normalize().to_string(),
        "order_margin": blocked.round_dp(8).normalize().to_string(),
        "product_id": product_id,
        "user_id": account::USER_ID,
        "margin_mode": "isolated",
        "index_symbol": symbol,
    });
    Ok((result, None))
}

pub(crate) fn set_leverage(exchange: &mut Exchange, now_us: Micros, id: &str, body: &[u8]) -> Answer {
    let product_id = id.parse().map_err(|_| Reject::InvalidContract)?;
    let wanted = Body::parse(body, exchange.quirks())?.decimal("leverage")?;
    let wanted: Decimal = wanted.ok_or_else(|| Reject::BadSchema("leverage is required".to_owned()))?;
    exchange.set_leverage(now_us, product_id, wanted)?;
    leverage(exchange, now_us, id)
}
