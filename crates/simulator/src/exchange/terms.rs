//! What trading costs: margin rates and fees of a contract. Money in USD.

use rust_decimal::{Decimal, RoundingStrategy};

use super::market::chain::{Contract, Product};
use super::position::Position;

/// Initial margin rate on the notional at the index.
pub const INITIAL_MARGIN: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// Maintenance margin rate.
pub const MAINTENANCE_MARGIN: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// Part of the maintenance margin that a liquidation costs, if so much is left.
pub const LIQUIDATION_PENALTY: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// Most leverage, and what holds until another is set.
pub const MOST_LEVERAGE: Decimal = Decimal::ONE_HUNDRED;

/// What an isolated position risks, USD.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Risk {
    /// Fee that closing is expected to cost.
    pub commission: Decimal,
    /// Price at which its margin is gone; none for what needs no margin.
    pub bankruptcy: Option<Decimal>,
    /// Price at which only the maintenance margin is left.
    pub liquidation: Option<Decimal>,
}

/// The identities of recorded positions: `bankruptcy = entry − M / (size × cv)` with the signed size, liquidation the
/// maintenance rate of the notional before it (of the entry for a perpetual, of the index for a short option), and the
/// commission of the entry's notional.
pub fn risk(product: &Product, position: &Position, margin: Decimal, index: Decimal, tax: Decimal) -> Risk {
    let (size, entry) = (Decimal::from(position.size), position.entry_price);
    let basis = match product.contract {
        Contract::Option { .. } => index,
        Contract::Perpetual => entry,
    };
    let commission = fee(product, basis, entry, position.size.abs(), tax);
    if position.size == 0 || margin.is_zero() {
        return Risk { commission, bankruptcy: None, liquidation: None };
    }
    let bankruptcy = entry - margin / (size * product.contract_value());
    let kept = MAINTENANCE_MARGIN * basis * Decimal::from(position.size.signum());
    Risk { commission, bankruptcy: Some(bankruptcy), liquidation: Some(bankruptcy + kept) }
}

/// What the margin of a position is a part of: a perpetual's notional at its entry, a short option's at the index of
/// when it was sold; nothing for a bought option, whose premium is paid.
pub fn notional(product: &Product, position: &Position) -> Decimal {
    let sum = match product.contract {
        Contract::Option { .. } if position.size >= 0 => Decimal::ZERO,
        Contract::Option { .. } => position.basis,
        Contract::Perpetual => position.cost,
    };
    sum * product.contract_value()
}

/// Margin of signed lots: `rate × S × lots × cv`; a bought option needs none, its premium is paid.
pub fn margin(product: &Product, size: i64, index: Decimal, rate: Decimal) -> Decimal {
    match product.contract {
        Contract::Option { .. } if size >= 0 => Decimal::ZERO,
        Contract::Option { .. } | Contract::Perpetual => {
            rate * index * Decimal::from(size.abs()) * product.contract_value()
        }
    }
}

/// Fee of one fill: `(1 + tax) × min(rate × S, cap × price) × lots × cv`, half-up to eight decimals
/// (the venue's recorded rows have that many; six would round what a small fill costs); maker and taker alike.
pub fn fee(product: &Product, index: Decimal, price: Decimal, lots: i64, tax: Decimal) -> Decimal {
    let base = product.fee_rate() * index;
    let per_unit = product.fee_cap().map_or(base, |cap| base.min(cap * price));
    let exact = (Decimal::ONE + tax) * per_unit * Decimal::from(lots) * product.contract_value();
    exact.round_dp_with_strategy(8, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::market::Underlying;
    use crate::exchange::pricing::Right;

    fn option() -> Product {
        let contract = Contract::Option { right: Right::Call, strike: 78_000, expiry_s: 1_788_523_200 };
        Product::of(Underlying::Btc, contract)
    }

    /// The recorded position of January 2026, at its leverage of 15: its venue charged 0.04 % and no tax.
    #[test]
    fn a_recorded_position_is_reproduced() {
        let product = Product::of(Underlying::Btc, Contract::Perpetual);
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        let entry = d("94948.1");
        let long = Position { size: 1, entry_price: entry, ..Position::flat(&product, 0) };
        let got = risk(&product, &long, d("6.32987333"), Decimal::ZERO, Decimal::ZERO);
        assert_eq!(got.bankruptcy, Some(d("88618.22667")));
        assert!((got.liquidation.unwrap() - d("89092.96717")).abs() < d("0.001"), "{got:?}");
        assert_eq!(got.commission * d("0.0004") / product.fee_rate(), d("0.03797924"));
        let short = Position { size: -1, ..long };
        let got = risk(&product, &short, d("6.32987333"), Decimal::ZERO, Decimal::ZERO);
        assert_eq!(got.bankruptcy, Some(entry + d("6329.87333")));
        assert!(got.liquidation < got.bankruptcy);
    }

    #[test]
    fn fees_follow_the_formula() {
        let index = Decimal::from(77_650);
        // (price, lots, fee): cap binds below 221.86, the notional rate above.
        let cases = [
            ("100", 425, "1.75525"),
            ("0.1", 1, "0.00000413"),
            ("300", 200, "1.832540"),
            ("2", 7, "0.0005782"),
        ];
        for (price, lots, expected) in cases {
            let price: Decimal = price.parse().unwrap();
            let got = fee(&option(), index, price, lots, Decimal::new(18, 2));
            assert_eq!(got, expected.parse::<Decimal>().unwrap(), "{price} x {lots}");
        }
    }
}
