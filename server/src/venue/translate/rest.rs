//! What REST answers say, as the engine's words.

use std::collections::BTreeMap;

use model::fill::Fill;
use model::ids::{ClientOrderId, OrderId, ProductId};
use model::input::{AccountPosition, OpenOrder};
use model::instrument::{FEE_TAX, Instrument, OptionKind};
use model::market::{Mark, MarketEvent, MarketSource, Quote, Spot};
use model::{Decimal, Micros, Symbol, Underlying};
use serde_json::Value;

use super::super::{underlyings, wire};
use super::StatusFrame;
use super::account::{executed, fill_id, is_settlement, lots, micros, side, size};
use super::market::{band, level, mark_price, positive};
use crate::brief::short;

/// A listed option of `underlying`; `Ok(None)` for another underlying.
pub fn instrument(product: &wire::Product, underlying: &Underlying) -> Result<Option<Instrument>, String> {
    let (_, of) = match kind_and_underlying(product)? {
        Some(known) => known,
        None => return Ok(None),
    };
    if &of == underlying { option(product) } else { Ok(None) }
}

/// An option of whatever underlying; `Ok(None)` for what is none. Terms that money depends on must be there and be
/// possible.
pub fn option(product: &wire::Product) -> Result<Option<Instrument>, String> {
    let Some((kind, underlying)) = kind_and_underlying(product)? else { return Ok(None) };
    let wrong = |what: &str| format!("{} has no {what}", product.symbol);
    let some = |number: Option<Decimal>, what: &str| {
        number.filter(|number| *number > Decimal::ZERO).ok_or_else(|| wrong(what))
    };
    // What is charged may be nothing; what is absent is not nothing.
    let share = |number: Option<Decimal>, what: &str| {
        number.filter(|number| *number >= Decimal::ZERO).ok_or_else(|| wrong(what))
    };
    let expiry = product.settlement_time.as_deref().and_then(Micros::parse_rfc3339);
    let cap = product.product_specs.as_ref().and_then(|specs| specs.premium_commission_rate);
    Ok(Some(Instrument {
        product_id: ProductId(product.id),
        symbol: Symbol::from(product.symbol.as_str()),
        underlying,
        kind,
        strike: some(product.strike_price, "strike price")?,
        expiry: expiry.ok_or_else(|| wrong("settlement time"))?,
        tick: some(product.tick_size, "tick size")?,
        contract_value: some(product.contract_value, "contract value")?,
        commission_rate: share(product.taker_commission_rate, "commission rate")?,
        commission_cap: share(cap, "cap of the commission")?,
        // The product does not say it; whoever reads products knows at which venue.
        fee_tax: FEE_TAX,
        maintenance_margin: share(product.maintenance_margin, "maintenance margin")? / Decimal::ONE_HUNDRED,
        initial_margin: share(product.initial_margin, "initial margin")? / Decimal::ONE_HUNDRED,
    }))
}

/// How a product trades by the venue's list; nothing of one that is not live, or that does not say.
pub fn listed_status(product: &wire::Product, symbol: &Symbol) -> Option<StatusFrame> {
    let live = product.symbol == symbol.as_str() && product.state.as_deref() == Some("live");
    let word = product.trading_status.as_deref().filter(|_| live)?;
    let status = (word != "operational").then(|| short(word));
    Some(StatusFrame { symbol: Some(symbol.0.clone()), status })
}

/// Whether it can be entered now: it is live, and neither an auction nor a disruption holds its matching. What does not
/// say so is taken for tradable; the venue refuses it otherwise.
pub fn is_tradable(product: &wire::Product) -> bool {
    let is = |word: Option<&str>, usual: &str| word.is_none_or(|word| word == usual);
    is(product.state.as_deref(), "live") && is(product.trading_status.as_deref(), "operational")
}

fn kind_and_underlying(product: &wire::Product) -> Result<Option<(OptionKind, Underlying)>, String> {
    let kind = match product.contract_type.as_str() {
        "call_options" => OptionKind::Call,
        "put_options" => OptionKind::Put,
        _other => return Ok(None),
    };
    let named = product.underlying_asset.as_ref().and_then(|asset| asset.symbol.as_deref());
    let named = named.filter(|symbol| !symbol.is_empty()).map(Underlying::from);
    let of_symbol = || underlyings::of_option(&Symbol::from(product.symbol.as_str()));
    let underlying = named.or_else(of_symbol);
    underlying
        .map(|underlying| Some((kind, underlying)))
        .ok_or_else(|| format!("{} has no underlying", product.symbol))
}

