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
use super::time::Micros;

impl Exchange {
    /// Latest time seen.
    pub fn now_us(&self) -> Micros {
        self.now_us
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
