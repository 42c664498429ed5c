//! Products and what is known of their markets, as REST JSON.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{USD_ASSET_ID, eight, lots_text, price_text};
use crate::exchange::chain::{Contract, Product};
use crate::exchange::event::{BookView, PriceLevel, TickerRow};
use crate::exchange::market::Underlying;
use crate::exchange::pricing::Greeks;
use crate::exchange::status::TradingStatus;
use crate::exchange::time::{self, Micros};
use crate::exchange::{Bar, Print};

/// What a product is besides its terms.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The mean of the index at which it was settled, and what it paid.
    pub settled: Option<(Decimal, Decimal)>,
    pub status: TradingStatus,
    /// When it was listed, Unix seconds.
    pub launched_s: Option<i64>,
}

impl Standing {
    /// Trading as usual since the beginning.
    pub const USUAL: Standing =
        Standing { settled: None, status: TradingStatus::Operational, launched_s: None };
}

fn asset(id: i64, symbol: &str, name: &str) -> Value {
    json!({
        "id": id,
        "symbol": symbol,
        "name": name,
        "precision": 8,
        "minimum_precision": 2,
        "deposit_status": "enabled",
        "withdrawal_status": "enabled",
        "base_withdrawal_fee": "0.000000000000000000",
        "min_withdrawal_amount": "0.000000000000000000",
        "interest_credit": false,
        "is_deposit_enabled": true,
        "is_withdrawal_enabled": true,
        "networks": [],
    })
}

fn name(underlying: Underlying) -> &'static str {
    match underlying {
        Underlying::Btc => "Bitcoin",
        Underlying::Eth => "Ethereum",
    }
}

fn asset_of(underlying: Underlying) -> Value {
    asset(underlying.asset_id(), underlying.symbol(), name(underlying))
}

fn usd() -> Value {
    asset(USD_ASSET_ID, "USD", "US Dollar")
}

/// Rows of `/v2/assets`.
pub fn assets() -> Value {
    let rows = Underlying::ALL.into_iter().map(asset_of);
    Value::Array(rows.chain([usd()]).collect())
}

/// The index of an underlying, a row of `/v2/indices`.
pub fn index(underlying: Underlying) -> Value {
    json!({
        "id": underlying.asset_id(),
        "symbol": underlying.index_symbol(),
        "constituent_exchanges": [],
        "underlying_asset_id": underlying.asset_id(),
        "quoting_asset_id": USD_ASSET_ID,
        "tick_size": underlying.price(1).to_string(),
        "index_type": "spot_pair",
    })
}

/// A product, with what stands about it.
pub fn product(product: &Product, standing: &Standing) -> Value {
    let strike = match product.contract {
        Contract::Option { strike, .. } => json!(strike.to_string()),
        Contract::Perpetual => Value::Null,
    };
    let is_option = product.expiry_s().is_some();
    let underlying = product.underlying.symbol();
    let settled = standing.settled;
    let mut value = json!({
        "id": product.id,
        "symbol": product.symbol,
        "description": format!("{underlying} {}", product.contract_type()),
        "contract_type": product.contract_type(),
        "state": if settled.is_some() { "expired" } else { "live" },
        "trading_status": standing.status.word(),
        "notional_type": "vanilla",
        "settlement_time": product.expiry_s().map(time::iso_seconds),
        "launch_time": standing.launched_s.map(time::iso_seconds),
        "auction_start_time": null,
        "auction_finish_time": null,
        "disruption_reason": null,
        "strike_price": strike,
        "barrier_price": null,
        "settlement_price": settled.map(|(_, price)| price.to_string()),
        "contract_value": product.contract_value().to_string(),
        "contract_unit_currency": underlying,
        "tick_size": product.tick_size().to_string(),
        "product_specs": specs(product, settled.map(|(mean, _)| mean)),
        "ui_config": {},
        "underlying_asset": asset_of(product.underlying),
        "quoting_asset": usd(),
        "settling_asset": usd(),
        "spot_index": index(product.underlying),
        "funding_method": if is_option { Value::Null } else { json!("mark_price") },
        "short_description": "",
    });
    if let (Some(fields), Value::Object(terms)) = (value.as_object_mut(), terms(product)) {
        fields.extend(terms);
    }
    value
}

/// What trading it costs and how far it goes.
fn terms(product: &Product) -> Value {
    let is_option = product.expiry_s().is_some();
    json!({
        "initial_margin": "1",
        "maintenance_margin": "0.5",
        "default_leverage": "100.000000000000000000",
        "max_leverage_notional": "100000",
        "initial_margin_scaling_factor": "0.000002",
        "maintenance_margin_scaling_factor": "0.000001",
        "taker_commission_rate": product.fee_rate().to_string(),
        "maker_commission_rate": product.fee_rate().to_string(),
        "liquidation_penalty_factor": "0.5",
        "insurance_fund_margin_contribution": "1",
        "basis_factor_max_limit": "10.95",
        "annualized_funding": if is_option { Value::Null } else { json!("10.95") },
        "position_size_limit": 1_000_000,
        "impact_size": 100,
        "price_band": if is_option { "2" } else { "5" },
        "is_quanto": false,
    })
}

