//! What REST answers say, as the engine's words.

use std::collections::BTreeMap;

use model::ids::{ClientOrderId, FillId, OrderId, ProductId};
use model::input::{Input, OpenOrder};
use model::instrument::{Instrument, OptionKind};
use model::market::{Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::order::Fill;
use model::{Decimal, Micros, Symbol, Underlying};
use serde_json::Value;

use super::super::wire;
use super::{lots, side};

/// A listed option of `underlying`; `Ok(None)` for another underlying. Terms that money depends on must be there.
pub fn instrument(product: &wire::Product, underlying: &Underlying) -> Result<Option<Instrument>, String> {
    let kind = match product.contract_type.as_str() {
        "call_options" => OptionKind::Call,
        "put_options" => OptionKind::Put,
        _other => return Ok(None),
    };
    let of = match &product.underlying_asset {
        Some(asset) => asset.symbol.as_str(),
        None => product.symbol.split('-').nth(1).unwrap_or_default(),
    };
    if of != underlying.as_str() {
        return Ok(None);
    }
    let missing = |what: &str| format!("{} has no {what}", product.symbol);
    let some = |number: Option<Decimal>, what: &str| number.ok_or_else(|| missing(what));
    let expiry = product.settlement_time.as_deref().and_then(Micros::parse_rfc3339);
    let cap = product.product_specs.as_ref().and_then(|specs| specs.premium_commission_rate);
    Ok(Some(Instrument {
        product_id: ProductId(product.id),
        symbol: Symbol::from(product.symbol.as_str()),
        underlying: underlying.clone(),
        kind,
        strike: some(product.strike_price, "strike price")?,
        expiry: expiry.ok_or_else(|| missing("settlement time"))?,
        tick: some(product.tick_size, "tick size")?,
        contract_value: some(product.contract_value, "contract value")?,
        commission_rate: some(product.taker_commission_rate, "commission rate")?,
        commission_cap: some(cap, "cap of the commission")?,
        maintenance_margin: some(product.maintenance_margin, "maintenance margin")? / Decimal::ONE_HUNDRED,
        initial_margin: some(product.initial_margin, "initial margin")? / Decimal::ONE_HUNDRED,
    }))
}

/// An order that the venue lists as open.
pub fn open_order(order: &wire::Order) -> Result<OpenOrder, String> {
    let order_id = order.id.as_ref().or(order.order_id.as_ref()).ok_or("an open order has no id")?;
    let symbol =
        order.product_symbol.as_ref().or(order.symbol.as_ref()).ok_or("an open order has no symbol")?;
    Ok(OpenOrder {
        client_order_id: order.client_order_id.clone().map(ClientOrderId),
        order_id: OrderId(order_id.clone()),
        product_id: ProductId(order.product_id.ok_or("an open order has no product id")?),
        symbol: Symbol(symbol.clone()),
        reduce_only: order.reduce_only,
    })
}

/// A fill of the history; `symbols` names products where the answer does not.
pub fn fill(fill: &wire::Fill, symbols: &BTreeMap<ProductId, Symbol>) -> Result<Fill, String> {
    let symbol = match (&fill.product_symbol, fill.product_id) {
        (Some(symbol), _) => Some(Symbol(symbol.clone())),
        (None, Some(product)) => symbols.get(&ProductId(product)).cloned(),
        (None, None) => None,
    };
    let at = match &fill.created_at {
        Value::String(text) => Micros::parse_rfc3339(text).or_else(|| text.parse().ok().map(Micros)),
        Value::Number(number) => number.as_i64().map(Micros),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let missing = |what: &str| format!("a fill has no {what}");
    Ok(Fill {
        id: FillId(fill.id.clone().ok_or_else(|| missing("id"))?),
        order_id: OrderId(fill.order_id.clone().unwrap_or_default()),
        client_order_id: fill
            .meta_data
            .as_ref()
            .and_then(|meta| meta.client_order_id.clone())
            .map(ClientOrderId),
        symbol: symbol.ok_or_else(|| missing("symbol"))?,
        side: side(&fill.side)?,
        lots: lots(fill.size.ok_or_else(|| missing("size"))?)?,
        price: fill.price.ok_or_else(|| missing("price"))?,
        fee: fill.commission,
        settlement: fill.fill_type.as_deref() == Some("settlement"),
        at: at.ok_or_else(|| missing("time"))?,
    })
}

/// A ticker read while the stream is away: mark, top of book and spot.
pub fn ticker(ticker: &wire::Ticker, at: Micros) -> Result<Vec<Input>, String> {
    let source = MarketSource::RestFallback;
    let symbol = Symbol::from(ticker.symbol.as_str());
    let quotes = ticker.quotes.clone().unwrap_or_default();
    let level = |price: Option<Decimal>, size: Option<Decimal>| -> Result<Option<Level>, String> {
        let some = |number: Option<Decimal>| number.filter(|number| *number > Decimal::ZERO);
        some(price).zip(some(size)).map(|(price, size)| Ok(Level { price, lots: lots(size)? })).transpose()
    };
    let mut events = vec![MarketEvent::Quote(Quote {
        symbol: symbol.clone(),
        bid: level(quotes.best_bid, quotes.bid_size)?,
        ask: level(quotes.best_ask, quotes.ask_size)?,
        source,
        at,
    })];
    if let Some(price) = ticker.mark_price {
        let band = ticker.price_band.as_ref().and_then(|band| band.lower_limit.zip(band.upper_limit));
        events.push(MarketEvent::Mark(Mark {
            symbol,
            price,
            band,
            delta: ticker.greeks.as_ref().and_then(|greeks| greeks.delta),
            volatility: quotes.mark_iv,
            source,
            at,
        }));
    }
    if let (Some(price), Some(underlying)) = (ticker.spot_price, &ticker.underlying_asset_symbol) {
        let underlying = Underlying::from(underlying.as_str());
        events.push(MarketEvent::Spot(Spot { underlying, price, source, at }));
    }
    Ok(events.into_iter().map(Input::Market).collect())
}
