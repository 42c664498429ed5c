//! Typed values as the venue's REST JSON: prices, greeks and money are strings, ids and sizes integers,
//! times microseconds or ISO text, exactly as recorded. What the venue leaves out is left out.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::exchange::account::{Fill, FillKind, Position, Role, USER_ID, Wallet};
use crate::exchange::chain::{Contract, Product};
use crate::exchange::event::{BookView, PriceLevel, TickerRow};
use crate::exchange::order::{CancelReason, Order, OrderState, OrderType, StopKind, TimeInForce};
use crate::exchange::pricing::Greeks;
use crate::exchange::quote::rounded;
use crate::exchange::time::{self, Micros};

const USD_ASSET_ID: i64 = 14;

/// A float as published: eight decimals, as a string.
pub fn eight(value: f64) -> String {
    rounded(value, 8).to_string()
}

fn price_text(level: Option<PriceLevel>) -> Value {
    level.map_or(Value::Null, |(price, _)| json!(price.to_string()))
}

fn lots_text(level: Option<PriceLevel>) -> Value {
    level.map_or(Value::Null, |(_, lots)| json!(lots.to_string()))
}

/// A trading product, or a settled one with its settlement price.
pub fn product(product: &Product, settlement_price: Option<Decimal>) -> Value {
    let strike = match product.contract {
        Contract::Option { strike, .. } => json!(strike.to_string()),
        Contract::Perpetual => Value::Null,
    };
    let is_option = product.expiry_s().is_some();
    let underlying = product.underlying.symbol();
    let asset = |id: i64, symbol: &str| json!({ "id": id, "symbol": symbol, "precision": 8 });
    json!({
        "id": product.id,
        "symbol": product.symbol,
        "description": format!("{underlying} {}", product.contract_type()),
        "contract_type": product.contract_type(),
        "state": if settlement_price.is_some() { "expired" } else { "live" },
        "trading_status": "operational",
        "notional_type": "vanilla",
        "settlement_time": product.expiry_s().map(time::iso_seconds),
        "launch_time": null,
        "strike_price": strike,
        "settlement_price": settlement_price.map(|price| price.to_string()),
        "contract_value": product.contract_value().to_string(),
        "contract_unit_currency": underlying,
        "tick_size": product.tick_size().to_string(),
        "initial_margin": "1",
        "maintenance_margin": "0.5",
        "default_leverage": "100.000000000000000000",
        "max_leverage_notional": "100000",
        "initial_margin_scaling_factor": "0.000002",
        "maintenance_margin_scaling_factor": "0.000001",
        "taker_commission_rate": product.fee_rate().to_string(),
        "maker_commission_rate": product.fee_rate().to_string(),
        "liquidation_penalty_factor": "0.5",
        "position_size_limit": 1_000_000,
        "impact_size": 100,
        "is_quanto": false,
        "product_specs": product.fee_cap().map_or(json!({}), |cap| {
            json!({ "premium_commission_rate": f64::try_from(cap).unwrap_or_default() })
        }),
        "underlying_asset": asset(product.underlying.asset_id(), underlying),
        "quoting_asset": asset(USD_ASSET_ID, "USD"),
        "settling_asset": asset(USD_ASSET_ID, "USD"),
        "spot_index": { "id": product.underlying.asset_id(), "symbol": product.underlying.index_symbol() },
        "funding_method": if is_option { Value::Null } else { json!("mark_price") },
        "short_description": "",
    })
}

fn greeks(greeks: Greeks, spot: Decimal) -> Value {
    json!({
        "delta": eight(greeks.delta),
        "gamma": eight(greeks.gamma),
        "rho": eight(greeks.rho),
        "theta": eight(greeks.theta),
        "vega": eight(greeks.vega),
        "spot": spot.to_string(),
    })
}

/// REST ticker. No trade prints are kept, so the keys of 24-hour statistics are absent, as the venue
/// leaves them for contracts without a trade.
pub fn ticker(row: &TickerRow) -> Value {
    let product = &row.product;
    let mut value = json!({
        "symbol": product.symbol,
        "product_id": product.id,
        "contract_type": product.contract_type(),
        "underlying_asset_symbol": product.underlying.symbol(),
        "description": format!("{} {}", product.underlying.symbol(), product.contract_type()),
        "mark_price": row.mark.to_string(),
        "spot_price": row.spot.to_string(),
        "tick_size": format!("{:.18}", product.tick_size()),
        "contract_value": format!("{:.18}", product.contract_value()),
        "initial_margin": "1",
        "leverage": 100,
        "turnover_symbol": "USD",
        "oi": "0.0000",
        "oi_contracts": "0",
        "product_trading_status": "operational",
        "timestamp": row.at_us,
        "price_band": { "lower_limit": row.band.0.to_string(), "upper_limit": row.band.1.to_string() },
        "quotes": {
            "best_bid": price_text(row.bid),
            "bid_size": lots_text(row.bid),
            "best_ask": price_text(row.ask),
            "ask_size": lots_text(row.ask),
            "bid_iv": row.bid_iv.map(eight),
            "ask_iv": row.ask_iv.map(eight),
            "mark_iv": row.mark_iv.map(eight),
            "impact_mid_price": null,
        },
        "greeks": row.greeks.map(|values| greeks(values, row.spot)),
        "oi_reduce_only_mode": false,
    });
    if let (Contract::Option { strike, .. }, Some(fields)) = (product.contract, value.as_object_mut()) {
        fields.insert("strike_price".to_owned(), json!(strike.to_string()));
        fields.insert("mark_vol".to_owned(), json!(row.mark_iv.map(eight)));
    }
    value
}

