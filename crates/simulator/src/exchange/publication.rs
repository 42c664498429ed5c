//! Public market data: what is watched is priced and published at the venue's intervals.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::event::{BookView, Channel, PriceLevel, TickerRow, TopOfBook, VenueEvent};
use super::market::Underlying;
use super::market::book::{Depth, Level, Side};
use super::market::chain::{Contract, Product};
use super::market::pricing;
use super::market::quote::{Quote, rounded};
use super::order::OrderState;
use super::prints::Day;
use super::published::BothSides;
use super::state::Exchange;
use super::time::{Micros, SECOND_US};

const MILLIS: Micros = 1_000;
const TOP_REPEAT_US: Micros = 5 * SECOND_US;
const DEPTH_REPEAT_US: Micros = 10 * SECOND_US;
const SPOT_REPEAT_US: Micros = 5 * SECOND_US;

impl Exchange {
    pub(crate) fn mark_interval_us(&self) -> Micros {
        if self.is_fast() { 500 * MILLIS } else { 2_000 * MILLIS }
    }

    fn is_fast(&self) -> bool {
        self.state.clock.speed > 1
    }

    /// Publishes what is due on this point of the grid.
    pub(crate) fn publish(&mut self, at_us: Micros) {
        if self.watched.is_empty() {
            return;
        }
        let fast = self.is_fast();
        let due = |slow: Micros, quick: Micros| {
            let interval = if fast { quick } else { slow };
            at_us.rem_euclid(interval * MILLIS) == 0
        };
        for underlying in Underlying::ALL {
            self.publish_spot(underlying, at_us);
        }
        self.publish_tops(at_us);
        self.publish_updates(at_us);
        if due(1_000, 1_000) {
            self.publish_trades(at_us);
        }
        if due(2_000, 500) {
            self.publish_marks(at_us);
        }
        if due(5_000, 1_000) {
            for product in self.watched_products(Channel::Ticker) {
                let row = self.ticker_row(&product, at_us);
                self.emit(at_us, VenueEvent::Ticker(Box::new(row)));
            }
        }
        if due(5_000, 5_000) {
            self.publish_funding(at_us);
        }
        if due(500, 200) {
            self.publish_depths(at_us);
        }
    }

    fn publish_spot(&mut self, underlying: Underlying, at_us: Micros) {
        let tokens = self.watched.get(&Channel::Spot);
        if !tokens.is_some_and(|tokens| tokens.contains(underlying.index_symbol())) {
            return;
        }
        let index = self.state.segments[underlying].course.index;
        let stale = |(last, sent): &(i64, Micros)| *last != index || at_us - sent >= SPOT_REPEAT_US;
        if self.published.spots.get(&underlying).is_none_or(stale) {
            self.published.spots.insert(underlying, (index, at_us));
            self.emit(at_us, VenueEvent::Spot { underlying, price: self.index(underlying), at_us });
        }
    }

    fn publish_marks(&mut self, at_us: Micros) {
        for product in self.watched_products(Channel::Mark) {
            let price = self.quote(&product).mark_decimal();
            self.emit(at_us, VenueEvent::Mark { symbol: product.symbol, price, at_us });
        }
    }

    fn publish_tops(&mut self, at_us: Micros) {
        for product in self.watched_products(Channel::TopOfBook) {
            let quote = self.quote(&product);
            let (bids, asks) = self.displayed(&product, &quote);
            let top = (bids.first().copied(), asks.first().copied());
            let sent = self.published.tops.get(&product.id);
            if sent.is_none_or(|(last, sent_us)| *last != top || at_us - sent_us >= TOP_REPEAT_US) {
                self.published.tops.insert(product.id, (top, at_us));
                let event = TopOfBook { symbol: product.symbol, bid: top.0, ask: top.1, at_us };
                self.emit(at_us, VenueEvent::TopOfBook(event));
            }
        }
    }

    fn publish_depths(&mut self, at_us: Micros) {
        for product in self.watched_products(Channel::Depth) {
            let quote = self.quote(&product);
            let sides = self.displayed(&product, &quote);
            let sent = self.published.depths.get(&product.id);
            if sent.is_none_or(|(last, sent_us)| *last != sides || at_us - sent_us >= DEPTH_REPEAT_US) {
                self.published.depths.insert(product.id, (sides.clone(), at_us));
                let event = BookView { symbol: product.symbol, bids: sides.0, asks: sides.1, at_us };
                self.emit(at_us, VenueEvent::Depth(event));
            }
        }
    }

