//! What can be read from the exchange; each reading first lets the market run up to its time.

use rust_decimal::Decimal;

use crate::account::{Fill, Position, Wallet};
use crate::chain::Product;
use crate::exchange::Exchange;
use crate::order::{Order, OrderKey};
use crate::quirks::Quirks;
use crate::time::Micros;

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
        self.state.market.speed
    }

    /// Name of the tape, if the market follows one.
    pub fn tape(&self) -> Option<&str> {
        self.state.tape.as_deref()
    }

    /// Index in USD.
    pub fn spot(&mut self, now_us: Micros) -> Decimal {
        self.run_to(now_us);
        self.index()
    }

    /// Trading products.
    pub fn products(&mut self, now_us: Micros) -> Vec<Product> {
        self.run_to(now_us);
        self.state.chain.products()
    }

    /// A trading product by symbol.
    pub fn product(&self, symbol: &str) -> Option<Product> {
        Product::parse(symbol).filter(|product| self.state.chain.lists(product))
    }

    /// A trading product by id.
    pub fn product_by_id(&self, id: i64) -> Option<Product> {
        Product::from_id(id).filter(|product| self.state.chain.lists(product))
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
        self.state.account.finished.iter().rev().cloned().collect()
    }

    /// Positions that are not flat.
    pub fn positions(&mut self, now_us: Micros) -> Vec<Position> {
        self.run_to(now_us);
        self.state.account.positions.values().filter(|position| position.size != 0).cloned().collect()
    }

    /// Fills, newest first.
    pub fn fills(&mut self, now_us: Micros) -> Vec<Fill> {
        self.run_to(now_us);
        self.state.account.fills.iter().rev().cloned().collect()
    }

    /// Balances at the marks of `now_us`.
    pub fn wallet(&mut self, now_us: Micros) -> Wallet {
        self.run_to(now_us);
        self.wallet_now()
    }

    pub(crate) fn wallet_now(&self) -> Wallet {
        let mark = |position: &Position| self.mark_by_id(position.product_id).unwrap_or(position.entry_price);
        self.state.account.wallet(self.index(), mark)
    }

    /// Mark of a trading product, USD per BTC.
    pub fn mark_by_id(&self, product_id: i64) -> Option<Decimal> {
        self.product_by_id(product_id).map(|product| self.quote(&product).mark_decimal())
    }
}
