//! Orders, fills, positions and money, as REST JSON.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Standing, USD_ASSET_ID};
use crate::exchange::Entry;
use crate::exchange::account::{Fill, FillKind, Position, Risk, Role, USER_ID, Wallet};
use crate::exchange::chain::Product;
use crate::exchange::order::{CancelReason, Leg, LegAt, Order, OrderState, OrderType, StopKind, TimeInForce};
use crate::exchange::quirks::Quirks;
use crate::exchange::time::{self, Micros};

/// How rows are worded, where the venue's sources contradict each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    stamps_in_us: bool,
    numbered_fills: bool,
    nested: bool,
}

impl Words {
    /// The words that go with the switches.
    pub fn of(quirks: Quirks) -> Words {
        Words {
            stamps_in_us: quirks.created_at_in_microseconds,
            numbered_fills: quirks.fill_ids_are_integers,
            nested: !quirks.positions_without_product,
        }
    }

    fn stamp(self, us: Micros) -> String {
        if self.stamps_in_us { us.to_string() } else { time::iso_us(us) }
    }
}

/// Word of an order state.
pub fn order_state(state: OrderState) -> &'static str {
    match state {
        OrderState::Open => "open",
        OrderState::Pending => "pending",
        OrderState::Closed => "closed",
        OrderState::Cancelled => "cancelled",
    }
}

/// Word of a cancellation reason. Only `cancelled_by_user` is documented; the others are ours.
pub fn cancel_reason(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::ByUser => "cancelled_by_user",
        CancelReason::ImmediateOrCancel => "immediate_or_cancel",
        CancelReason::ReduceOnly => "offset_by_reduce_only",
        CancelReason::StopRefused => "stop_refused",
        CancelReason::Settlement => "contract_expired",
        CancelReason::Heartbeat => "heartbeat_missed",
        CancelReason::Liquidation => "liquidation",
    }
}

/// Word of a stop kind.
pub fn stop_kind(kind: StopKind) -> &'static str {
    match kind {
        StopKind::StopLoss => "stop_loss_order",
        StopKind::TakeProfit => "take_profit_order",
    }
}

/// Word of an order type.
fn order_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Limit => "limit_order",
        OrderType::Market => "market_order",
    }
}

/// Order object with the union of the fields that were observed.
pub fn order(order: &Order, words: Words) -> Value {
    let usd = |units: i64| order.underlying.price(units).to_string();
    let stamp = |us: Micros| words.stamp(us);
    let time_in_force = match order.time_in_force {
        TimeInForce::Gtc => "gtc",
        TimeInForce::Ioc => "ioc",
    };
    let mut value = json!({
        "id": order.id,
        "user_id": USER_ID,
        "product_id": order.product_id,
        "product_symbol": order.symbol,
        "client_order_id": order.client_order_id,
        "side": order.side.word(),
        "size": order.size,
        "unfilled_size": order.unfilled,
        "order_type": order_type(order.order_type),
        "limit_price": order.limit_price().to_string(),
        "average_fill_price": order.average_fill_price().map(|price| price.to_string()),
        "state": order_state(order.state),
        "time_in_force": time_in_force,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "close_on_trigger": "false",
        "stop_order_type": order.stop.map(|stop| stop_kind(stop.kind)),
        "stop_price": order.stop_price().map(|price| price.to_string()),
        "stop_trigger_method": order.stop.map_or("mark_price", |stop| stop.method.word()),
        "trail_amount": order.stop.filter(|stop| stop.trail != 0).map(|stop| usd(stop.trail)),
        "commission": "0",
        "paid_commission": order.paid_commission.to_string(),
        "cancellation_reason": order.cancel_reason.map(cancel_reason),
        "meta_data": { "source": if order.liquidation { "liquidation" } else { "api" } },
        "created_at": stamp(order.created_us),
        "updated_at": stamp(order.updated_us),
        "bracket_order": order.leg_of.map(|_| true),
    });
    let bracket = bracket(order);
    for (name, price) in bracket {
        value[name] = json!(price);
    }
    value
}

/// The prices of the bracket that an order brings.
pub fn bracket(order: &Order) -> [(&'static str, Option<String>); 5] {
    let usd = |units: i64| order.underlying.price(units).to_string();
    let of = |leg: Option<Leg>| {
        let (price, trail) = match leg.map(|leg| leg.at) {
            Some(LegAt::Price(price)) => (Some(usd(price)), None),
            Some(LegAt::Trail(by)) => (None, Some(usd(by))),
            None => (None, None),
        };
        (price, trail, leg.and_then(|leg| leg.limit).map(usd))
    };
    let (stop, trail, stop_limit) = of(order.bracket.and_then(|bracket| bracket.stop_loss));
    let (profit, _, profit_limit) = of(order.bracket.and_then(|bracket| bracket.take_profit));
    [
        ("bracket_stop_loss_price", stop),
        ("bracket_stop_loss_limit_price", stop_limit),
        ("bracket_take_profit_price", profit),
        ("bracket_take_profit_limit_price", profit_limit),
        ("bracket_trail_amount", trail),
    ]
}

/// Word of a role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Maker => "maker",
        Role::Taker => "taker",
    }
}

/// Word of a fill type.
pub fn fill_kind(kind: FillKind) -> &'static str {
    match kind {
        FillKind::Normal => "normal",
        FillKind::Settlement => "settlement",
        FillKind::Liquidation => "liquidation",
    }
}

