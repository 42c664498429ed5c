//! What can be read from the exchange; each reading first lets the market run up to its time.

use rust_decimal::Decimal;

use super::account::{Fill, Position, Wallet};
use super::event::{BookView, TickerRow, TopOfBook};
use super::market::chain::Product;
use super::market::tape::Gaps;
use super::market::{Source, Underlying};
use super::order::{Order, OrderKey};
use super::quirks::Quirks;
use super::state::Exchange;
use super::time::{Micros, SECOND_US};

const LISTED_US: Micros = 10 * SECOND_US;
const CACHED_US: Micros = 60 * SECOND_US;

impl Exchange {
    /// Latest time seen.
    pub fn now_us(&self) -> Micros {
        self.now_us
    }

    /// By how much the venue's clock is wrong now.
    pub fn clock_error_us(&self) -> Micros {
        let (by_us, until_us) = self.clock_error;
        if self.now_us < until_us { by_us } else { 0 }
    }

    /// Whether a position is held and whether an order is live, and Bitcoin's index in USD.
    pub fn scene(&self) -> (bool, bool, f64) {
        let account = &self.state.account;
        let holding = account.positions.values().any(|position| position.size != 0);
        let spot_usd = self.state.segments[Underlying::Btc].course.index_usd();
        (holding, !account.live.is_empty(), spot_usd)
    }

    pub fn quirks(&self) -> Quirks {
        self.quirks
    }

    pub fn seed(&self) -> u64 {
        self.state.seed
    }

    pub fn speed(&self) -> u32 {
        self.state.clock.speed
    }

    /// Name of the tape, if the market follows one.
    pub fn tape(&self) -> Option<&str> {
        self.state.tape.as_deref()
    }

    /// Minutes that the tape's file lacked.
    pub fn tape_gaps(&self) -> Option<Gaps> {
        match &self.source {
            Source::Tape(tape, _) => tape.gaps(),
            Source::Walk => None,
        }
    }

    /// Index of an underlying in USD.
    pub fn spot(&mut self, now_us: Micros, underlying: Underlying) -> Decimal {
        self.run_to(now_us);
        self.index(underlying)
    }

    /// Trading products, by underlying.
    pub fn products(&mut self, now_us: Micros) -> Vec<Product> {
        self.run_to(now_us);
        self.listed()
    }

    /// The mean of the index at which an expiry was settled.
    pub fn settled_at(&self, product: &Product) -> Option<Decimal> {
        self.state.segments[product.underlying].chain.settled_at(product.expiry_s()?)
    }

    /// How many fills and finished orders there ever were: the newest has this number.
    pub fn totals(&self) -> (u64, u64) {
        (self.state.account.fills_total, self.state.account.finished_total)
    }

    /// Number of the last update of a symbol's orders.
    pub fn order_seq(&self, symbol: &str) -> u64 {
        self.state.account.order_seq.get(symbol).copied().unwrap_or_default()
    }

    /// Products of the last settled expiries with their settlement prices.
    pub fn settled_products(&mut self, now_us: Micros) -> Vec<(Product, Decimal)> {
        self.run_to(now_us);
        self.settled()
    }

    /// Ticker row of a trading product.
    pub fn ticker(&mut self, now_us: Micros, product: &Product) -> TickerRow {
        self.run_to(now_us);
        self.ticker_row(product, self.now_us)
    }

    /// Displayed depth of a trading product.
    pub fn book(&mut self, now_us: Micros, product: &Product) -> BookView {
        self.run_to(now_us);
        let quote = self.quote(product);
        let (bids, asks) = self.displayed(product, &quote);
        BookView { symbol: product.symbol.clone(), bids, asks, at_us: self.now_us }
    }

    /// Best bid and offer of a trading product.
    pub fn top_of_book(&mut self, now_us: Micros, product: &Product) -> TopOfBook {
        let book = self.book(now_us, product);
        let (bid, ask) = (book.bids.first().copied(), book.asks.first().copied());
        TopOfBook { symbol: book.symbol, bid, ask, at_us: book.at_us }
    }

    /// Live or finished order.
    pub fn order(&mut self, now_us: Micros, key: &OrderKey) -> Option<Order> {
        self.run_to(now_us);
        self.state.account.order(key).cloned()
    }

    /// An order by the client's id for it.
    pub fn order_by_client_id(&mut self, now_us: Micros, client_order_id: &str) -> Option<Order> {
        self.order(now_us, &OrderKey::ClientOrderId(client_order_id.to_owned()))
    }

    /// Resting and pending orders, oldest first.
    pub fn open_orders(&mut self, now_us: Micros) -> Vec<Order> {
        self.run_to(now_us);
        self.state.account.live.values().cloned().collect()
    }

    /// Finished orders, newest first.
    pub fn order_history(&mut self, now_us: Micros) -> Vec<Order> {
        self.run_to(now_us);
        self.state.account.finished.iter().rev().map(|order| (**order).clone()).collect()
    }

    /// Positions that are not flat.
    pub fn positions(&mut self, now_us: Micros) -> Vec<Position> {
        self.run_to(now_us);
        self.state.account.positions.values().filter(|position| position.size != 0).cloned().collect()
    }

    /// Positions as the list has them: of up to ten seconds ago, where that is switched on.
    pub fn positions_as_listed(&mut self, now_us: Micros) -> Vec<Position> {
        let present = self.positions(now_us);
        if !self.quirks.margined_positions_lag {
            return present;
        }
        let stale = self.published.positions.as_ref();
        match stale.filter(|(made_us, _)| self.now_us - made_us < LISTED_US) {
            Some((_, positions)) => positions.clone(),
            None => {
                self.published.positions = Some((self.now_us, present.clone()));
                present
            }
        }
    }

    /// A ticker as a cache in front of the venue has it: up to a minute old, where that is switched on.
    pub fn ticker_as_cached(&mut self, now_us: Micros, product: &Product) -> TickerRow {
        if !self.quirks.tickers_are_cached {
            return self.ticker(now_us, product);
        }
        self.run_to(now_us);
        let kept = self.published.cached.get(&product.id);
        if let Some(row) = kept.filter(|row| self.now_us - row.at_us < CACHED_US) {
            return row.clone();
        }
        let row = self.ticker(now_us, product);
        self.published.cached.insert(product.id, row.clone());
        row
    }

    /// Fills, newest first.
    pub fn fills(&mut self, now_us: Micros) -> Vec<Fill> {
        self.run_to(now_us);
        self.state.account.fills.iter().rev().map(|fill| (**fill).clone()).collect()
    }

    /// Balances at the marks of `now_us`.
    pub fn wallet(&mut self, now_us: Micros) -> Wallet {
        self.run_to(now_us);
        self.wallet_now()
    }
}
