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
    /// Prices times lots that the open lots cost, without a division: what closes takes its share of it, so that no
    /// digit is lost between parts. 0 in state files of before there was one.
    #[serde(default)]
    pub(crate) cost: Decimal,
    /// The same with the index at which they were opened instead of the price: what the margin of a short option is a
    /// part of.
    #[serde(default)]
    pub(crate) basis: Decimal,
    /// Price result of what was closed, before fees.
    pub realized_pnl: Decimal,
    /// Premiums received less paid.
    pub realized_cashflow: Decimal,
    /// Fees paid.
    pub commission: Decimal,
    pub created_us: Micros,
    pub updated_us: Micros,
    /// Margin added by hand, USD.
    #[serde(default)]
    pub added_margin: Decimal,
    #[serde(default)]
    pub auto_topup: bool,
}

impl Position {
    pub(crate) fn flat(product: &Product, now_us: Micros) -> Position {
        Position {
            product_id: product.id,
            symbol: product.symbol.clone(),
            size: 0,
            entry_price: Decimal::ZERO,
            cost: Decimal::ZERO,
            basis: Decimal::ZERO,
            realized_pnl: Decimal::ZERO,
            realized_cashflow: Decimal::ZERO,
            commission: Decimal::ZERO,
            created_us: now_us,
            updated_us: now_us,
            added_margin: Decimal::ZERO,
            auto_topup: false,
        }
    }

    /// Adds signed lots at a price and an index; returns what that realised.
    pub(crate) fn change(&mut self, signed: i64, price: Decimal, index: Decimal, value: Decimal) -> Decimal {
        let old = self.size;
        let new = old + signed;
        let closed = if old.signum() == -signed.signum() { old.abs().min(signed.abs()) } else { 0 };
        if self.cost.is_zero() {
            self.cost = self.entry_price * Decimal::from(old.abs());
        }
        let share = self.share(self.cost, closed);
        let opened = Decimal::from(signed.abs() - closed);
        self.cost += opened * price - share;
        self.basis += opened * index - self.share(self.basis, closed);
        let realized = (price * Decimal::from(closed) - share) * Decimal::from(old.signum()) * value;
        if new == 0 || new.signum() == -old.signum() {
            self.added_margin = Decimal::ZERO;
        }
        self.entry_price = if new == 0 { Decimal::ZERO } else { self.cost / Decimal::from(new.abs()) };
        self.size = new;
        self.realized_pnl += realized;
        realized
    }

    /// The part of a sum over the open lots that falls to so many of them, to eight decimals; to all of them all of it.
    fn share(&self, sum: Decimal, lots: i64) -> Decimal {
        if lots == self.size.abs() {
            return sum;
        }
        (sum * Decimal::from(lots) / Decimal::from(self.size.abs())).round_dp(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::market::Underlying;
    use crate::exchange::market::chain::Contract;

    /// Three lots whose average has no end, closed one by one: the parts add up to the digit.
    #[test]
    fn no_digit_is_lost_between_the_parts_of_a_position() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        let product = Product::of(Underlying::Btc, Contract::Perpetual);
        let mut position = Position::flat(&product, 0);
        position.change(2, d("100.0"), d("100"), d("0.001"));
        position.change(1, d("100.5"), d("100"), d("0.001"));
        assert_eq!(position.entry_price.round_dp(6), d("100.166667"));
        let mut realized = Decimal::ZERO;
        for price in ["101.0", "99.5", "103.0"] {
            realized += position.change(-1, d(price), d("100"), d("0.001"));
        }
        assert_eq!((position.size, realized), (0, d("0.003")));
        assert!(realized.scale() <= 11 && position.realized_pnl == realized);
        // Through zero: what is left was opened at the last price.
        position.change(2, d("100.0"), d("100"), d("0.001"));
        position.change(-5, d("110.0"), d("100"), d("0.001"));
        assert_eq!((position.size, position.entry_price), (-3, d("110.0")));
        assert_eq!((position.cost, position.basis), (d("330"), d("300")));
    }
}
