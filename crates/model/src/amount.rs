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
    let steps = price.checked_div(tick).map(|steps| steps.round_dp_with_strategy(0, strategy));
    steps.and_then(|steps| steps.checked_mul(tick)).map_or(price, |price| price.normalize())
}

/// Prices above this are no prices: what is bounded here cannot overflow where it is multiplied.
pub const PRICE_MAX: Price = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
/// More lots than this are no position of ours.
pub const LOTS_MAX: Lots = 10_000_000;
/// The largest amount that a configuration may name, USD.
pub const MONEY_MAX: Money = PRICE_MAX;
/// More decimals than this mean nothing in an amount that a configuration names.
pub const DECIMALS_MAX: u32 = 8;

/// Whether a price can be one: not below zero and not beyond [`PRICE_MAX`].
pub fn is_price(price: Price) -> bool {
    price >= Decimal::ZERO && price <= PRICE_MAX
}

/// `price × lots × contract_value`, USD; `None` when that cannot be computed.
pub fn value_of(price: Price, lots: Lots, contract_value: Decimal) -> Option<Money> {
    price.checked_mul(Decimal::from(lots))?.checked_mul(contract_value)
}

/// The sum, or nothing when a part is unknown or it cannot be computed: unknown is not zero.
pub fn total(parts: impl IntoIterator<Item = Option<Money>>) -> Option<Money> {
    parts.into_iter().try_fold(Money::ZERO, |sum, part| sum.checked_add(part?))
}

/// Money to the cent, halves away from zero: as it is shown, so that sign and colour agree with the figure.
pub fn cents(money: Money) -> Money {
    rounded(money, 2)
}

/// The same to so many decimals.
pub fn rounded(money: Money, decimals: u32) -> Money {
    money.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// Money as people read it: two decimals, always with its sign.
pub fn signed(money: Money) -> String {
    let rounded = cents(money);
    if rounded.is_sign_negative() && !rounded.is_zero() {
        format!("−{:.2}", rounded.abs())
    } else {
        format!("+{:.2}", rounded.abs())
    }
}

/// Money as people read it: two decimals, a minus only where it is below zero.
pub fn plain(money: Money) -> String {
    let rounded = cents(money);
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