/// What a fill says of its order; nothing for a settlement. The client's id for it stands here, because
/// nothing else on the row marks whose order it was.
fn fill_meta(fill: &Fill) -> Value {
    let Some(order) = &fill.order else { return json!({ "client_order_id": fill.client_order_id }) };
    let rate = Product::from_id(fill.product_id).map(|product| product.fee_rate().to_string());
    json!({
        "effective_commission_rate": rate,
        "order_price": order.price.to_string(),
        "order_size": order.size,
        "order_type": order_type(order.order_type),
        "order_unfilled_size": order.unfilled,
        "trading_fee_credits_used": "0",
        "client_order_id": fill.client_order_id,
    })
}

/// The number that a fill's id would be, where ids are integers: its first fifteen hexadecimal digits.
fn numbered(id: &str) -> Value {
    json!(id.get(..15).and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or_default())
}

/// Fill of `GET /v2/fills`.
pub fn fill(fill: &Fill, words: Words) -> Value {
    let nested = Product::from_id(fill.product_id).filter(|_| words.nested);
    let mut value = json!({
        "id": if words.numbered_fills { numbered(&fill.id) } else { json!(fill.id) },
        "order_id": fill.order_id,
        "product_id": fill.product_id,
        "product_symbol": fill.symbol,
        "side": fill.side.word(),
        "size": fill.size,
        "price": fill.price.to_string(),
        "role": role(fill.role),
        "fill_type": fill_kind(fill.kind),
        "commission": fill.fee.to_string(),
        "created_at": words.stamp(fill.created_us),
        "user_id": USER_ID,
        "settling_asset_id": USD_ASSET_ID,
        "settling_asset_symbol": "USD",
        "meta_data": fill_meta(fill),
    });
    if let Some(product) = nested {
        value["product"] = super::product(&product, &Standing::USUAL);
    }
    value
}

/// Real-time position of one product.
pub fn position_now(position: Option<&Position>, at_us: Micros) -> Value {
    let held = position.filter(|position| position.size != 0);
    json!({
        "size": held.map_or(0, |position| position.size),
        "entry_price": held.map(|position| position.entry_price.round_dp(8).normalize().to_string()),
        "timestamp": at_us,
    })
}

/// A money sum as published: eight decimals.
fn money(value: Decimal) -> String {
    value.round_dp(8).normalize().to_string()
}

/// A position with what it stands at.
pub struct Held<'a> {
    pub position: &'a Position,
    pub mark: Decimal,
    pub margin: Decimal,
    pub risk: Risk,
    /// The unrealised result of a short option is its unsigned value at the mark.
    pub unsigned_pnl: bool,
}

/// Margined position.
pub fn margined(held: &Held<'_>, words: Words) -> Value {
    let Held { position, mark, risk, .. } = held;
    let Some(product) = Product::from_id(position.product_id) else { return Value::Null };
    let lots = Decimal::from(position.size) * product.contract_value();
    let short_option = position.size < 0 && product.expiry_s().is_some();
    let pnl = if held.unsigned_pnl && short_option {
        (mark * lots).abs()
    } else {
        (mark - position.entry_price) * lots
    };
    let mut value = json!({
        "user_id": USER_ID,
        "product_id": position.product_id,
        "product_symbol": position.symbol,
        "size": position.size,
        "entry_price": money(position.entry_price),
        "mark_price": mark.to_string(),
        "margin": money(held.margin),
        "margin_mode": "isolated",
        "unrealized_pnl": money(pnl),
        "realized_pnl": money(position.realized_pnl),
        "realized_cashflow": money(position.realized_cashflow),
        "realized_funding": "0",
        "realized_holding_cost": "0",
        "commission": money(risk.commission),
        "liquidation_price": risk.liquidation.map(money),
        "bankruptcy_price": risk.bankruptcy.map(money),
        "adl_level": null,
        "auto_topup": position.auto_topup,
        "created_at": time::iso_us(position.created_us),
        "updated_at": time::iso_us(position.updated_us),
    });
    if words.nested {
        value["product"] = super::product(&product, &Standing::USUAL);
    }
    value
}

/// The USD row of the wallet.
pub fn wallet(wallet: &Wallet) -> Value {
    json!({
        "id": 1,
        "user_id": USER_ID,
        "asset_id": USD_ASSET_ID,
        "asset_symbol": "USD",
        "balance": money(wallet.balance),
        "available_balance": money(wallet.available),
        "blocked_margin": money(wallet.position_margin + wallet.order_margin),
        "position_margin": money(wallet.position_margin),
        "order_margin": money(wallet.order_margin),
        "portfolio_margin": "0",
        "commission": "0",
        "cross_asset_liability": "0",
        "strategy_blocked_amount": "0",
    })
}

/// A row of `/v2/wallet/transactions`.
pub fn transaction(entry: &Entry) -> Value {
    json!({
        "id": entry.key,
        "uuid": entry.key,
        "user_id": USER_ID,
        "transaction_type": entry.movement.word(),
        "amount": money(entry.amount),
        "balance": money(entry.balance),
        "asset_id": USD_ASSET_ID,
        "asset_symbol": "USD",
        "product_id": entry.product.as_ref().map(|product| product.id),
        "meta_data": { "transaction_id": entry.key, "product_symbol": entry.product.as_ref().map(|product| &product.symbol) },
        "created_at": time::iso_us(entry.at_us),
    })
}
