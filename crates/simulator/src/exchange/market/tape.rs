//! Recorded price days: one-minute bars walked at market time. The index is a pure function of market
//! time, which is why a restart lands on exactly the price it would have had.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use super::bar::{BAR_US, Bar, Gaps};
use super::price_file;
use super::recording::{self, Recording};
use crate::exchange::time::SECOND_US;

const LEG_US: i64 = BAR_US / 3;

/// The tape the embedded venue starts with, compiled in.
pub const EMBEDDED_2022_01_05: &str = include_str!("../../../../../tapes/btcusd-2022-01-05.csv");
/// Its name in reports and in the state file.
pub const EMBEDDED_NAME: &str = "btcusd-2022-01-05";

/// What follows the last row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapeEnd {
    /// Walk backward, then forward again: no gap, no drift.
    #[default]
    Mirror,
    /// Stay at the last close.
    Hold,
}

/// A whole recorded day (or any other run of minutes), at least one bar; or a recording of a venue's own index.
#[derive(Clone, Debug)]
pub struct Tape {
    name: String,
    course: Course,
    gaps: Option<Gaps>,
}

#[derive(Clone, Debug)]
enum Course {
    Bars(Arc<[Bar]>),
    /// Microseconds since the first, and the index from then on, in tenths of a USD.
    Points(Arc<[(i64, i64)]>),
}

impl Tape {
    /// Reads rows of time (Unix seconds, milliseconds or microseconds), open, high, low and close, one a
    /// minute, with a header that names these columns or without one. Over missing minutes the last close
    /// is held. Or reads a recording of a venue's feed (see `recording`).
    ///
    /// # Errors
    /// One sentence that names line, column and what is wrong.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Tape, String> {
        let named = |why: String| format!("tape {name}: {why}");
        if recording::is_recording(bytes) {
            return Ok(Tape::recorded(name, &Recording::parse(bytes).map_err(named)?));
        }
        let file = price_file::read(bytes).map_err(named)?;
        Ok(Tape { name: name.to_owned(), course: Course::Bars(file.bars.into()), gaps: file.gaps })
    }

    /// The index of a recording, each value from its own time on.
    fn recorded(name: &str, recording: &Recording) -> Tape {
        let first_us = recording.index.first().map_or(0, |(at_us, _)| *at_us);
        let points: Vec<(i64, i64)> =
            recording.index.iter().map(|(at_us, units)| (at_us - first_us, *units)).collect();
        let lacking = points.windows(2).map(|pair| (pair[1].0 - pair[0].0) / BAR_US).sum();
        let gaps = recording.silences.map(|(places, from_us)| Gaps {
            minutes: lacking,
            places,
            first_s: from_us / SECOND_US,
        });
        Tape { name: name.to_owned(), course: Course::Points(points.into()), gaps }
    }

    /// The compiled-in tape.
    ///
    /// # Errors
    /// Never for the tape shipped with this crate (a test reads it).
    pub fn embedded() -> Result<Tape, String> {
        Tape::parse(EMBEDDED_NAME, EMBEDDED_2022_01_05.as_bytes())
    }

    /// A tape of bars made by hand, for tests of other crates; `None` without bars.
    pub fn from_bars(name: &str, bars: Vec<Bar>) -> Option<Tape> {
        (!bars.is_empty()).then(|| Tape {
            name: name.to_owned(),
            course: Course::Bars(bars.into()),
            gaps: None,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its file lacked.
    pub fn gaps(&self) -> Option<Gaps> {
        self.gaps
    }

    /// Length in market microseconds.
    pub fn length_us(&self) -> i64 {
        match &self.course {
            Course::Bars(bars) => bars.len() as i64 * BAR_US,
            Course::Points(points) => points.last().map_or(1, |(at_us, _)| (*at_us).max(1)),
        }
    }

    /// Index in tenths of a USD, `market_us` after the beginning (negative counts as 0).
    pub fn index_at(&self, market_us: i64, end: TapeEnd) -> i64 {
        let length = self.length_us();
        let at = match end {
            TapeEnd::Hold => market_us.clamp(0, length),
            TapeEnd::Mirror => {
                let folded = market_us.max(0) % (2 * length);
                if folded > length { 2 * length - folded } else { folded }
            }
        };
        match &self.course {
            Course::Bars(bars) => walked(bars, at),
            Course::Points(points) => {
                let behind = points.partition_point(|(at_us, _)| *at_us <= at);
                points[behind.max(1) - 1].1
            }
        }
    }

    /// How often the walk has turned round by this time; a change of it is worth telling.
    pub fn turns(&self, market_us: i64) -> i64 {
        market_us.max(0) / self.length_us()
    }
}

/// The index within bars.
fn walked(bars: &[Bar], at: i64) -> i64 {
    let number = (at / BAR_US).min(bars.len() as i64 - 1);
    let within = at - number * BAR_US;
    let path = bars[number as usize].path();
    let leg = (within / LEG_US).min(2);
    let (from, to) = (path[leg as usize], path[leg as usize + 1]);
    // Rounded to the nearest tenth; the product of a price range and a leg stays far below i64.
    from + ((to - from) * (within - leg * LEG_US) * 2 + LEG_US * (to - from).signum()) / (2 * LEG_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_walked_through_its_corners_and_mirrored_after_the_last() {
        let up = Bar { open: 1_000, high: 1_060, low: 970, close: 1_030 };
        let tape = Tape::from_bars("t", vec![up]).unwrap();
        let at = |seconds: i64| tape.index_at(seconds * 1_000_000, TapeEnd::Mirror);
        assert_eq!(
            [at(0), at(10), at(20), at(30), at(40), at(50), at(60)],
            [1_000, 985, 970, 1_015, 1_060, 1_045, 1_030]
        );
        assert_eq!([at(70), at(120), at(130)], [at(50), at(0), at(10)]);
        assert_eq!(tape.index_at(999_000_000, TapeEnd::Hold), 1_030);
        assert_eq!(Tape::embedded().unwrap().length_us(), 1_440 * BAR_US);
        let refused = Tape::parse("x", b"time,open,high,low,close\n1641340800,45832,a,1,1").unwrap_err();
        assert!(refused.starts_with("tape x: line 2, column high: "), "{refused}");
    }
}
