//! What the makers quote now: the market, the settlement mean and the decay of time value joined with the
//! book of a product; and what the account is worth at those marks.

use rust_decimal::Decimal;

use super::account::{Position, Wallet};
use super::book::{Book, Depth, Side};
use super::chain::Product;
use super::pattern;
use super::quote::{self, Quote, rounded};
use super::state::Exchange;
use super::time::SECOND_US;
use super::twap::WINDOW_S;

impl Exchange {
    /// What the makers think now.
    pub(crate) fn quote(&self, product: &Product) -> Quote {
        let market = &self.state.market;
        let Some(expiry_s) = product.expiry_s() else {
            return quote::quote(market, self.volatility, product.contract, market.index_usd(), 0.0);
        };
        let left_s = (expiry_s * SECOND_US - market.tick_us) as f64 / SECOND_US as f64;
        let held_us = self.state.decay.get(&expiry_s).map_or(0, |decay| market.tick_us - decay.first_fill_us);
        let years = quote::pricing_years(left_s, market.speed, held_us.max(0) as f64 / SECOND_US as f64);
        let window = WINDOW_S as f64;
        let share = ((window - left_s) / window).clamp(0.0, 1.0);
        let forward = match self.state.twap.mean_usd() {
            Some(mean) if share > 0.0 => share * mean + (1.0 - share) * market.index_usd(),
            Some(_) | None => market.index_usd(),
        };
        quote::quote(market, self.volatility, product.contract, forward, years)
    }

    /// The makers' displayed depth now, after what was taken and any blanked side.
    pub(crate) fn depth(&mut self, product: &Product, quote: &Quote) -> Depth {
        let state = &mut self.state;
        let at_us = self.now_us;
        let book = state.books.entry(product.id).or_insert_with(|| Book::new(at_us, &mut state.flow));
        book.advance(at_us, &mut state.flow);
        let mut depth = book.depth(quote, product.tick());
        self.blanks.retain(|blank| blank.until_us > at_us);
        for blank in self.blanks.iter().filter(|blank| pattern::matches(&blank.pattern, &product.symbol)) {
            match blank.side {
                Side::Buy => depth.bids.clear(),
                Side::Sell => depth.asks.clear(),
            }
        }
        depth
    }

    /// Lowest and highest order price in whole price steps, tenths of a USD.
    pub(crate) fn band(&self, product: &Product, quote: &Quote) -> (i64, i64) {
        let (low, high) = quote.band();
        let tick = product.tick();
        let steps = |usd: f64| usd * 10.0 / tick as f64;
        ((steps(low) - 1e-9).ceil() as i64 * tick, (steps(high) + 1e-9).floor() as i64 * tick)
    }

    /// The band as published.
    pub(crate) fn band_decimal(quote: &Quote) -> (Decimal, Decimal) {
        let (low, high) = quote.band();
        (rounded(low, 8), rounded(high, 8))
    }

    /// Mark of a trading product, USD per BTC.
    pub fn mark_by_id(&self, product_id: i64) -> Option<Decimal> {
        self.product_by_id(product_id).map(|product| self.quote(&product).mark_decimal())
    }

    pub(crate) fn wallet_now(&self) -> Wallet {
        let mark = |position: &Position| self.mark_by_id(position.product_id).unwrap_or(position.entry_price);
        self.state.account.wallet(self.index(), mark)
    }
}
