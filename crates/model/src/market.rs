//! What the market says: top of book, depth, mark and spot, each with the time it was true and how we know.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Price};
use crate::ids::{Symbol, Underlying};

/// How a number reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketSource {
    /// The live socket.
    Stream,
    /// A REST read, while the socket is away.
    RestFallback,
}

impl MarketSource {
    pub fn word(self) -> &'static str {
        match self {
            MarketSource::Stream => "stream",
            MarketSource::RestFallback => "rest_fallback",
        }
    }
}

/// One price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub price: Price,
    pub lots: Lots,
}

/// Best bid and offer of one instrument. A missing side is `None`, never zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub symbol: Symbol,
    pub bid: Option<Level>,
    pub ask: Option<Level>,
    pub source: MarketSource,
    /// When we received it.
    pub at: Micros,
}

/// Several levels of one instrument's book, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    pub symbol: Symbol,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub source: MarketSource,
    pub at: Micros,
}

/// The venue's mark of one instrument, with what its ticker says beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub symbol: Symbol,
    pub price: Price,
    /// Orders outside [lower, upper] are refused by the venue.
    pub band: Option<(Price, Price)>,
    pub delta: Option<Decimal>,
    /// Implied volatility, a share (0.6 is 60 %).
    pub volatility: Option<Decimal>,
    pub source: MarketSource,
    pub at: Micros,
}

/// The index price of an underlying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub underlying: Underlying,
    pub price: Price,
    pub source: MarketSource,
    pub at: Micros,
}

/// A market event, as the stream or the fallback brings it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "market", rename_all = "snake_case")]
pub enum MarketEvent {
    Quote(Quote),
    Depth(Depth),
    Mark(Mark),
    Spot(Spot),
}

/// Everything known about one instrument's market.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentMarket {
    pub quote: Option<Quote>,
    pub depth: Option<Depth>,
    pub mark: Option<Mark>,
}

/// Top of book older than this is stale (the venue re-sends an unchanged one every 5 s).
pub const QUOTE_AGE_MAX: Micros = Micros(6_000_000);
/// A mark older than this is stale.
pub const MARK_AGE_MAX: Micros = Micros(5_000_000);
/// Depth older than this is not walked.
pub const DEPTH_AGE_MAX: Micros = Micros(11_000_000);
/// A connection that brought nothing for this long is not trusted.
pub const LINK_SILENCE_MAX: Micros = Micros(3_000_000);
/// Spot older than this is stale.
pub const SPOT_AGE_MAX: Micros = Micros(6_000_000);

impl InstrumentMarket {
    pub fn quote_age(&self, now: Micros) -> Option<Micros> {
        self.quote.as_ref().map(|quote| Micros(now.0 - quote.at.0))
    }

    pub fn mark_age(&self, now: Micros) -> Option<Micros> {
        self.mark.as_ref().map(|mark| Micros(now.0 - mark.at.0))
    }

    /// Whether top of book and mark are young enough to decide on.
    pub fn is_fresh(&self, now: Micros) -> bool {
        self.quote_age(now).is_some_and(|age| age <= QUOTE_AGE_MAX)
            && self.mark_age(now).is_some_and(|age| age <= MARK_AGE_MAX)
    }

    pub fn bid(&self) -> Option<Level> {
        self.quote.as_ref().and_then(|quote| quote.bid)
    }

    pub fn ask(&self) -> Option<Level> {
        self.quote.as_ref().and_then(|quote| quote.ask)
    }

    pub fn mark_price(&self) -> Option<Price> {
        self.mark.as_ref().map(|mark| mark.price)
    }
}