fn specs(product: &Product, mean: Option<Decimal>) -> Value {
    let mut specs = json!({});
    if let Some(cap) = product.fee_cap() {
        specs["premium_commission_rate"] = json!(f64::try_from(cap).unwrap_or_default());
    } else {
        specs["rate_exchange_interval"] = json!(28_800);
    }
    if let Some(mean) = mean {
        specs["settlement_index_price"] = json!(mean.to_string());
    }
    specs
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

/// A number as the venue's floats are: exact decimals through a binary float.
fn float(value: Decimal) -> f64 {
    f64::try_from(value).unwrap_or_default()
}

/// REST ticker. The keys of what was traded are absent when nothing was, as the venue leaves them.
pub fn ticker(row: &TickerRow) -> Value {
    let product = &row.product;
    let contracts = |lots: i64| Decimal::from(lots) * product.contract_value();
    let interest = contracts(row.day.open_interest);
    let mut value = json!({
        "symbol": product.symbol,
        "product_id": product.id,
        "contract_type": product.contract_type(),
        "underlying_asset_symbol": product.underlying.symbol(),
        "description": format!("{} {}", product.underlying.symbol(), product.contract_type()),
        "mark_price": row.mark.to_string(),
        "mark_change_24h": change(row.mark, row.day.mark_then),
        "spot_price": row.spot.to_string(),
        "tick_size": format!("{:.18}", product.tick_size()),
        "contract_value": format!("{:.18}", product.contract_value()),
        "initial_margin": "1",
        "leverage": i64::try_from(row.leverage.trunc()).unwrap_or(1),
        "turnover_symbol": "USD",
        "oi": format!("{interest:.4}"),
        "oi_contracts": row.day.open_interest.to_string(),
        "oi_value": format!("{interest:.4}"),
        "oi_value_symbol": product.underlying.symbol(),
        "oi_value_usd": format!("{:.4}", interest * row.spot),
        "oi_change_usd_6h": "0.0000",
        "product_trading_status": row.status.word(),
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
    let Some(fields) = value.as_object_mut() else { return value };
    if let Contract::Option { strike, .. } = product.contract {
        fields.insert("strike_price".to_owned(), json!(strike.to_string()));
        fields.insert("mark_vol".to_owned(), json!(row.mark_iv.map(eight)));
    }
    if let Some(rate) = row.funding_rate {
        fields.insert("funding_rate".to_owned(), json!(rate.to_string()));
        fields.insert(
            "mark_basis".to_owned(),
            json!((row.mark / row.spot - Decimal::ONE).round_dp(8).to_string()),
        );
    }
    if row.day.lots > 0 {
        let volume = contracts(row.day.lots);
        let day = &row.day;
        for (name, number) in [("open", day.open), ("high", day.high), ("low", day.low), ("close", day.close)]
        {
            fields.insert(name.to_owned(), json!(float(number)));
        }
        fields.insert("volume".to_owned(), json!(float(volume)));
        fields.insert("size".to_owned(), json!(day.lots));
        fields.insert("turnover".to_owned(), json!(float(volume * row.spot)));
        fields.insert("turnover_usd".to_owned(), json!(float(volume * row.spot)));
        fields.insert("ltp_change_24h".to_owned(), json!(change(day.close, day.open)));
        fields.insert("time".to_owned(), json!(time::iso_us(row.at_us).replace('Z', "000Z")));
    }
    value
}

/// Percent from one price to another, four decimals.
pub fn change(now: Decimal, then: Decimal) -> String {
    let share = if then.is_zero() { Decimal::ZERO } else { (now - then) / then * Decimal::ONE_HUNDRED };
    format!("{share:.4}")
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

/// Rows of candles: numbers, oldest first; an index has no volume.
pub fn candles(bars: &[Bar]) -> Value {
    let row = |bar: &Bar| {
        json!({
            "time": bar.start_s,
            "open": float(bar.open),
            "high": float(bar.high),
            "low": float(bar.low),
            "close": float(bar.close),
            "volume": bar.lots,
        })
    };
    bars.iter().map(row).collect()
}

/// Trades as observed, a list with roles, or `as_documented`, an object with sides.
pub fn trades(symbol: &str, prints: &[Print], as_documented: bool) -> Value {
    if as_documented {
        let row = |print: &Print| {
            let at = print.at_us;
            json!({ "side": print.taker.word(), "size": print.lots, "price": print.price.to_string(), "timestamp": at })
        };
        return json!({ "trades": prints.iter().map(row).collect::<Vec<_>>() });
    }
    let role = |takes: bool| if takes { "taker" } else { "maker" };
    let row = |print: &Print| {
        let buys = print.taker == crate::exchange::book::Side::Buy;
        json!({
            "buyer_role": role(buys),
            "seller_role": role(!buys),
            "price": print.price.to_string(),
            "size": print.lots,
            "symbol": symbol,
            "timestamp": print.at_us,
        })
    };
    prints.iter().map(row).collect()
}

/// The time of the venue, and whether it is there.
pub fn settings(now_us: Micros, maintained: bool) -> Value {
    json!({ "server_time": now_us, "under_maintenance": if maintained { "true" } else { "false" } })
}
