//! How numbers, times and ids are written: the one place where the console formats anything.

use model::amount::cents;
use model::{Decimal, Lots, Micros, Money, Price, Symbol};

pub use crate::plain::{short_id, words};
pub use model::amount::{plain, signed};

/// What stands where a value is not known; the reason stands beside it.
pub const UNKNOWN: &str = "—";
/// What stands where a value does not apply.
pub const NONE: &str = "–";

/// Money with sign, or the dash of what is not known.
pub fn signed_or_unknown(money: Option<Money>) -> String {
    money.map_or_else(|| UNKNOWN.to_owned(), signed)
}

/// Money without plus, or the dash of what is not known.
pub fn plain_or_unknown(money: Option<Money>) -> String {
    money.map_or_else(|| UNKNOWN.to_owned(), plain)
}

/// `+`, `-` or nothing for zero and unknown: colour and arrow follow it.
pub fn sign_of(money: Option<Money>) -> &'static str {
    match money {
        Some(value) if cents(value) > Decimal::ZERO => "+",
        Some(value) if cents(value) < Decimal::ZERO => "-",
        Some(_) | None => "",
    }
}

/// A price of an option or an index: one decimal, thousands apart.
pub fn price(price: Price) -> String {
    grouped(&format!("{:.1}", price.round_dp(1)))
}

/// A price, or a dash where there is none.
pub fn price_or_none(value: Option<Price>) -> String {
    value.map_or_else(|| NONE.to_owned(), price)
}

/// A strike: no decimals unless it has some.
pub fn strike(value: Price) -> String {
    grouped(&value.normalize().to_string())
}

/// Lots with a true minus.
pub fn lots(value: Lots) -> String {
    let text = grouped(&value.unsigned_abs().to_string());
    if value < 0 { format!("−{text}") } else { text }
}

/// `1 session`, `2 sessions`.
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Signed lots of an instrument as people hold them: `+50 C-BTC-50000-140122`.
pub fn held(symbol: &Symbol, value: Lots) -> String {
    format!("{}{} {symbol}", if value > 0 { "+" } else { "" }, lots(value))
}

/// A whole count with thousands apart.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// Money without plus, thousands apart: balances.
pub fn grouped_plain(money: Money) -> String {
    grouped(&format!("{:.2}", cents(money)))
}

/// Puts commas between thousands of the part before the point.
fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, ""), |(whole, fraction)| (whole, fraction));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A short length of time in microseconds: `41 µs`, `79 ms`, `1,565 ms`, `12.4 s`.
pub fn duration(us: i64) -> String {
    match us {
        ..1_000 => format!("{us} µs"),
        1_000..10_000_000 => format!("{} ms", grouped(&(us / 1_000).to_string())),
        _ => format!("{}.{} s", us / 1_000_000, us / 100_000 % 10),
    }
}

/// An offset from a beginning, in milliseconds: `+1,565 ms`.
pub fn offset(us: i64) -> String {
    format!("+{} ms", grouped(&(us / 1_000).to_string()))
}

/// `12:18:44`, UTC.
pub fn clock(at: Micros) -> String {
    part(at, 11, 19)
}

/// `12:18:44.402`, UTC.
pub fn clock_ms(at: Micros) -> String {
    part(at, 11, 23)
}

/// `2022-01-05 12:18:44`, UTC.
pub fn date_clock(at: Micros) -> String {
    part(at, 0, 19).replace('T', " ")
}

/// `7 Jan 2022 12:00`, UTC: an expiry.
pub fn day(at: Micros) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_rfc3339();
    let month = text.get(5..7).and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(1);
    let name = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or("Jan");
    let of = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{} {} {} {}", of(8, 10).trim_start_matches('0'), name, of(0, 4), of(11, 16))
}

fn part(at: Micros, from: usize, to: usize) -> String {
    at.to_rfc3339().get(from..to).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    /// Colour and arrow say the same as the figure beside them.
    #[test]
    fn a_sign_is_that_of_the_figure() {
        for (value, sign, text) in [
            ("0.005", "+", "0.01"),
            ("-0.005", "-", "−0.01"),
            ("0.0049", "", "0.00"),
            ("-0.0049", "", "0.00"),
            ("0", "", "0.00"),
            ("12.345", "+", "12.35"),
        ] {
            assert_eq!((sign_of(Some(dec(value))), plain(dec(value)).as_str()), (sign, text), "{value}");
        }
        assert_eq!(sign_of(None), "");
    }

    #[test]
    fn prices_and_counts_stand_in_groups_of_three() {
        for (value, text) in
            [("46209", "46,209.0"), ("620.04", "620.0"), ("1000000.25", "1,000,000.2"), ("-12.5", "−12.5")]
        {
            assert_eq!(price(dec(value)), text);
        }
        assert_eq!(strike(dec("48000.00")), "48,000");
        assert_eq!(lots(-1_200), "−1,200");
        assert_eq!(held(&Symbol::new("C-BTC-50000-140122"), 1_200), "+1,200 C-BTC-50000-140122");
        assert_eq!((counted(1, "session"), counted(0, "session")), ("1 session".into(), "0 sessions".into()));
        assert_eq!(count(218_406), "218,406");
        assert_eq!(price_or_none(None), NONE);
    }

    #[test]
    fn money_knows_its_sign_and_unknown_is_not_zero() {
        assert_eq!((signed_or_unknown(None).as_str(), sign_of(None)), ("—", ""));
        assert_eq!(sign_of(Some(dec("0.004"))), "");
        assert_eq!(sign_of(Some(dec("-0.006"))), "-");
        assert_eq!(sign_of(Some(dec("71.2"))), "+");
    }

    #[test]
    fn durations_and_offsets_keep_their_unit() {
        for (us, text) in [(41, "41 µs"), (79_400, "79 ms"), (1_565_000, "1,565 ms"), (12_400_000, "12.4 s")]
        {
            assert_eq!(duration(us), text);
        }
        assert_eq!(offset(1_612_000), "+1,612 ms");
    }

    #[test]
    fn times_are_utc_and_need_no_locale() {
        let at = Micros::parse_rfc3339("2022-01-07T12:18:44.402117Z").expect("a time");
        assert_eq!(clock(at), "12:18:44");
        assert_eq!(clock_ms(at), "12:18:44.402");
        assert_eq!(date_clock(at), "2022-01-07 12:18:44");
        assert_eq!(day(at), "7 Jan 2022 12:18");
    }

    #[test]
    fn ids_and_words_are_shortened_for_the_eye_only() {
        assert_eq!(short_id("4bf92f3577b34da6a3ce929d0e0e4736"), "4bf9…36");
        assert_eq!(short_id("s-01J2K4"), "s-01J2K4");
        assert_eq!(words("NEEDS_OPERATOR"), "Needs operator");
        assert_eq!(words(""), "");
    }
}