/// REST depth: sizes are integers, `depth` the cumulative size as a string.
pub fn book(view: &BookView, depth: usize) -> Value {
    let side = |levels: &[PriceLevel]| {
        let mut total = 0;
        let row = |(price, lots): &PriceLevel| {
            total += lots;
            json!({ "price": price.to_string(), "size": lots, "depth": total.to_string() })
        };
        levels.iter().take(depth).map(row).collect::<Vec<_>>()
    };
    json!({
        "symbol": view.symbol,
        "last_updated_at": view.at_us,
        "buy": side(&view.bids),
        "sell": side(&view.asks),
    })
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
pub fn order(order: &Order) -> Value {
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
        "stop_trigger_method": "mark_price",
        "trail_amount": null,
        "commission": "0",
        "paid_commission": order.paid_commission.to_string(),
        "cancellation_reason": order.cancel_reason.map(cancel_reason),
        "meta_data": { "source": "api" },
        "created_at": time::iso_us(order.created_us),
        "updated_at": time::iso_us(order.updated_us),
    });
    for name in [
        "bracket_order",
        "bracket_stop_loss_limit_price",
        "bracket_stop_loss_price",
        "bracket_take_profit_limit_price",
        "bracket_take_profit_price",
        "bracket_trail_amount",
    ] {
        value[name] = Value::Null;
    }
    value
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

/// Fill of `GET /v2/fills`.
pub fn fill(fill: &Fill) -> Value {
    json!({
        "id": fill.id,
        "order_id": fill.order_id,
        "product_id": fill.product_id,
        "product_symbol": fill.symbol,
        "side": fill.side.word(),
        "size": fill.size,
        "price": fill.price.to_string(),
        "role": role(fill.role),
        "fill_type": fill_kind(fill.kind),
        "commission": fill.fee.to_string(),
        "created_at": time::iso_us(fill.created_us),
        "user_id": USER_ID,
        "settling_asset_id": USD_ASSET_ID,
        "settling_asset_symbol": "USD",
        "meta_data": fill_meta(fill),
    })
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

/// Margined position. With `unsigned_pnl` the unrealised result of a short option is the unsigned value
/// at the mark.
pub fn margined(position: &Position, mark: Decimal, margin: Decimal, unsigned_pnl: bool) -> Value {
    let Some(product) = Product::from_id(position.product_id) else { return Value::Null };
    let lots = Decimal::from(position.size) * product.contract_value();
    let short_option = position.size < 0 && product.expiry_s().is_some();
    let pnl =
        if unsigned_pnl && short_option { (mark * lots).abs() } else { (mark - position.entry_price) * lots };
    let money = |value: Decimal| value.round_dp(8).normalize().to_string();
    json!({
        "user_id": USER_ID,
        "product_id": position.product_id,
        "product_symbol": position.symbol,
        "size": position.size,
        "entry_price": money(position.entry_price),
        "mark_price": mark.to_string(),
        "margin": money(margin),
        "margin_mode": "isolated",
        "unrealized_pnl": money(pnl),
        "realized_pnl": money(position.realized_pnl),
        "realized_cashflow": money(position.realized_cashflow),
        "realized_funding": "0",
        "realized_holding_cost": "0",
        "commission": money(position.commission),
        "liquidation_price": null,
        "bankruptcy_price": null,
        "adl_level": null,
        "auto_topup": false,
        "created_at": time::iso_us(position.created_us),
        "updated_at": time::iso_us(position.updated_us),
    })
}

/// The USD row of the wallet.
pub fn wallet(wallet: &Wallet) -> Value {
    let money = |value: Decimal| value.round_dp(8).normalize().to_string();
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

/// `{"success":true,"result":…}`, with `meta` if there is any.
pub fn success(result: Value, meta: Option<Value>) -> String {
    let mut envelope = Map::new();
    envelope.insert("success".to_owned(), Value::Bool(true));
    envelope.insert("result".to_owned(), result);
    if let Some(meta) = meta {
        envelope.insert("meta".to_owned(), meta);
    }
    Value::Object(envelope).to_string()
}

/// `{"success":false,"error":{"code":…,"context":…}}`.
pub fn failure(code: &str, context: Option<Value>) -> String {
    let mut error = json!({ "code": code });
    if let Some(context) = context {
        error["context"] = context;
    }
    json!({ "success": false, "error": error }).to_string()
}
