//! What the market says: top of book, depth, mark and spot, each with the time it was true and how we know.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Price, is_price};
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

/// A market event, as the stream or the fallback brings it. The latest of each kind and instrument counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "market", rename_all = "snake_case")]
pub enum MarketEvent {
    Quote(Quote),
    Depth(Depth),
    Mark(Mark),
    Spot(Spot),
}

/// What a market event replaces: its kind and its instrument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarketKey {
    Spot(Underlying),
    Quote(Symbol),
    Depth(Symbol),
    Mark(Symbol),
}

impl MarketEvent {
    pub fn key(&self) -> MarketKey {
        match self {
            MarketEvent::Quote(quote) => MarketKey::Quote(quote.symbol.clone()),
            MarketEvent::Depth(depth) => MarketKey::Depth(depth.symbol.clone()),
            MarketEvent::Mark(mark) => MarketKey::Mark(mark.symbol.clone()),
            MarketEvent::Spot(spot) => MarketKey::Spot(spot.underlying.clone()),
        }
    }

    /// When it was received.
    pub fn at(&self) -> Micros {
        match self {
            MarketEvent::Quote(quote) => quote.at,
            MarketEvent::Depth(depth) => depth.at,
            MarketEvent::Mark(mark) => mark.at,
            MarketEvent::Spot(spot) => spot.at,
        }
    }

    /// Whether its numbers can be those of a market: nothing computed from them runs over.
    pub fn is_sane(&self) -> bool {
        let level = |level: &Level| is_price(level.price) && level.lots >= 0;
        let levels = |levels: &[Level]| levels.iter().all(level);
        match self {
            MarketEvent::Quote(quote) => quote.bid.iter().chain(&quote.ask).all(level),
            MarketEvent::Depth(depth) => levels(&depth.bids) && levels(&depth.asks),
            MarketEvent::Mark(mark) => {
                is_price(mark.price)
                    && mark.band.is_none_or(|(lower, upper)| is_price(lower) && is_price(upper))
            }
            MarketEvent::Spot(spot) => is_price(spot.price),
        }
    }
}

impl Depth {
    /// Keeps the levels that `lots` can reach on each side, and one more.
    pub fn within_reach(mut self, lots: Lots) -> Self {
        for side in [&mut self.bids, &mut self.asks] {
            let mut reached = 0;
            let mut kept = 0;
            for level in side.iter() {
                kept += 1;
                if reached >= lots {
                    break;
                }
                reached = reached.saturating_add(level.lots);
            }
            side.truncate(kept);
        }
        self
    }
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
        self.quote.as_ref().map(|quote| Micros(now.0.saturating_sub(quote.at.0)))
    }

    pub fn mark_age(&self, now: Micros) -> Option<Micros> {
        self.mark.as_ref().map(|mark| Micros(now.0.saturating_sub(mark.at.0)))
    }

    /// Whether the top of book is young enough to decide on.
    pub fn is_quoted(&self, now: Micros) -> bool {
        self.quote_age(now).is_some_and(|age| age <= QUOTE_AGE_MAX)
    }

    /// Whether the mark is young enough to decide on.
    pub fn is_marked(&self, now: Micros) -> bool {
        self.mark_age(now).is_some_and(|age| age <= MARK_AGE_MAX)
    }

    /// Whether both are.
    pub fn is_fresh(&self, now: Micros) -> bool {
        self.is_quoted(now) && self.is_marked(now)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_kept_as_far_as_it_can_be_walked() {
        let level = |price: i64, lots| Level { price: Decimal::from(price), lots };
        let depth = Depth {
            symbol: Symbol::from("C"),
            bids: vec![level(10, 500), level(9, 500), level(8, 500)],
            asks: vec![level(11, 100), level(12, 100), level(13, 100), level(14, 100)],
            source: MarketSource::Stream,
            at: Micros(0),
        };
        let kept = depth.within_reach(200);
        assert_eq!(kept.bids.len(), 2);
        assert_eq!(kept.asks.len(), 3, "the level that is reached, and one more");
    }

    #[test]
    fn absurd_numbers_are_no_market() {
        let spot = |price: &str| {
            MarketEvent::Spot(Spot {
                underlying: Underlying::from("BTC"),
                price: price.parse().expect("a decimal"),
                source: MarketSource::Stream,
                at: Micros(0),
            })
        };
        for (price, sane) in
            [("46000.5", true), ("0", true), ("-1", false), ("79228162514264337593543950335", false)]
        {
            assert_eq!(spot(price).is_sane(), sane, "{price}");
        }
    }
}
