//! Market frames: marks, tops of books, depths and spot prices. A side that is not there is none; a price without a
//! size, or a negative one, is an error.

use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::{Decimal, Micros, Symbol, Underlying};
use serde::Deserialize;
use serde_json::Value;

use super::super::wire::decimal_of;
use super::account::size;

/// What a ticker says that a mark alone does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    band: Option<(Decimal, Decimal)>,
    delta: Option<Decimal>,
    volatility: Option<Decimal>,
}

#[derive(Deserialize)]
pub(super) struct TickerRow {
    pub s: String,
    m: Value,
    /// Lower, upper.
    #[serde(default)]
    pb: Option<Vec<Value>>,
    /// Of ask, bid, mark.
    #[serde(default)]
    qiv: Option<Vec<Value>>,
    /// Delta first.
    #[serde(default)]
    g: Option<Vec<Value>>,
}

#[derive(Deserialize)]
pub(super) struct PriceFrame {
    pub sy: String,
    p: Value,
}

#[derive(Deserialize)]
pub(super) struct TopFrame {
    sy: String,
    ap: Value,
    #[serde(rename = "as")]
    a_s: Value,
    bp: Value,
    bs: Value,
}

#[derive(Deserialize)]
pub(super) struct DepthFrame {
    sy: String,
    a: Vec<(Value, Value)>,
    b: Vec<(Value, Value)>,
}

impl TickerRow {
    pub(super) fn extras(&self) -> Result<Extras, String> {
        let number = |list: &Option<Vec<Value>>, index: usize| match list.as_ref().and_then(|l| l.get(index))
        {
            Some(value) => decimal_of(value),
            None => Ok(None),
        };
        Ok(Extras {
            band: band(number(&self.pb, 0)?, number(&self.pb, 1)?)?,
            delta: number(&self.g, 0)?,
            volatility: number(&self.qiv, 2)?,
        })
    }

    /// The mark, if the row has one.
    pub(super) fn mark(&self, extras: &Extras, at: Micros) -> Result<Option<MarketEvent>, String> {
        mark(&self.s, &self.m, extras, at)
    }
}

impl PriceFrame {
    pub(super) fn mark(
        &self,
        symbol: &str,
        extras: &Extras,
        at: Micros,
    ) -> Result<Option<MarketEvent>, String> {
        mark(symbol, &self.p, extras, at)
    }

    pub(super) fn spot(&self, underlying: &Underlying, at: Micros) -> Result<Option<MarketEvent>, String> {
        let price = positive(decimal_of(&self.p)?)?;
        let underlying = underlying.clone();
        Ok(price.map(|price| MarketEvent::Spot(Spot { underlying, price, source: MarketSource::Stream, at })))
    }
}

impl TopFrame {
    pub(super) fn quote(&self, at: Micros) -> Result<MarketEvent, String> {
        Ok(MarketEvent::Quote(Quote {
            symbol: Symbol::from(self.sy.as_str()),
            bid: level(decimal_of(&self.bp)?, decimal_of(&self.bs)?)?,
            ask: level(decimal_of(&self.ap)?, decimal_of(&self.a_s)?)?,
            source: MarketSource::Stream,
            at,
        }))
    }
}

impl DepthFrame {
    pub(super) fn depth(&self, at: Micros) -> Result<MarketEvent, String> {
        Ok(MarketEvent::Depth(Depth {
            symbol: Symbol::from(self.sy.as_str()),
            bids: levels(&self.b)?,
            asks: levels(&self.a)?,
            source: MarketSource::Stream,
            at,
        }))
    }
}

fn mark(symbol: &str, price: &Value, extras: &Extras, at: Micros) -> Result<Option<MarketEvent>, String> {
    let Some(price) = mark_price(decimal_of(price)?)? else { return Ok(None) };
    Ok(Some(MarketEvent::Mark(Mark {
        symbol: Symbol::from(symbol),
        price,
        band: extras.band,
        delta: extras.delta,
        volatility: extras.volatility,
        source: MarketSource::Stream,
        at,
    })))
}

/// A mark of zero is one: an option may be worth nothing.
pub(super) fn mark_price(price: Option<Decimal>) -> Result<Option<Decimal>, String> {
    match price {
        Some(price) if price < Decimal::ZERO => Err(format!("a mark of {price}")),
        other => Ok(other),
    }
}

/// A price that is none when it is zero.
pub(super) fn positive(price: Option<Decimal>) -> Result<Option<Decimal>, String> {
    match price {
        Some(price) if price < Decimal::ZERO => Err(format!("a price of {price}")),
        other => Ok(other.filter(|price| *price > Decimal::ZERO)),
    }
}

/// The band in which orders are taken; none unless both ends are there.
pub(super) fn band(
    lower: Option<Decimal>,
    upper: Option<Decimal>,
) -> Result<Option<(Decimal, Decimal)>, String> {
    let Some((lower, upper)) = lower.zip(upper).filter(|(_, upper)| !upper.is_zero()) else {
        return Ok(None);
    };
    if lower < Decimal::ZERO || lower > upper {
        return Err(format!("a price band from {lower} to {upper}"));
    }
    Ok(Some((lower, upper)))
}

fn levels(rows: &[(Value, Value)]) -> Result<Vec<Level>, String> {
    let mut levels = Vec::new();
    for (price, lots) in rows {
        levels.extend(level(decimal_of(price)?, decimal_of(lots)?)?);
    }
    Ok(levels)
}

/// One level. Without a price there is none, and without lots it is gone; a price that does not say of how many lots is
/// an error.
pub(super) fn level(price: Option<Decimal>, lots: Option<Decimal>) -> Result<Option<Level>, String> {
    let price = positive(price)?;
    let lots = lots.map(size).transpose()?;
    match (price, lots) {
        (Some(price), Some(lots)) => Ok((lots > 0).then_some(Level { price, lots })),
        (Some(price), None) => Err(format!("an offer at {price} without a size")),
        (None, _) => Ok(None),
    }
}
