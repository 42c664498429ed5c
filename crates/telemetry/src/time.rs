//! `Micros`: a moment in UTC microseconds since 1970, and its RFC 3339 text. Own civil-date arithmetic
//! (Hinnant, "chrono-Compatible Low-Level Date Algorithms") so that the crate needs neither clock nor calendar.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// UTC microseconds since the Unix epoch. Serialised as RFC 3339 text with six fractional digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

const DAY_US: i64 = 86_400_000_000;
impl Micros {
    /// 0000-01-01T00:00:00Z: the first moment that RFC 3339 can write.
    pub const MIN: Self = Self(-719_528 * DAY_US);
    /// The last microsecond of year 9999: the last moment that RFC 3339 can write.
    pub const MAX: Self = Self(2_932_897 * DAY_US - 1);

    /// From UTC milliseconds since the epoch, saturating.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// UTC milliseconds since the epoch, rounded towards the past.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// `2026-11-24T08:35:33.123456Z`. Moments outside the years 0 to 9999 are clamped to that range.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let us = self.clamp(Self::MIN, Self::MAX).0;
        let (year, month, day) = civil_from_days(us.div_euclid(DAY_US));
        let in_day = us.rem_euclid(DAY_US);
        let (seconds, fraction) = (in_day / 1_000_000, in_day % 1_000_000);
        let mut text = Vec::with_capacity(27);
        push_digits(&mut text, year, 4);
        for (mark, value) in [
            (b'-', month),
            (b'-', day),
            (b'T', seconds / 3_600),
            (b':', seconds / 60 % 60),
            (b':', seconds % 60),
        ] {
            text.push(mark);
            push_digits(&mut text, value, 2);
        }
        text.push(b'.');
        push_digits(&mut text, fraction, 6);
        text.push(b'Z');
        String::from_utf8(text).unwrap_or_default()
    }

    /// The time of the day in UTC: `12:18:44`.
    #[must_use]
    pub fn to_clock(self) -> String {
        self.to_rfc3339().get(11..19).unwrap_or_default().to_owned()
    }

    /// Reads RFC 3339 with any offset, 0 to 9 fractional digits (digits below a microsecond are cut).
    /// `None` for anything else, dates that do not exist included; a leap second (`:60`) is refused.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if bytes.len() < 20 || marks.iter().any(|&(at, mark)| bytes[at] != mark) {
            return None;
        }
        if !matches!(bytes[10], b'T' | b't' | b' ') {
            return None;
        }
        let (year, month, day) = (digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?);
        let (hour, minute, second) =
            (digits(&bytes[11..13])?, digits(&bytes[14..16])?, digits(&bytes[17..19])?);
        let in_range = (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !in_range {
            return None;
        }
        let (fraction_us, rest) = fraction(&bytes[19..])?;
        let offset_s = offset_seconds(rest)?;
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Self((seconds - offset_s) * 1_000_000 + fraction_us))
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rfc3339::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        rfc3339::deserialize(deserializer)
    }
}

/// For `#[serde(with = "telemetry::rfc3339")]`; the same text that `Micros` uses by itself.
pub mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Micros;

    /// Writes the moment as RFC 3339 text.
    pub fn serialize<S: Serializer>(at: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339())
    }

    /// Reads RFC 3339 text; anything else is an error.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Micros::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
    }
}

fn push_digits(text: &mut Vec<u8>, value: i64, width: u32) {
    for place in (0..width).rev() {
        text.push(b'0' + (value / 10_i64.pow(place) % 10) as u8);
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |value, &b| b.is_ascii_digit().then(|| value * 10 + i64::from(b - b'0')))
}

/// Reads `.123` (or nothing) and gives microseconds and what follows.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(after) = bytes.strip_prefix(b".") else { return Some((0, bytes)) };
    let length = after.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let kept = length.min(6);
    let us = digits(&after[..kept])? * 10_i64.pow(6 - kept as u32);
    Some((us, &after[length..]))
}

fn offset_seconds(bytes: &[u8]) -> Option<i64> {
    let (sign, rest) = match bytes {
        b"Z" | b"z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let [h1, h2, b':', m1, m2] = *rest else { return None };
    let (hours, minutes) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month, day of a count of days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}
