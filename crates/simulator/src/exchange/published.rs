//! What was last sent of the public market data, so that only changes and repeats go out.

use std::collections::BTreeMap;

use super::event::{Channel, PriceLevel};
use super::market::Underlying;
use super::market::chain::Product;
use super::time::Micros;

/// Bids and asks.
pub(crate) type BothSides<T> = (T, T);

#[derive(Clone, Debug, Default)]
pub(crate) struct Published {
    /// Products that the watched tokens of a channel mean.
    pub products: BTreeMap<Channel, Vec<Product>>,
    pub tops: BTreeMap<i64, (BothSides<Option<PriceLevel>>, Micros)>,
    pub depths: BTreeMap<i64, (BothSides<Vec<PriceLevel>>, Micros)>,
    pub spots: BTreeMap<Underlying, (i64, Micros)>,
}

impl Published {
    /// Watched symbols or the chain changed.
    pub fn forget_products(&mut self) {
        self.products.clear();
    }
}
