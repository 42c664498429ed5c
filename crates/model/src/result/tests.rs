//! Amounts as a database holds them, and results of views that were kept.

use super::*;

#[test]
fn amounts_are_exact_to_eight_decimals() {
    let dec = |text: &str| text.parse::<Money>().expect("a decimal");
    for (money, units) in [
        ("0", 0),
        ("66.5", 6_650_000_000),
        ("-0.00000001", -1),
        ("0.000000015", 2),
        ("-0.000000015", -2),
        ("1000000000", 100_000_000_000_000_000),
    ] {
        assert_eq!(to_e8(dec(money)), Some(units), "{money}");
    }
    assert_eq!(to_e8(Decimal::MAX), None);
    assert_eq!(from_e8(-6_650_000_000), dec("-66.5"));
    assert_eq!(from_e8(1).to_string(), "0.00000001");
}
