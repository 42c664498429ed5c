//! What the makers quote now: the market, the settlement mean and the decay of time value joined with the
//! book of a product; and what the account is worth at those marks.

use rust_decimal::Decimal;

use super::account::{Position, Risk, Wallet};
use super::market::WINDOW_S;
use super::market::book::{self, Book, Depth, Side};
use super::market::chain::Product;
use super::market::quote::{self, Quote, rounded};
use super::pattern;
use super::state::Exchange;
use super::terms;
use super::time::SECOND_US;

impl Exchange {
    /// What the makers think now.
    pub(crate) fn quote(&self, product: &Product) -> Quote {
        let segment = &self.state.segments[product.underlying];
        let (clock, spot) = (&self.state.clock, segment.course.index_usd());
        let Some(expiry_s) = product.expiry_s() else {
            return quote::quote(&segment.course, self.volatility, product, spot, 0.0);
        };
        let left_s = (expiry_s * SECOND_US - clock.tick_us) as f64 / SECOND_US as f64;
        let held_us = segment.decay.get(&expiry_s).map_or(0, |decay| clock.tick_us - decay.first_fill_us);
        let years = quote::pricing_years(left_s, clock.speed, held_us.max(0) as f64 / SECOND_US as f64);
        let window = WINDOW_S as f64;
        let share = ((window - left_s) / window).clamp(0.0, 1.0);
        let forward = match segment.twap.mean_usd(product.underlying) {
            Some(mean) if share > 0.0 => share * mean + (1.0 - share) * spot,
            Some(_) | None => spot,
        };
        quote::quote(&segment.course, self.volatility, product, forward, years)
    }

    /// The makers' displayed depth now, after what was taken and any blanked side.
    pub(crate) fn depth(&mut self, product: &Product, quote: &Quote) -> Depth {
        let state = &mut self.state;
        let at_us = self.now_us;
        let flow = &mut state.segments[product.underlying].flow;
        let book = state.books.entry(product.id).or_insert_with(|| Book::new(at_us, flow));
        book.advance(at_us, flow);
        let mut depth = book.depth(quote, product.grid());
        self.blanks.retain(|blank| blank.until_us > at_us);
        for blank in self.blanks.iter().filter(|blank| pattern::matches(&blank.pattern, &product.symbol)) {
            match blank.side {
                Side::Buy => depth.bids.clear(),
                Side::Sell => depth.asks.clear(),
            }
        }
        self.thins.retain(|thin| thin.until_us > at_us);
        for thin in self.thins.iter().filter(|thin| pattern::matches(&thin.pattern, &product.symbol)) {
            for side in [&mut depth.bids, &mut depth.asks] {
                side.iter_mut()
                    .for_each(|level| level.lots = (level.lots as f64 * thin.share).floor() as i64);
                side.retain(|level| level.lots > 0);
            }
        }
        depth
    }

    /// The maker orders that `lots` of a level consist of.
    pub(crate) fn pieces(&mut self, product: &Product, lots: i64) -> Vec<i64> {
        book::pieces(lots, &mut self.state.segments[product.underlying].flow)
    }

    /// Lowest and highest order price in whole price steps, in price units.
    pub(crate) fn band(&self, product: &Product, quote: &Quote) -> (i64, i64) {
        let (low, high) = quote.band(product.contract);
        let (tick, units) = (product.grid().tick, product.grid().units);
        let steps = |usd: f64| usd * units as f64 / tick as f64;
        ((steps(low) - 1e-9).ceil() as i64 * tick, (steps(high) + 1e-9).floor() as i64 * tick)
    }

    /// The band as published.
    pub(crate) fn band_decimal(product: &Product, quote: &Quote) -> (Decimal, Decimal) {
        let (low, high) = quote.band(product.contract);
        (rounded(low, 8), rounded(high, 8))
    }

    /// Mark of a trading product, USD per unit of the underlying.
    pub fn mark_by_id(&self, product_id: i64) -> Option<Decimal> {
        self.product_by_id(product_id).map(|product| self.quote(&product).mark_decimal())
    }

    pub(crate) fn wallet_now(&self) -> Wallet {
        let mark = |position: &Position| self.mark_by_id(position.product_id).unwrap_or(position.entry_price);
        self.state.account.wallet(|underlying| self.index(underlying), mark)
    }

    /// What a position blocks, USD.
    pub fn margin_of(&self, position: &Position) -> Decimal {
        let of = |product: Product| self.state.account.margin_of(&product, position);
        Product::from_id(position.product_id).map_or(Decimal::ZERO, of)
    }

    /// What a position risks.
    pub fn risk_of(&self, position: &Position) -> Risk {
        let Some(product) = Product::from_id(position.product_id) else { return Risk::default() };
        terms::risk(&product, position, self.margin_of(position), self.index(product.underlying), self.tax)
    }
}
