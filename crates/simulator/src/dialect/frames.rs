//! Typed events as frames of the venue's WebSocket channels, in the short format of its newer feed.

use serde_json::{Value, json};

use super::wire;
use crate::exchange::Print;
use crate::exchange::account::{Fill, USER_ID};
use crate::exchange::book::Side;
use crate::exchange::chain::Product;
use crate::exchange::event::{
    BookUpdate, BookView, OrderAction, OrderReason, OrderUpdate, PositionReason, PositionUpdate, PriceLevel,
    TickerRow, TopOfBook,
};
use crate::exchange::market::Underlying;
use crate::exchange::time::Micros;
use rust_decimal::Decimal;

fn text(level: Option<PriceLevel>) -> (Value, Value) {
    level.map_or((Value::Null, Value::Null), |(price, lots)| {
        (json!(price.to_string()), json!(lots.to_string()))
    })
}

/// `ticker`, for the subscribed token `sy` (the symbol or its chain token).
pub fn ticker(row: &TickerRow, sy: &str) -> Value {
    let (bid, bid_size) = text(row.bid);
    let (ask, ask_size) = text(row.ask);
    let (traded, float) = (row.day.lots > 0, |price: Decimal| f64::try_from(price).unwrap_or_default());
    let turnover = float(Decimal::from(row.day.lots) * row.product.contract_value() * row.spot);
    let greeks = row.greeks.map(|g| [g.delta, g.gamma, g.rho, g.theta, g.vega].map(wire::eight));
    json!({
        "type": "ticker",
        "sy": sy,
        "sp": row.spot.to_string(),
        "ts": row.at_us,
        "d": [{
            "s": row.product.symbol,
            "i": row.product.id,
            "m": row.mark.to_string(),
            "m24hc": wire::change(row.mark, row.day.mark_then),
            "ohlc": traded.then(|| [row.day.open, row.day.high, row.day.low, row.day.close].map(float)),
            "oi": [row.day.open_interest.to_string(), "0.0000"],
            "pb": [row.band.0.to_string(), row.band.1.to_string()],
            "q": [ask, ask_size, bid, bid_size, null],
            "qiv": [row.ask_iv.map(wire::eight), row.bid_iv.map(wire::eight), row.mark_iv.map(wire::eight)],
            "g": greeks,
            "to": traded.then_some([turnover, turnover]),
        }],
    })
}

/// `ob_l1`.
pub fn top_of_book(top: &TopOfBook) -> Value {
    let (bid, bid_size) = text(top.bid);
    let (ask, ask_size) = text(top.ask);
    json!({
        "type": "ob_l1", "sy": top.symbol, "ts": top.at_us, "lts": top.at_us,
        "ap": ask, "as": ask_size, "bp": bid, "bs": bid_size,
    })
}

/// `ob_l2`, at most 15 levels a side.
pub fn depth(view: &BookView) -> Value {
    let side = |levels: &[PriceLevel]| {
        let row = |(price, lots): &PriceLevel| json!([price.to_string(), lots.to_string()]);
        levels.iter().take(crate::exchange::book::LEVELS).map(row).collect::<Vec<_>>()
    };
    json!({
        "type": "ob_l2", "sy": view.symbol, "ts": view.at_us, "lts": view.at_us,
        "a": side(&view.asks), "b": side(&view.bids),
    })
}

/// `ob_updates`: a whole book, or what changed in it.
pub fn book_update(update: &BookUpdate) -> Value {
    let side = |levels: &[PriceLevel]| {
        let row = |(price, lots): &PriceLevel| json!([price.to_string(), lots.to_string()]);
        levels.iter().map(row).collect::<Vec<_>>()
    };
    json!({
        "type": "ob_updates",
        "action": if update.whole { "snapshot" } else { "update" },
        "sy": update.symbol,
        "a": side(&update.asks),
        "b": side(&update.bids),
        "seq": update.seq,
        "cs": update.checksum,
        "ts": update.at_us,
    })
}

/// `trades`: `r` is the role of the buyer.
pub fn trade(symbol: &str, print: &Print, at_us: Micros) -> Value {
    let role = if print.taker == Side::Buy { "t" } else { "m" };
    json!({
        "type": "trades", "sy": symbol, "p": print.price.to_string(), "s": print.lots as f64, "r": role,
        "t": print.at_us, "ts": at_us,
    })
}

/// `funding_rate`, percent in eight hours.
pub fn funding(symbol: &str, rate: Decimal, next_us: Micros, at_us: Micros) -> Value {
    json!({
        "type": "funding_rate", "sy": symbol, "fr": f64::try_from(rate).unwrap_or_default(), "fi": 28_800,
        "nfr": next_us, "ts": at_us,
    })
}

/// `mark_price`.
pub fn mark(symbol: &str, price: Decimal, at_us: Micros) -> Value {
    json!({ "type": "mark_price", "sy": format!("MARK:{symbol}"), "p": price.to_string(), "ts": at_us })
}

/// `spot_price` of an index.
pub fn spot(underlying: Underlying, price: Decimal, at_us: Micros) -> Value {
    json!({ "type": "spot_price", "sy": underlying.index_symbol(), "p": price.to_string(), "ts": at_us })
}

