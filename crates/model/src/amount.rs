//! Money, prices and quantities. Prices are USD per unit of the underlying, money is USD, quantities are
//! whole lots (contracts); a lot is `contract_value` units of the underlying.

use rust_decimal::{Decimal, RoundingStrategy};

/// USD per unit of the underlying (an option priced 620 costs 620 USD per BTC).
pub type Price = Decimal;
/// USD.
pub type Money = Decimal;
/// Whole contracts; signed where a position is meant (short is negative).
pub type Lots = i64;

/// The largest multiple of `tick` not above `price`. A tick of zero leaves the price as it is.
pub fn floor_to_tick(price: Price, tick: Price) -> Price {
    step(price, tick, RoundingStrategy::ToNegativeInfinity)
}

/// The smallest multiple of `tick` not below `price`. A tick of zero leaves the price as it is.
pub fn ceil_to_tick(price: Price, tick: Price) -> Price {
    step(price, tick, RoundingStrategy::ToPositiveInfinity)
}

fn step(price: Price, tick: Price, strategy: RoundingStrategy) -> Price {
    if tick.is_zero() {
        return price;
    }
    ((price / tick).round_dp_with_strategy(0, strategy) * tick).normalize()
}

/// `price × lots × contract_value`, USD.
pub fn value_of(price: Price, lots: Lots, contract_value: Decimal) -> Money {
    price * Decimal::from(lots) * contract_value
}

/// Money as people read it: two decimals, always with its sign.
pub fn signed(money: Money) -> String {
    let rounded = money.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if rounded.is_sign_negative() && !rounded.is_zero() {
        format!("−{:.2}", rounded.abs())
    } else {
        format!("+{:.2}", rounded.abs())
    }
}

/// Money as people read it: two decimals, a minus only where it is below zero.
pub fn plain(money: Money) -> String {
    let rounded = money.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if rounded.is_sign_negative() && !rounded.is_zero() {
        format!("−{:.2}", rounded.abs())
    } else {
        format!("{:.2}", rounded.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn ticks_round_towards_the_side_that_is_asked_for() {
        for (price, tick, floor, ceil) in [
            ("616.9", "0.1", "616.9", "616.9"),
            ("616.95", "0.1", "616.9", "617"),
            ("0.04", "0.1", "0", "0.1"),
            ("46123", "0.5", "46123", "46123"),
        ] {
            assert_eq!(floor_to_tick(dec(price), dec(tick)), dec(floor), "floor of {price}");
            assert_eq!(ceil_to_tick(dec(price), dec(tick)), dec(ceil), "ceil of {price}");
        }
    }

    #[test]
    fn money_reads_with_its_sign_and_never_as_minus_zero() {
        for (money, text) in [("71.2", "+71.20"), ("-12.005", "−12.01"), ("-0.001", "+0.00"), ("0", "+0.00")]
        {
            assert_eq!(signed(dec(money)), text);
        }
        assert_eq!(plain(dec("-3.5")), "−3.50");
    }
}
