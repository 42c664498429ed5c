//! Where a line lies, as one number: the segment's and the byte at which the line begins. Every reader's cursor is such
//! a number; they grow in the order of commit, and none is given twice.

use std::path::PathBuf;

use telemetry::Micros;

/// A segment is far smaller than this many bits of offset can say.
const OFFSET_BITS: u32 = 28;
/// Segments of a day.
const NUMBER_BITS: u32 = 14;
const DAY_US: i64 = 86_400_000_000;
/// The last day whose positions are still numbers; in the year 7445.
const LAST_DAY: i64 = 2_000_000;

/// A day in UTC, counted from 1970; none lies before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(at: Micros) -> Self {
        Self(at.0.div_euclid(DAY_US).clamp(0, LAST_DAY))
    }

    /// `2026-11-26`.
    #[must_use]
    pub fn text(self) -> String {
        self.begins().to_rfc3339().chars().take(10).collect()
    }

    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = Micros::parse_rfc3339(&format!("{text}T00:00:00Z"))?;
        (text.len() == 10 && at.0 >= 0).then(|| Self::of(at))
    }

    /// Its first moment.
    #[must_use]
    pub fn begins(self) -> Micros {
        Micros(self.0 * DAY_US)
    }

    /// So many days earlier.
    #[must_use]
    pub fn before(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days).clamp(0, LAST_DAY))
    }

    /// The first position that may lie in it.
    #[must_use]
    pub fn first(self) -> i64 {
        Ordinal(self.0 << NUMBER_BITS).start()
    }

    /// The last one.
    #[must_use]
    pub fn last(self) -> i64 {
        Self(self.0 + 1).first() - 1
    }
}

/// The running number of a segment, which says on what day it was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(i64);

impl Ordinal {
    /// The segment of a position.
    #[must_use]
    pub const fn of(position: i64) -> Self {
        Self(position >> OFFSET_BITS)
    }

    /// That segment of a day, counted from 1.
    #[must_use]
    pub fn numbered(day: Day, number: i64) -> Self {
        Self((day.0 << NUMBER_BITS) + number)
    }

    /// The one that follows it when it is begun on `day`. Under a clock that was set back it stays on its own.
    #[must_use]
    pub fn next(self, day: Day) -> Self {
        Self(self.0 + 1).max(Self::numbered(day, 1))
    }

    /// The day it was begun.
    #[must_use]
    pub const fn day(self) -> Day {
        Day(self.0 >> NUMBER_BITS)
    }

    /// Its number within the day.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0 & ((1 << NUMBER_BITS) - 1)
    }

    /// The position of its first byte.
    #[must_use]
    pub const fn start(self) -> i64 {
        self.0 << OFFSET_BITS
    }

    /// The last position that may lie in it.
    #[must_use]
    pub const fn last(self) -> i64 {
        Self(self.0 + 1).start() - 1
    }

    /// The position of one of its bytes.
    #[must_use]
    pub fn at(self, offset: u64) -> i64 {
        self.start() + i64::try_from(offset).unwrap_or(i64::MAX >> 1)
    }

    /// Its file within the log's folder.
    #[must_use]
    pub fn path(self) -> PathBuf {
        PathBuf::from(self.day().text()).join(format!("{:06}.ndjson", self.number()))
    }

    /// Reads the name of a file; the second part says whether it is sealed.
    #[must_use]
    pub fn parse(day: Day, file: &str) -> Option<(Self, bool)> {
        let (name, sealed) = match file.strip_suffix(".zst") {
            Some(name) => (name, true),
            None => (file, false),
        };
        let digits = name.strip_suffix(".ndjson")?;
        let number = digits.parse().ok().filter(|n| (1..1 << NUMBER_BITS).contains(n))?;
        (digits.len() == 6).then(|| (Self::numbered(day, number), sealed))
    }
}

/// The byte within its segment.
#[must_use]
pub fn offset(position: i64) -> u64 {
    (position & ((1 << OFFSET_BITS) - 1)).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_grow_with_day_number_and_offset_and_name_their_file() {
        let day = Day::parse("2026-11-26").unwrap();
        let first = Ordinal::numbered(day, 1);
        assert_eq!(first.path(), PathBuf::from("2026-11-26/000001.ndjson"));
        assert_eq!(Ordinal::parse(day, "000001.ndjson.zst"), Some((first, true)));
        for wrong in ["1.ndjson", "000000.ndjson", "999999.ndjson", "000001.json", "manifest.json"] {
            assert_eq!(Ordinal::parse(day, wrong), None, "{wrong}");
        }
        assert_eq!(first.next(day).number(), 2);
        assert_eq!(first.next(day.before(3)).day(), day, "a clock that was set back");
        let tomorrow = Day::of(Micros(day.begins().0 + DAY_US));
        assert_eq!(first.next(tomorrow), Ordinal::numbered(tomorrow, 1));
        assert!(day.last() < tomorrow.first());
    }

    proptest! {
        /// Catches: bits that overlap.
        #[test]
        fn a_position_is_taken_apart_as_it_was_made(day in 0..LAST_DAY, number in 1_i64..16_384, at in 0_u64..1 << 28) {
            let ordinal = Ordinal::numbered(Day(day), number);
            let position = ordinal.at(at);
            prop_assert_eq!((Ordinal::of(position), offset(position)), (ordinal, at));
            prop_assert_eq!((ordinal.day(), ordinal.number()), (Day(day), number));
            prop_assert!((Day(day).first()..=Day(day).last()).contains(&position));
            prop_assert_eq!(Day::parse(&Day(day).text()), Some(Day(day)));
        }
    }
}
