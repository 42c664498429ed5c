//! The one account of the venue: wallet, positions, orders and fills. Money in USD.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use super::fill::{Fill, FillKind, OrderThen, Role};
use super::heartbeat::Heartbeat;
pub use super::market::Underlying;
use super::market::book::Side;
use super::market::chain::{Contract, Product};
use super::order::{Order, OrderKey};
pub use super::position::Position;
pub use super::terms::{INITIAL_MARGIN, MAINTENANCE_MARGIN, MOST_LEVERAGE, Risk, fee, margin, notional};
use super::time::Micros;

/// The account's user id.
pub const USER_ID: i64 = 22_142;

const KEPT_ORDERS: usize = 2_000;
const KEPT_FILLS: usize = 10_000;
const KEPT_FUNDING: usize = 1_000;

/// Balances of the wallet, USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wallet {
    /// Cash: start capital, premiums, realised results, less fees.
    pub balance: Decimal,
    /// Balance plus the value of positions at the mark.
    pub equity: Decimal,
    pub position_margin: Decimal,
    pub order_margin: Decimal,
    /// Balance less both margins and the premiums of short options that are still owed. What is not realised neither
    /// helps nor hurts: margins are isolated.
    pub available: Decimal,
}

/// What an execution is, for the account.
#[derive(Clone, Copy, Debug)]
pub struct Deal {
    pub side: Side,
    pub lots: i64,
    pub price: Decimal,
    /// Of the underlying, then.
    pub index: Decimal,
    pub fee: Decimal,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub balance: Decimal,
    pub positions: BTreeMap<i64, Position>,
    /// Resting and pending orders by id.
    pub live: BTreeMap<i64, Order>,
    /// Finished orders, oldest first; the last 2,000. Stored apart, like the fills.
    #[serde(skip)]
    pub finished: VecDeque<Arc<Order>>,
    /// The last 10,000.
    #[serde(skip)]
    pub fills: VecDeque<Arc<Fill>>,
    /// How many there ever were.
    pub finished_total: u64,
    pub fills_total: u64,
    pub next_order_id: i64,
    /// Per symbol counters of order updates and of fills.
    pub order_seq: BTreeMap<String, u64>,
    pub fill_seq: BTreeMap<String, u64>,
    /// Leverage by product, where it was set.
    #[serde(default)]
    pub leverage: BTreeMap<i64, Decimal>,
    /// Funding paid, oldest first; the last 1,000.
    #[serde(default)]
    pub funding: VecDeque<Funding>,
    /// Dead-man switches by their ids.
    #[serde(default)]
    pub heartbeats: BTreeMap<String, Heartbeat>,
}

/// Funding of a perpetual that was charged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Funding {
    pub product_id: i64,
    /// USD; negative when received.
    pub paid: Decimal,
    pub at_us: Micros,
}

impl Account {
    pub fn new(balance: Decimal) -> Account {
        Account {
            balance,
            positions: BTreeMap::new(),
            live: BTreeMap::new(),
            finished: VecDeque::new(),
            fills: VecDeque::new(),
            finished_total: 0,
            fills_total: 0,
            next_order_id: 1_000_001,
            order_seq: BTreeMap::new(),
            fill_seq: BTreeMap::new(),
            leverage: BTreeMap::new(),
            funding: VecDeque::new(),
            heartbeats: BTreeMap::new(),
        }
    }

    /// Leverage of a product.
    pub fn leverage_of(&self, product_id: i64) -> Decimal {
        self.leverage.get(&product_id).copied().unwrap_or(MOST_LEVERAGE)
    }

    /// Initial margin rate of a product: one over its leverage.
    pub fn rate(&self, product_id: i64) -> Decimal {
        Decimal::ONE / self.leverage_of(product_id)
    }

    /// Signed lots held.
    pub fn size(&self, product_id: i64) -> i64 {
        self.positions.get(&product_id).map_or(0, |position| position.size)
    }

    /// Nothing held and nothing resting.
    pub fn is_flat(&self) -> bool {
        self.live.is_empty() && self.positions.values().all(|position| position.size == 0)
    }

