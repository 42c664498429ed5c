//! Calendar arithmetic on UTC micro- and whole seconds since 1970, without a clock: the venue's
//! expiries, ISO stamps and day codes are functions of the time they are given.

/// Wall time in microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// Microseconds in one second.
pub const SECOND_US: Micros = 1_000_000;
/// Seconds in one day.
pub const DAY_S: i64 = 86_400;
/// All expiries are at this second of the UTC day (12:00:00Z).
pub const EXPIRY_SECOND_OF_DAY: i64 = 12 * 3_600;

/// A date of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

impl Date {
    /// Date of a day number since 1970-01-01 (algorithm: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    pub fn from_day(day_number: i64) -> Date {
        let z = day_number + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Date { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Day number since 1970-01-01; the inverse of [`Date::from_day`] for valid dates.
    pub fn to_day(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let shifted = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let of_year = (153 * shifted + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The venue's day code `DDMMYY`, as in `C-BTC-90000-310125`.
    pub fn code(self) -> String {
        format!("{:02}{:02}{:02}", self.day, self.month, self.year.rem_euclid(100))
    }

    /// Parses `DDMMYY`; `None` unless it names a real date of 2000 to 2099.
    pub fn from_code(code: &str) -> Option<Date> {
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize| code.get(from..from + 2)?.parse::<i64>().ok();
        Date { year: 2000 + part(4)?, month: part(2)?, day: part(0)? }.valid()
    }

    /// Parses three numbers separated by `-`, year first (`2026-09-04`) or last (`04-09-2026`).
    pub fn from_dashes(text: &str) -> Option<Date> {
        let mut parts = text.split('-').map(|p| p.parse::<i64>().ok());
        let (a, month, c) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() {
            return None;
        }
        let (year, day) = if a > 31 { (a, c) } else { (c, a) };
        Date { year, month, day }.valid()
    }

    fn valid(self) -> Option<Date> {
        (Date::from_day(self.to_day()) == self).then_some(self)
    }
}

/// Whole seconds of a wall time, rounded down.
pub fn seconds(us: Micros) -> i64 {
    us.div_euclid(SECOND_US)
}

/// Expiry second (12:00:00Z) of a day number.
pub fn expiry_of_day(day_number: i64) -> i64 {
    day_number * DAY_S + EXPIRY_SECOND_OF_DAY
}

/// Day number of a wall second.
pub fn day_of(second: i64) -> i64 {
    second.div_euclid(DAY_S)
}

/// True for Fridays; 1970-01-01 was a Thursday.
pub fn is_friday(day_number: i64) -> bool {
    day_number.rem_euclid(7) == 1
}

/// `2026-01-14T11:24:35.801586Z`.
pub fn iso_us(us: Micros) -> String {
    let text = iso_seconds(seconds(us));
    format!("{}.{:06}Z", text.trim_end_matches('Z'), us.rem_euclid(SECOND_US))
}

/// The microseconds of a stamp in UTC, with a fraction of a second or without one.
pub fn us_from_iso(text: &str) -> Option<Micros> {
    let (whole, fraction) = match text.strip_suffix('Z')?.split_once('.') {
        Some((whole, digits)) => (whole, format!("{digits:0<6}").get(..6)?.parse::<i64>().ok()?),
        None => (text.strip_suffix('Z')?, 0),
    };
    Some(from_iso(&format!("{whole}Z"))? * SECOND_US + fraction)
}

/// The form of HTTP headers: `Wed, 14 Jan 2026 11:24:35 GMT`.
pub fn http_date(us: Micros) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let second = seconds(us);
    let (number, of_day) = (day_of(second), second.rem_euclid(DAY_S));
    let date = Date::from_day(number);
    // Day 0 was a Thursday; both remainders lie inside their tables.
    let (day, month) = (DAYS[number.rem_euclid(7) as usize], MONTHS[(date.month - 1) as usize]);
    let (hour, minute) = (of_day / 3_600, of_day / 60 % 60);
    format!("{day}, {:02} {month} {:04} {hour:02}:{minute:02}:{:02} GMT", date.day, date.year, of_day % 60)
}

/// `2026-01-14T11:24:35Z`.
pub fn iso_seconds(second: i64) -> String {
    let date = Date::from_day(day_of(second));
    let of_day = second.rem_euclid(DAY_S);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year,
        date.month,
        date.day,
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// Reads a UTC time of whole seconds as files write it: `2022-01-05T00:01:00Z`, with a space for the `T`,
/// without the `Z` or the seconds.
pub fn from_iso(text: &str) -> Option<i64> {
    let text = [" UTC", "+00:00", "Z", "z"].iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(text);
    let (date, clock) = text.split_once(['T', ' '])?;
    let date = Date::from_dashes(date).filter(|date| date.year > 1_970)?;
    let clock = clock.strip_suffix(".000000").or(clock.strip_suffix(".000")).unwrap_or(clock);
    let mut parts =
        clock.split(':').map(|part| part.parse::<i64>().ok().filter(|part| (0..60).contains(part)));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let whole = parts.next().is_none() && hour < 24;
    whole.then_some(date.to_day() * DAY_S + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_go_there_and_back_and_headers_have_their_own_form() {
        let us = 1_768_389_875_801_586;
        assert_eq!(iso_us(us), "2026-01-14T11:24:35.801586Z");
        assert_eq!(us_from_iso(&iso_us(us)), Some(us));
        assert_eq!(us_from_iso("2026-01-14T11:24:35.8Z"), Some(1_768_389_875_800_000));
        assert_eq!(us_from_iso("2026-01-14T11:24:35Z"), Some(1_768_389_875_000_000));
        assert_eq!([us_from_iso("2026-01-14T11:24:35.x1Z"), us_from_iso("1768389875")], [None, None]);
        assert_eq!(http_date(us), "Wed, 14 Jan 2026 11:24:35 GMT");
    }

    #[test]
    fn utc_stamps_are_read_as_they_are_written() {
        let second = 1_641_340_860;
        for text in [
            "2022-01-05T00:01:00Z",
            "2022-01-05 00:01:00",
            "2022-01-05T00:01:00.000Z",
            "2022-01-05 00:01:00 UTC",
            "2022-01-05T00:01:00+00:00",
            "2022-01-05 00:01",
        ] {
            assert_eq!(from_iso(text), Some(second), "{text}");
        }
        assert_eq!(from_iso(&iso_seconds(second)), Some(second));
        for text in
            ["2022-01-05", "2022-13-05 00:01", "2022-01-05 25:01", "2022-01-05T00:01:00+05:30", "x T y", ""]
        {
            assert_eq!(from_iso(text), None, "{text}");
        }
    }

    #[test]
    fn dates_and_codes_agree_with_the_calendar() {
        assert_eq!(iso_us(1_788_431_318_663_014), "2026-09-03T10:28:38.663014Z");
        let day = Date::from_code("040926").unwrap().to_day();
        assert_eq!(iso_seconds(expiry_of_day(day)), "2026-09-04T12:00:00Z");
        assert!(is_friday(day));
        assert_eq!(Date::from_dashes("04-09-2026"), Date::from_dashes("2026-09-04"));
        assert_eq!(Date::from_code("310226"), None);
        for number in -1_000..40_000 {
            assert_eq!(Date::from_day(number).to_day(), number);
        }
    }
}
