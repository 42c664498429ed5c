//! Positions: what fills make of them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::market::chain::Product;
use super::time::Micros;

/// A position; kept after it is flat, with what it realised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    pub product_id: i64,
    pub symbol: String,
    /// Signed lots.
    pub size: i64,
    /// Average entry, USD per unit of the underlying; 0 when flat.
    pub entry_price: Decimal,
    /// Price result of what was closed, before fees.
    pub realized_pnl: Decimal,
    /// Premiums received less paid.
    pub realized_cashflow: Decimal,
    /// Fees paid.
    pub commission: Decimal,
    pub created_us: Micros,
    pub updated_us: Micros,
}

impl Position {
    pub(crate) fn flat(product: &Product, now_us: Micros) -> Position {
        Position {
            product_id: product.id,
            symbol: product.symbol.clone(),
            size: 0,
            entry_price: Decimal::ZERO,
            realized_pnl: Decimal::ZERO,
            realized_cashflow: Decimal::ZERO,
            commission: Decimal::ZERO,
            created_us: now_us,
            updated_us: now_us,
        }
    }

    /// Adds signed lots at a price; returns what that realised.
    pub(crate) fn change(&mut self, signed: i64, price: Decimal, value: Decimal) -> Decimal {
        let old = self.size;
        let new = old + signed;
        let closed = if old.signum() == -signed.signum() { old.abs().min(signed.abs()) } else { 0 };
        let realized = (price - self.entry_price) * Decimal::from(closed * old.signum()) * value;
        if new == 0 {
            self.entry_price = Decimal::ZERO;
        } else if closed == 0 {
            let cost = self.entry_price * Decimal::from(old.abs()) + price * Decimal::from(signed.abs());
            self.entry_price = cost / Decimal::from(new.abs());
        } else if new.signum() != old.signum() {
            self.entry_price = price;
        }
        self.size = new;
        self.realized_pnl += realized;
        realized
    }
}