    /// True if a position or a live order exists in any product that satisfies `wanted`.
    pub fn holds(&self, wanted: impl Fn(i64) -> bool) -> bool {
        self.live.values().any(|order| wanted(order.product_id))
            || self.positions.values().any(|position| position.size != 0 && wanted(position.product_id))
    }

    /// Live or finished order; of several with one client order id the live one, then the latest.
    pub fn order(&self, key: &OrderKey) -> Option<&Order> {
        match key {
            OrderKey::Id(id) => {
                let finished = || self.finished.iter().rev().find(|order| order.id == *id);
                self.live.get(id).or_else(|| finished().map(Arc::as_ref))
            }
            OrderKey::ClientOrderId(client_id) => {
                let named = |order: &&Order| order.client_order_id.as_deref() == Some(client_id);
                let finished = || self.finished.iter().map(Arc::as_ref).rev().find(named);
                self.live.values().rev().find(named).or_else(finished)
            }
        }
    }

    /// Books an execution: cash, position, fee. Returns the signed lots after it, and the cash before the fee.
    pub fn book(&mut self, product: &Product, deal: Deal, now_us: Micros) -> (i64, Decimal) {
        let Deal { side, lots, price, index, fee } = deal;
        let value = product.contract_value();
        let signed = side.sign() * lots;
        let position = self.positions.entry(product.id).or_insert_with(|| Position::flat(product, now_us));
        if position.size == 0 {
            *position = Position::flat(product, now_us);
        }
        let realized = position.change(signed, price, index, value);
        let cash = match product.contract {
            Contract::Option { .. } => {
                let premium = price * Decimal::from(-signed) * value;
                position.realized_cashflow += premium;
                premium
            }
            Contract::Perpetual => realized,
        };
        position.commission += fee;
        position.updated_us = now_us;
        self.balance += cash - fee;
        (position.size, cash)
    }

    /// Remembers funding that was charged.
    pub(crate) fn remember_funding(&mut self, product_id: i64, paid: Decimal, at_us: Micros) {
        self.funding.push_back(Funding { product_id, paid, at_us });
        if self.funding.len() > KEPT_FUNDING {
            self.funding.pop_front();
        }
    }

    /// Forgets flat positions and counters of contracts that expired by `now_s`; nothing refers to them
    /// any more, and they would grow for ever.
    pub(crate) fn forget_expired(&mut self, now_s: i64) {
        let lives = |product: Option<Product>| {
            product.is_some_and(|product| product.expiry_s().is_none_or(|expiry_s| expiry_s > now_s))
        };
        self.positions.retain(|id, position| position.size != 0 || lives(Product::from_id(*id)));
        self.leverage.retain(|id, _| lives(Product::from_id(*id)));
        self.order_seq.retain(|symbol, _| lives(Product::parse(symbol)));
        self.fill_seq.retain(|symbol, _| lives(Product::parse(symbol)));
    }

    /// Number of the next order update of a symbol.
    pub(crate) fn next_order_seq(&mut self, symbol: &str) -> u64 {
        next(&mut self.order_seq, symbol)
    }

    /// Number of the next fill of a symbol.
    pub(crate) fn next_fill_seq(&mut self, symbol: &str) -> u64 {
        next(&mut self.fill_seq, symbol)
    }

    /// Moves an order out of the live ones.
    pub fn finish(&mut self, order_id: i64) {
        if let Some(order) = self.live.remove(&order_id) {
            self.remember_order(order);
        }
    }

    /// Appends a finished order, dropping the oldest beyond what is kept.
    pub(crate) fn remember_order(&mut self, order: Order) {
        self.finished.push_back(Arc::new(order));
        self.finished_total += 1;
        if self.finished.len() > KEPT_ORDERS {
            self.finished.pop_front();
        }
    }

    /// Appends a fill, dropping the oldest beyond what is kept.
    pub(crate) fn remember(&mut self, fill: Fill) {
        self.fills.push_back(Arc::new(fill));
        self.fills_total += 1;
        if self.fills.len() > KEPT_FILLS {
            self.fills.pop_front();
        }
    }

