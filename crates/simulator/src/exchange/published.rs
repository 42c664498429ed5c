//! What was last sent of the public market data, so that only changes and repeats go out.

use std::collections::BTreeMap;

use super::account::Position;
use super::event::{Channel, PriceLevel, TickerRow};
use super::market::Underlying;
use super::market::chain::Product;
use super::prints::Day;
use super::time::Micros;
use super::updates::Told;

/// Bids and asks.
pub(crate) type BothSides<T> = (T, T);

#[derive(Clone, Debug, Default)]
pub(crate) struct Published {
    /// Products that the watched tokens of a channel mean.
    pub products: BTreeMap<Channel, Vec<Product>>,
    pub tops: BTreeMap<i64, (BothSides<Option<PriceLevel>>, Micros)>,
    pub depths: BTreeMap<i64, (BothSides<Vec<PriceLevel>>, Micros)>,
    /// Figures of the last day, with the minute in which they were made.
    pub days: BTreeMap<i64, (i64, Day)>,
    /// Positions as last listed, and tickers as last answered, where they may be old.
    pub positions: Option<(Micros, Vec<Position>)>,
    pub cached: BTreeMap<i64, TickerRow>,
    /// Books as told change by change, and until when trades were told.
    pub updates: BTreeMap<i64, Told>,
    pub trades: BTreeMap<i64, Micros>,
    pub spots: BTreeMap<Underlying, (i64, Micros)>,
}

impl Published {
    /// Watched symbols or the chain changed.
    pub fn forget_products(&mut self) {
        self.products.clear();
    }
}
