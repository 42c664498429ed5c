//! The ledger of a session: position, cash, fees, averages, realized P&L and high-water marks of each product,
//! long and short, kept fill by fill. What it says is never looked up in the list of fills.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money, Price, value_of};
use crate::fill::Fill;
use crate::ids::Symbol;
use crate::order::Side;

/// Lots of one side and what was paid or received for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traded {
    pub lots: Lots,
    /// Σ price × lots.
    pub value: Decimal,
}

impl Traded {
    /// Average price, four decimals; `None` when nothing was traded.
    pub fn average(&self) -> Option<Price> {
        let average = self.value.checked_div(Decimal::from(self.lots))?;
        Some(average.round_dp(4).normalize())
    }

    fn add(&mut self, lots: Lots, price: Price) {
        self.lots += lots;
        self.value = self.value.saturating_add(price.saturating_mul(Decimal::from(lots)));
    }
}

/// The highest and the lowest of a number, as far as it was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    pub high: Option<Money>,
    pub low: Option<Money>,
}

impl Marks {
    pub(crate) fn see(&mut self, value: Money) {
        self.high = Some(self.high.map_or(value, |high| high.max(value)));
        self.low = Some(self.low.map_or(value, |low| low.min(value)));
    }
}

/// One product. USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub bought: Traded,
    pub sold: Traded,
    /// Signed lots that left the position without a fill of ours: closed by somebody else, or settled unseen.
    /// What they cost is not known.
    pub gone: Lots,
    /// Received less paid, before fees.
    pub cash: Money,
    /// Paid, less received.
    pub fees: Money,
    /// Σ price × lots of what is open, average cost, above 0 whether long or short.
    pub open_value: Decimal,
    /// Units of the underlying in one lot.
    pub contract_value: Decimal,
    /// Executable P&L of this product, as far as it was evaluated.
    pub marks: Marks,
}

impl Holding {
    /// Signed lots that are on by our own books.
    pub fn position(&self) -> Lots {
        self.bought.lots - self.sold.lots + self.gone
    }

    /// Average price of what is open.
    pub fn average(&self) -> Option<Price> {
        Traded { lots: self.position().abs(), value: self.open_value }.average()
    }

    /// P&L of what was closed, average cost, before fees: cash without what the open lots brought or cost.
    pub fn realized(&self) -> Money {
        let open =
            value_of(self.open_value, -self.position().signum(), self.contract_value).unwrap_or_default();
        self.cash.saturating_sub(open)
    }

    fn book(&mut self, fill: &Fill, contract_value: Decimal) {
        self.contract_value = contract_value;
        let position = self.position();
        let lots = fill.signed_lots();
        let closing = if position.signum() == -lots.signum() { fill.lots.min(position.abs()) } else { 0 };
        self.close(closing);
        self.open_value =
            self.open_value.saturating_add(fill.price.saturating_mul(Decimal::from(fill.lots - closing)));
        match fill.side {
            Side::Buy => self.bought.add(fill.lots, fill.price),
            Side::Sell => self.sold.add(fill.lots, fill.price),
        }
        self.cash = self.cash.saturating_add(fill.cash(contract_value).unwrap_or_default());
        self.fees = self.fees.saturating_add(fill.fee.unwrap_or_default());
    }

    /// Takes `lots` of the open ones out at their average.
    fn close(&mut self, lots: Lots) {
        let open = self.position().abs();
        if lots >= open {
            self.open_value = Decimal::ZERO;
        } else if lots > 0 {
            let share = self.open_value.checked_mul(Decimal::from(lots));
            let share = share.and_then(|share| share.checked_div(Decimal::from(open)));
            self.open_value = self.open_value.saturating_sub(share.unwrap_or_default());
        }
    }
}

/// All products of a session. USD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    holdings: BTreeMap<Symbol, Holding>,
    /// Received less paid, before fees.
    pub cash: Money,
    /// Paid, less received.
    pub fees: Money,
    /// Premium received for what was sold to open.
    pub credit: Money,
    /// Executable P&L of the session, as far as it was evaluated on fresh data.
    pub marks: Marks,
    /// Executable or, where that was not known, the worst that was: what loss rules looked at last.
    pub last_loss_side: Option<Money>,
    pub last_fill_at: Option<Micros>,
}

impl Ledger {
    pub fn holding(&self, symbol: &Symbol) -> Option<&Holding> {
        self.holdings.get(symbol)
    }

    pub fn holdings(&self) -> impl Iterator<Item = (&Symbol, &Holding)> {
        self.holdings.iter()
    }

    /// Signed lots of a product that are on by our own books.
    pub fn position(&self, symbol: &Symbol) -> Lots {
        self.holding(symbol).map_or(0, Holding::position)
    }

    /// Whether our own books leave nothing on.
    pub fn is_flat(&self) -> bool {
        self.holdings.values().all(|holding| holding.position() == 0)
    }

    /// Whether every lot that left has a price: only then is the result known.
    pub fn is_known(&self) -> bool {
        self.holdings.values().all(|holding| holding.gone == 0)
    }

    /// Adds a fill; its cost does not depend on how many there were before.
    pub(crate) fn book(&mut self, fill: &Fill, contract_value: Decimal) {
        let holding = self.holdings.entry(fill.symbol.clone()).or_default();
        let short = (-holding.position()).max(0);
        holding.book(fill, contract_value);
        let opened = (-holding.position()).max(0) - short;
        if fill.side == Side::Sell && opened > 0 {
            let credit = value_of(fill.price, opened, contract_value).unwrap_or_default();
            self.credit = self.credit.saturating_add(credit);
        }
        self.cash = self.cash.saturating_add(fill.cash(contract_value).unwrap_or_default());
        self.fees = self.fees.saturating_add(fill.fee.unwrap_or_default());
        self.last_fill_at = self.last_fill_at.max(Some(fill.at));
    }

    /// A fee turned out to be more (or less) than was booked.
    pub(crate) fn charge(&mut self, symbol: &Symbol, more: Money) {
        self.fees = self.fees.saturating_add(more);
        if let Some(holding) = self.holdings.get_mut(symbol) {
            holding.fees = holding.fees.saturating_add(more);
        }
    }

    /// `lots` (signed as the position) that our books say are on are not, and no fill of ours says why.
    pub(crate) fn write_off(&mut self, symbol: &Symbol, lots: Lots) {
        let holding = self.holdings.entry(symbol.clone()).or_default();
        holding.close(lots.abs());
        holding.gone -= lots;
    }

    pub(crate) fn mark(&mut self, symbol: &Symbol, executable: Money) {
        if let Some(holding) = self.holdings.get_mut(symbol) {
            holding.marks.see(executable);
        }
    }
}

#[cfg(test)]
mod tests;