    /// Balances, with the indices and a mark for each product held, in USD per unit of the underlying.
    pub fn wallet(
        &self,
        index: impl Fn(Underlying) -> Decimal,
        mark: impl Fn(&Position) -> Decimal,
    ) -> Wallet {
        let (mut value, mut position_margin, mut owed) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for position in self.positions.values().filter(|position| position.size != 0) {
            let Some(product) = Product::from_id(position.product_id) else { continue };
            let basis = match product.contract {
                Contract::Option { .. } => Decimal::ZERO,
                Contract::Perpetual => position.entry_price,
            };
            value += (mark(position) - basis) * Decimal::from(position.size) * product.contract_value();
            position_margin += self.margin_of(&product, position);
            if position.size < 0 && product.expiry_s().is_some() {
                owed += position.cost * product.contract_value();
            }
        }
        let order_margin = self.live.values().map(|order| self.order_margin(order, &index)).sum();
        let equity = self.balance + value;
        Wallet {
            balance: self.balance,
            equity,
            position_margin,
            order_margin,
            available: self.balance - owed - position_margin - order_margin,
        }
    }

    /// What a position blocks: its notional over the leverage, and what was added; nothing for a bought option.
    pub fn margin_of(&self, product: &Product, position: &Position) -> Decimal {
        notional(product, position) / self.leverage_of(product.id) + position.added_margin
    }

    /// What the live orders of a product block.
    pub fn order_margin_of(&self, product_id: i64, index: impl Fn(Underlying) -> Decimal) -> Decimal {
        let live = self.live.values().filter(|order| order.product_id == product_id);
        live.map(|order| self.order_margin(order, &index)).sum()
    }

    /// What a live order blocks; reduce-only and pending stop orders block nothing.
    fn order_margin(&self, order: &Order, index: &impl Fn(Underlying) -> Decimal) -> Decimal {
        let Some(product) = Product::from_id(order.product_id) else { return Decimal::ZERO };
        if order.reduce_only || order.stop.is_some() {
            return Decimal::ZERO;
        }
        self.needed(&product, order.side, order.unfilled, order.limit_price(), index(product.underlying))
    }

    /// Margin for the part of an order that opens: the rate of its leverage on the notional for a sale (and for the
    /// perpetual), the premium for a purchase.
    pub fn needed(
        &self,
        product: &Product,
        side: Side,
        lots: i64,
        price: Decimal,
        index: Decimal,
    ) -> Decimal {
        let against = (-self.size(product.id) * side.sign()).max(0);
        let opening = (lots - against).max(0);
        match (product.contract, side) {
            (Contract::Option { .. }, Side::Buy) => price * Decimal::from(opening) * product.contract_value(),
            (Contract::Option { .. }, Side::Sell) | (Contract::Perpetual, Side::Buy | Side::Sell) => {
                margin(product, -opening, index, self.rate(product.id))
            }
        }
    }
}

fn next(sequence: &mut BTreeMap<String, u64>, symbol: &str) -> u64 {
    let last = sequence.entry(symbol.to_owned()).or_insert(0);
    *last += 1;
    *last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::pricing::Right;

    fn option() -> Product {
        let contract = Contract::Option { right: Right::Call, strike: 78_000, expiry_s: 1_788_523_200 };
        Product::of(Underlying::Btc, contract)
    }

    #[test]
    fn a_round_trip_of_a_short_option_nets_premium_and_fees() {
        let mut account = Account::new(Decimal::from(1_000));
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        let deal = |side, lots, price: &str, fee: &str| Deal {
            side,
            lots,
            price: d(price),
            index: d("78000"),
            fee: d(fee),
        };
        account.book(&option(), deal(Side::Sell, 100, "300", "0.5"), 1);
        account.book(&option(), deal(Side::Sell, 100, "310", "0.5"), 2);
        let position = &account.positions[&option().id];
        assert_eq!((position.size, position.entry_price), (-200, d("305")));
        assert_eq!(account.balance, d("1060"));
        let after = account.book(&option(), deal(Side::Buy, 200, "250", "1"), 3);
        let position = &account.positions[&option().id];
        assert_eq!((after.0, position.realized_pnl, position.entry_price), (0, d("11"), Decimal::ZERO));
        assert_eq!(account.balance, d("1009"));
        assert!(account.is_flat());
    }
}