    /// Products that the watched tokens of a channel mean.
    pub(crate) fn watched_products(&mut self, channel: Channel) -> Vec<Product> {
        let Some(tokens) = self.watched.get(&channel) else { return Vec::new() };
        if !self.published.products.contains_key(&channel) {
            let mut products: Vec<Product> =
                tokens.iter().flat_map(|token| self.products_of(token)).collect();
            products.sort_by(|a, b| a.symbol.cmp(&b.symbol));
            products.dedup();
            self.published.products.insert(channel, products);
        }
        self.published.products.get(&channel).cloned().unwrap_or_default()
    }

    /// Trading products meant by a symbol, a chain token (`BTC-070122`), a contract type or `all`.
    pub fn products_of(&self, token: &str) -> Vec<Product> {
        if let Some(product) = self.product(token.strip_prefix("MARK:").unwrap_or(token)) {
            return vec![product];
        }
        let all = self.listed().into_iter();
        all.filter(|product| {
            token == "all"
                || token == product.contract_type()
                || product.chain_token().as_deref() == Some(token)
        })
        .collect()
    }

    pub(crate) fn ticker_row(&mut self, product: &Product, at_us: Micros) -> TickerRow {
        let quote = self.quote(product);
        let (bids, asks) = self.displayed(product, &quote);
        let (bid, ask) = (bids.first().copied(), asks.first().copied());
        let option = |value: f64| quote.greeks.map(|_| value);
        TickerRow {
            product: product.clone(),
            mark: quote.mark_decimal(),
            spot: self.index(product.underlying),
            bid_iv: bid.and_then(|level| implied(product, &quote, level)),
            ask_iv: ask.and_then(|level| implied(product, &quote, level)),
            mark_iv: option(quote.sigma),
            greeks: quote.greeks,
            band: Exchange::band_decimal(product, &quote),
            day: self.day_of(product, &quote, at_us),
            funding_rate: self.funding_rate(product),
            status: self.trading_status(product),
            leverage: self.state.account.leverage_of(product.id),
            bid,
            ask,
            at_us,
        }
    }

    /// The figures of a day change slowly and cost much: they are made once a minute.
    fn day_of(&mut self, product: &Product, quote: &Quote, at_us: Micros) -> Day {
        let minute = at_us.div_euclid(60 * SECOND_US);
        if let Some((_, day)) = self.published.days.get(&product.id).filter(|(made, _)| *made == minute) {
            return day.clone();
        }
        let day = self.day(product, quote);
        self.published.days.insert(product.id, (minute, day.clone()));
        day
    }

    /// What the holder of a long perpetual pays at the next funding, percent.
    pub(crate) fn funding_rate(&self, product: &Product) -> Option<Decimal> {
        let basis = self.state.segments[product.underlying].course.basis;
        (product.contract == Contract::Perpetual).then(|| rounded(basis * 100.0, 8))
    }

    /// Makers' depth with the account's own resting orders in it.
    pub(crate) fn displayed(&mut self, product: &Product, quote: &Quote) -> BothSides<Vec<PriceLevel>> {
        let Depth { bids, asks } = self.depth(product, quote);
        (self.with_own(product, Side::Buy, &bids), self.with_own(product, Side::Sell, &asks))
    }

    fn with_own(&self, product: &Product, side: Side, levels: &[Level]) -> Vec<PriceLevel> {
        let mut lots: BTreeMap<i64, i64> = BTreeMap::new();
        for level in levels {
            *lots.entry(-side.sign() * level.price).or_default() += level.lots;
        }
        let own = self.state.account.live.values();
        for order in own.filter(|order| order.product_id == product.id && order.side == side) {
            if order.state == OrderState::Open {
                *lots.entry(-side.sign() * order.limit).or_default() += order.unfilled;
            }
        }
        lots.into_iter().map(|(key, lots)| (product.underlying.price(key.abs()), lots)).collect()
    }
}

fn implied(product: &Product, quote: &Quote, level: PriceLevel) -> Option<f64> {
    let Contract::Option { right, strike, .. } = product.contract else { return None };
    let price: f64 = level.0.try_into().ok()?;
    Some(pricing::implied_volatility(right, quote.forward, f64::from(strike), quote.years, price))
}
