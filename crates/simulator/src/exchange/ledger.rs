//! What moved the balance, row by row: made from fills and funding, so that nothing is kept twice.

use rust_decimal::Decimal;

use super::account::FillKind;
use super::market::chain::{Contract, Product};
use super::state::Exchange;
use super::time::Micros;

/// Why the balance changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Premium of an option.
    Cashflow,
    /// Price result of a perpetual.
    Pnl,
    Commission,
    Settlement,
    /// What a liquidation cost beside its fees.
    LiquidationFee,
    Funding,
    /// The start capital, and what is older than the fills that are remembered.
    Deposit,
}

impl Movement {
    /// The word of the wire.
    pub fn word(self) -> &'static str {
        match self {
            Movement::Cashflow => "cashflow",
            Movement::Pnl => "pnl",
            Movement::Commission => "commission",
            Movement::Settlement => "settlement",
            Movement::LiquidationFee => "liquidation_fee",
            Movement::Funding => "funding",
            Movement::Deposit => "deposit",
        }
    }
}

/// One row of the wallet's transactions, USD.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The same each time the row is made.
    pub key: String,
    pub movement: Movement,
    /// What came in; negative for what went out.
    pub amount: Decimal,
    /// The balance after it.
    pub balance: Decimal,
    pub product: Option<Product>,
    pub at_us: Micros,
}

impl Exchange {
    /// Everything that moved the balance, oldest first; the balance of the last row is the present one.
    pub fn ledger(&mut self, now_us: Micros) -> Vec<Entry> {
        self.run_to(now_us);
        let account = &self.state.account;
        let mut rows: Vec<Entry> = Vec::new();
        let mut row = |key: String, movement, amount: Decimal, product_id: i64, at_us| {
            if !amount.is_zero() {
                let product = Product::from_id(product_id);
                rows.push(Entry { key, movement, amount, balance: Decimal::ZERO, product, at_us });
            }
        };
        for fill in &account.fills {
            let option = matches!(
                Product::from_id(fill.product_id).map(|product| product.contract),
                Some(Contract::Option { .. })
            );
            let movement = match (fill.kind, option) {
                (FillKind::Settlement, _) => Movement::Settlement,
                (FillKind::Normal | FillKind::Liquidation, true) => Movement::Cashflow,
                (FillKind::Normal | FillKind::Liquidation, false) => Movement::Pnl,
            };
            row(format!("{}-0", fill.id), movement, fill.cash, fill.product_id, fill.created_us);
            row(format!("{}-1", fill.id), Movement::Commission, -fill.fee, fill.product_id, fill.created_us);
            let key = format!("{}-2", fill.id);
            row(key, Movement::LiquidationFee, -fill.charge, fill.product_id, fill.created_us);
        }
        for funding in &account.funding {
            let key = format!("funding-{}-{}", funding.product_id, funding.at_us);
            row(key, Movement::Funding, -funding.paid, funding.product_id, funding.at_us);
        }
        rows.sort_by_key(|row| row.at_us);
        let moved: Decimal = rows.iter().map(|row| row.amount).sum();
        let begun = account.balance - moved;
        let at_us = rows
            .first()
            .map_or(self.state.clock.origin_us, |first| first.at_us.min(self.state.clock.origin_us));
        let key = "deposit".to_owned();
        rows.insert(
            0,
            Entry { key, movement: Movement::Deposit, amount: begun, balance: begun, product: None, at_us },
        );
        let mut balance = Decimal::ZERO;
        for row in &mut rows {
            balance += row.amount;
            row.balance = balance;
        }
        rows
    }
}
