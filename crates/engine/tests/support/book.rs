//! One instrument's book at the venue, and what of it is published.

use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote};
use model::order::Side;
use model::{Decimal, Lots, Micros, Price, Symbol};

#[derive(Clone, Debug)]
pub struct Book {
    pub bid: Option<Price>,
    pub ask: Option<Price>,
    pub mark: Price,
    /// Lots on display at the best price of each side.
    pub size: Lots,
    /// Nothing of it is published any more, although the connection lives.
    pub frozen: bool,
}

impl Book {
    pub fn new(bid: &str, ask: &str) -> Self {
        let (bid, ask) = (super::dec(bid), super::dec(ask));
        Self { bid: Some(bid), ask: Some(ask), mark: (bid + ask) / Decimal::TWO, size: 1_000, frozen: false }
    }

    pub fn best(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }

    /// Orders outside are refused.
    pub fn band(&self) -> (Price, Price) {
        (Decimal::ONE, self.mark * Decimal::from(3))
    }

    pub fn scaled(&self, opening: &Book, factor: Decimal) -> Self {
        let scaled = |price: Price| (price * factor).round_dp(1);
        Self {
            bid: opening.bid.map(scaled),
            ask: opening.ask.map(scaled),
            mark: scaled(opening.mark),
            ..self.clone()
        }
    }

    pub fn publish(&self, symbol: &Symbol, at: Micros) -> Vec<MarketEvent> {
        if self.frozen {
            return Vec::new();
        }
        let source = MarketSource::Stream;
        let level = |price: Option<Price>| price.map(|price| Level { price, lots: self.size });
        let quote = Quote { symbol: symbol.clone(), bid: level(self.bid), ask: level(self.ask), source, at };
        let depth = Depth {
            symbol: symbol.clone(),
            bids: level(self.bid).into_iter().collect(),
            asks: level(self.ask).into_iter().collect(),
            source,
            at,
        };
        let mark = Mark {
            symbol: symbol.clone(),
            price: self.mark,
            band: Some(self.band()),
            delta: None,
            volatility: None,
            source,
            at,
        };
        vec![MarketEvent::Quote(quote), MarketEvent::Depth(depth), MarketEvent::Mark(mark)]
    }
}