/// `orders`, an update.
pub fn order(update: &OrderUpdate) -> Value {
    let action = match update.action {
        OrderAction::Create => "create",
        OrderAction::Update => "update",
        OrderAction::Delete => "delete",
    };
    let reason = match update.reason {
        OrderReason::None => Value::Null,
        OrderReason::Fill => json!("fill"),
        OrderReason::StopTrigger => json!("stop_trigger"),
        OrderReason::StopCancel => json!("stop_cancel"),
        OrderReason::StopUpdate => json!("stop_update"),
        OrderReason::Liquidation => json!("liquidation"),
    };
    let order = &update.order;
    let mut frame = json!({
        "type": "orders",
        "action": action,
        "reason": reason,
        "symbol": order.symbol,
        "product_id": order.product_id,
        "order_id": order.id,
        "client_order_id": order.client_order_id.as_deref().unwrap_or(""),
        "size": order.size,
        "unfilled_size": order.unfilled,
        "average_fill_price": order.average_fill_price().map(|price| price.to_string()),
        "limit_price": order.limit_price().to_string(),
        "side": order.side.word(),
        "state": wire::order_state(order.state),
        "reduce_only": order.reduce_only,
        "cancellation_reason": order.cancel_reason.map(wire::cancel_reason),
        "stop_order_type": order.stop.map(|stop| wire::stop_kind(stop.kind)),
        "stop_price": order.stop_price().map(|price| price.to_string()),
        "bracket_order": order.leg_of.is_some(),
        "seq_no": update.seq,
        "timestamp": update.at_us,
    });
    for (name, price) in wire::bracket(order) {
        frame[name] = json!(price);
    }
    frame
}

/// `orders`, the snapshot of one product after subscribing, with the number of its last update.
pub fn order_snapshot(product: &Product, rows: Vec<Value>, seq: u64, at_us: Micros) -> Value {
    json!({
        "type": "orders",
        "action": "snapshot",
        "symbol": product.symbol,
        "product_id": product.id,
        "meta": { "seq_no": seq, "timestamp": at_us },
        "result": rows,
        "timestamp": at_us,
    })
}

/// `positions`, the snapshot after subscribing.
pub fn position_snapshot(rows: Vec<Value>, at_us: Micros) -> Value {
    json!({ "type": "positions", "action": "snapshot", "success": true, "result": rows, "timestamp": at_us })
}

/// `v2/user_trades`: short keys, no commission, the position after the fill.
pub fn fill(fill: &Fill) -> Value {
    let order_id = fill.order_id.parse::<i64>().map_or_else(|_| json!(fill.order_id), |id| json!(id));
    json!({
        "type": "v2/user_trades",
        "sy": fill.symbol,
        "f": fill.id,
        "R": wire::fill_kind(fill.kind),
        "u": USER_ID,
        "o": order_id,
        "S": fill.side.word(),
        "s": fill.size,
        "p": fill.price.to_string(),
        "po": fill.position_after,
        "r": wire::role(fill.role),
        "c": fill.client_order_id,
        "t": fill.created_us,
        "se": fill.seq,
    })
}

/// `positions`, an update.
pub fn position(update: &PositionUpdate) -> Value {
    let money = |value: Decimal| value.round_dp(8).normalize().to_string();
    let PositionUpdate { position, margin, risk, opened, reason } = update;
    let reason = match reason {
        PositionReason::None => Value::Null,
        PositionReason::AutoTopup => json!("auto_topup"),
    };
    let action = match (position.size, opened) {
        (0, _) => "delete",
        (_, true) => "create",
        (_, false) => "update",
    };
    json!({
        "type": "positions",
        "action": action,
        "reason": reason,
        "symbol": position.symbol,
        "product_id": position.product_id,
        "size": position.size,
        "margin": money(*margin),
        "entry_price": money(position.entry_price),
        "liquidation_price": risk.liquidation.map(money),
        "bankruptcy_price": risk.bankruptcy.map(money),
        "commission": money(risk.commission),
        "timestamp": position.updated_us,
    })
}

/// `product_updates`: a product trades otherwise from now on.
pub fn status(product: &Product, event: &str, status: &str, at_us: Micros) -> Value {
    json!({
        "type": "product_updates",
        "event": event,
        "product": { "id": product.id, "symbol": product.symbol, "trading_status": status },
        "timestamp": at_us,
    })
}

/// `product_updates`: an expiry stopped trading.
pub fn settled(underlying: Underlying, expiry_s: i64, mean: Decimal, at_us: Micros) -> Value {
    json!({
        "type": "product_updates",
        "event": "contract_expired",
        "underlying_asset_symbol": underlying.symbol(),
        "settlement_time": crate::exchange::time::iso_seconds(expiry_s),
        "settlement_index_price": mean.to_string(),
        "timestamp": at_us,
    })
}

/// `system_status`, on subscribing and when it changes.
pub fn system_status(event: &str, status: &str, at_us: Micros) -> Value {
    json!({ "type": "system_status", "event": event, "status": status, "timestamp": at_us })
}
