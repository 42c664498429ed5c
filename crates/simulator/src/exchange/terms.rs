//! What trading costs: margin rates and fees of a contract. Money in USD.

use rust_decimal::{Decimal, RoundingStrategy};

use super::market::chain::{Contract, Product};

/// Initial margin rate on the notional at the index.
pub const INITIAL_MARGIN: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// Maintenance margin rate.
pub const MAINTENANCE_MARGIN: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// Margin of signed lots: `rate × S × lots × cv`; a bought option needs none, its premium is paid.
pub fn margin(product: &Product, size: i64, index: Decimal, rate: Decimal) -> Decimal {
    match product.contract {
        Contract::Option { .. } if size >= 0 => Decimal::ZERO,
        Contract::Option { .. } | Contract::Perpetual => {
            rate * index * Decimal::from(size.abs()) * product.contract_value()
        }
    }
}

/// Fee of one fill: `(1 + tax) × min(rate × S, cap × price) × lots × cv`, half-up to six decimals;
/// maker and taker alike.
pub fn fee(product: &Product, index: Decimal, price: Decimal, lots: i64, tax: Decimal) -> Decimal {
    let base = product.fee_rate() * index;
    let per_unit = product.fee_cap().map_or(base, |cap| base.min(cap * price));
    let exact = (Decimal::ONE + tax) * per_unit * Decimal::from(lots) * product.contract_value();
    exact.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
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

    #[test]
    fn fees_follow_the_formula() {
        let index = Decimal::from(77_650);
        // (price, lots, fee): cap binds below 221.86, the notional rate above.
        let cases = [
            ("100", 425, "1.755250"),
            ("0.1", 1, "0.000004"),
            ("300", 200, "1.832540"),
            ("2", 7, "0.000578"),
        ];
        for (price, lots, expected) in cases {
            let price: Decimal = price.parse().unwrap();
            let got = fee(&option(), index, price, lots, Decimal::new(18, 2));
            assert_eq!(got, expected.parse::<Decimal>().unwrap(), "{price} x {lots}");
        }
    }
}
