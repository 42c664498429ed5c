//! What can be traded: options and the facts about them that money depends on. They come from the venue's
//! product specification and are never written into the code.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money, Price};
use crate::ids::{ProductId, Symbol, Underlying};

/// A call or a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    Call,
    Put,
}

impl OptionKind {
    pub fn word(self) -> &'static str {
        match self {
            OptionKind::Call => "call",
            OptionKind::Put => "put",
        }
    }
}

/// One listed option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    pub product_id: ProductId,
    pub symbol: Symbol,
    pub underlying: Underlying,
    pub kind: OptionKind,
    /// USD.
    pub strike: Price,
    /// Settlement, UTC.
    pub expiry: Micros,
    /// Smallest price step, USD.
    pub tick: Price,
    /// Units of the underlying in one lot (0.001 BTC).
    pub contract_value: Decimal,
    /// Share of the underlying's notional charged per fill (0.0001 is 0.01 %).
    pub commission_rate: Decimal,
    /// Cap of the fee as a share of the premium (0.035 is 3.5 %).
    pub commission_cap: Decimal,
    /// What is added to every fee as tax, as a fraction (0.18 is 18 %).
    #[serde(default = "india", skip_serializing_if = "is_india")]
    pub fee_tax: Decimal,
    /// Maintenance margin of a short leg as a share of the underlying's notional (0.005 is 0.5 %).
    pub maintenance_margin: Decimal,
    /// Initial margin of a short leg as a share of the underlying's notional (0.01 is 1 %).
    pub initial_margin: Decimal,
}

/// Goods and services tax on venue fees in India, 18 %.
pub const FEE_TAX: Decimal = Decimal::from_parts(18, 0, 0, false, 2);

/// Of instruments that were journaled before a venue without the tax was known.
fn india() -> Decimal {
    FEE_TAX
}

/// A journal of then reads and replays the same: what it could not say is not said.
fn is_india(tax: &Decimal) -> bool {
    *tax == FEE_TAX
}

impl Instrument {
    /// The venue's fee for one fill, USD: `(1 + tax) × min(rate × spot, cap × price) × lots × contract value`,
    /// checked against recorded fills (venue facts, section 6).
    /// `None` when that cannot be computed.
    pub fn fee(&self, price: Price, lots: Lots, spot: Price) -> Option<Money> {
        let by_rate = self.commission_rate.checked_mul(spot)?;
        let by_cap = self.commission_cap.checked_mul(price)?;
        let per_unit = Decimal::ONE.checked_add(self.fee_tax)?.checked_mul(by_rate.min(by_cap))?;
        self.value(per_unit, lots.checked_abs()?)
    }

    /// `price × lots × contract value`, USD; `None` when that cannot be computed.
    pub fn value(&self, price: Price, lots: Lots) -> Option<Money> {
        crate::amount::value_of(price, lots, self.contract_value)
    }

    /// Whether its terms are such that nothing computed from them can run over.
    pub fn is_sane(&self) -> bool {
        let share = |share: Decimal| share >= Decimal::ZERO && share <= Decimal::ONE_HUNDRED;
        let shares = [
            self.commission_rate,
            self.commission_cap,
            self.fee_tax,
            self.maintenance_margin,
            self.initial_margin,
        ];
        let units = self.contract_value > Decimal::ZERO && self.contract_value <= Decimal::from(1_000_000);
        crate::amount::is_price(self.strike)
            && self.tick > Decimal::ZERO
            && crate::amount::is_price(self.tick)
            && units
            && shares.into_iter().all(share)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A BTC option with the venue's terms, for tests.
    pub fn option(kind: OptionKind, strike: i64, symbol: &str, product: u64) -> Instrument {
        Instrument {
            product_id: ProductId(product),
            symbol: Symbol::new(symbol),
            underlying: Underlying::new("BTC"),
            kind,
            strike: Decimal::from(strike),
            expiry: Micros(1_700_000_000_000_000),
            tick: Decimal::new(1, 1),
            contract_value: Decimal::new(1, 3),
            commission_rate: Decimal::new(1, 4),
            commission_cap: Decimal::new(35, 3),
            fee_tax: FEE_TAX,
            maintenance_margin: Decimal::new(5, 3),
            initial_margin: Decimal::new(1, 2),
        }
    }

    #[test]
    fn the_fee_is_capped_by_the_premium() {
        let call = option(OptionKind::Call, 48_000, "C", 1);
        // 0.01 % of 46,000 is 4.6 per BTC; 3.5 % of 620 is 21.7: the rate binds.
        assert_eq!(call.fee(Decimal::from(620), 200, Decimal::from(46_000)), Some(Decimal::new(10_856, 4)));
        // 3.5 % of 20 is 0.7: the cap binds.
        assert_eq!(call.fee(Decimal::from(20), -200, Decimal::from(46_000)), Some(Decimal::new(1_652, 4)));
    }
}