/// An order that the venue lists as open. `Ok(None)` for one of the spot market, which has no lots.
pub fn open_order(order: &wire::Order) -> Result<Option<OpenOrder>, String> {
    let order_id = order.id.as_ref().or(order.order_id.as_ref()).ok_or("an open order has no id")?;
    let symbol =
        order.product_symbol.as_ref().or(order.symbol.as_ref()).ok_or("an open order has no symbol")?;
    // Spot pairs are written with an underscore, such as BTC_INR; contracts never are.
    if symbol.contains('_') {
        return Ok(None);
    }
    let word = order.side.as_deref().ok_or("an open order has no side")?;
    Ok(Some(OpenOrder {
        client_order_id: order.client_order_id.clone().map(ClientOrderId),
        order_id: OrderId(order_id.clone()),
        product_id: ProductId(order.product_id.ok_or("an open order has no product id")?),
        symbol: Symbol(symbol.clone()),
        side: side(word)?,
        limit: positive(order.limit_price)?,
        leaves_lots: size(order.unfilled_size)?,
        reduce_only: order.reduce_only.ok_or("an open order does not say whether it only reduces")?,
    }))
}

/// A position of the account.
pub fn account_position(row: &wire::AccountPosition) -> Result<AccountPosition, String> {
    Ok(AccountPosition {
        product_id: ProductId(row.product_id),
        symbol: Symbol(row.product_symbol.clone()),
        lots: lots(row.size)?,
    })
}

/// A fill of the history; `symbols` names products where the answer does not. The fee keeps its sign: a rebate is
/// negative.
pub fn fill(fill: &wire::Fill, symbols: &BTreeMap<ProductId, Symbol>) -> Result<Fill, String> {
    let symbol = match (&fill.product_symbol, fill.product_id) {
        (Some(symbol), _) => Some(Symbol(symbol.clone())),
        (None, Some(product)) => symbols.get(&ProductId(product)).cloned(),
        (None, None) => None,
    };
    let settlement = is_settlement(fill.fill_type.as_deref())?;
    let (lots, price) = executed(fill.size, fill.price, settlement)?;
    let meta = fill.meta_data.as_ref();
    Ok(Fill {
        id: fill_id(fill.id.as_deref().unwrap_or_default())?,
        order_id: OrderId(fill.order_id.clone().ok_or("a fill has no order")?),
        client_order_id: meta.and_then(|meta| meta.client_order_id.clone()).map(ClientOrderId),
        symbol: symbol.ok_or("a fill has no symbol")?,
        side: side(&fill.side)?,
        lots,
        price,
        fee: fill.commission,
        fee_estimated: false,
        settlement,
        at: time(&fill.created_at)?,
    })
}

/// ISO text, or microseconds as a number or as text.
fn time(value: &Value) -> Result<Micros, String> {
    let iso = value.as_str().and_then(Micros::parse_rfc3339);
    match iso {
        Some(at) => micros(at.0),
        None => micros(wire::whole_of(value)?.ok_or("a fill has no time")?),
    }
}

/// A ticker read while the stream is away: mark, top of book and spot, as far as it has them.
pub fn ticker(ticker: &wire::Ticker, at: Micros) -> Result<Vec<MarketEvent>, String> {
    let source = MarketSource::RestFallback;
    let symbol = Symbol::from(ticker.symbol.as_str());
    let mut events = Vec::new();
    if let Some(quotes) = &ticker.quotes {
        events.push(MarketEvent::Quote(Quote {
            symbol: symbol.clone(),
            bid: level(quotes.best_bid, quotes.bid_size)?,
            ask: level(quotes.best_ask, quotes.ask_size)?,
            source,
            at,
        }));
    }
    if let Some(price) = mark_price(ticker.mark_price)? {
        let limits = ticker.price_band.as_ref();
        let limits = limits.map(|limits| band(limits.lower_limit, limits.upper_limit)).transpose()?;
        events.push(MarketEvent::Mark(Mark {
            symbol,
            price,
            band: limits.flatten(),
            delta: ticker.greeks.as_ref().and_then(|greeks| greeks.delta),
            volatility: ticker.quotes.as_ref().and_then(|quotes| quotes.mark_iv),
            source,
            at,
        }));
    }
    if let (Some(price), Some(underlying)) = (positive(ticker.spot_price)?, &ticker.underlying_asset_symbol) {
        let underlying = Underlying::from(underlying.as_str());
        events.push(MarketEvent::Spot(Spot { underlying, price, source, at }));
    }
    Ok(events)
}
