//! How long each instrument said nothing, to the millisecond: a gap begins with the last frame of its feed before the
//! connection was lost, or before it fell silent, and ends with the first frame after that. Pure.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::kpis::GapTime;
use model::{Micros, Symbol};

use super::freshness::Feed;

/// A gap that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolGap {
    pub symbol: Symbol,
    /// What was silent, and for how long, milliseconds.
    pub feeds: BTreeMap<Feed, i64>,
    /// How many gaps the instrument had, this included, and how long they were together, milliseconds.
    pub count: u64,
    pub total_ms: i64,
}

impl SymbolGap {
    /// The longest of its feeds.
    #[must_use]
    pub fn gap_ms(&self) -> i64 {
        self.feeds.values().copied().max().unwrap_or(0)
    }
}

/// Gaps that ended, by instrument, until somebody takes them into the key figures. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct GapTimes(Arc<Mutex<BTreeMap<String, GapTime>>>);

impl GapTimes {
    pub(super) fn note(&self, symbol: &str, gap_ms: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(symbol.to_owned()).or_default().note(gap_ms);
    }

    /// What ended since this was asked last.
    #[must_use]
    pub fn take(&self) -> BTreeMap<String, GapTime> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Gaps(BTreeMap<Symbol, Row>);

#[derive(Clone, Debug, Default)]
struct Row {
    feeds: BTreeMap<Feed, Heard>,
    /// Gaps of feeds that ended while another goes on.
    ended: BTreeMap<Feed, i64>,
    count: u64,
    total_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Micros,
    gap: bool,
}

impl Gaps {
    /// These are watched; what is watched no more has no gaps any more.
    pub fn keep(&mut self, wanted: impl Fn(&Symbol) -> bool) {
        self.0.retain(|symbol, _| wanted(symbol));
    }

    /// The connection was lost.
    pub fn lost(&mut self) {
        for heard in self.0.values_mut().flat_map(|row| row.feeds.values_mut()) {
            heard.gap = true;
        }
    }

    /// A frame came. Gives the gap of its instrument once all of its feeds are back.
    pub fn heard(&mut self, now: Micros, symbol: &Symbol, feed: Feed) -> Option<SymbolGap> {
        if !self.0.contains_key(symbol) {
            self.0.insert(symbol.clone(), Row::default());
        }
        let row = self.0.get_mut(symbol)?;
        let before = row.feeds.insert(feed, Heard { at: now, gap: false });
        let before = before?;
        let silence = now.0 - before.at.0;
        if before.gap || silence > feed.longest_us() {
            let gap_ms = silence.max(0) / 1_000;
            row.ended.entry(feed).and_modify(|known| *known += gap_ms).or_insert(gap_ms);
        }
        if row.ended.is_empty() || row.feeds.values().any(|heard| heard.gap) {
            return None;
        }
        let feeds = std::mem::take(&mut row.ended);
        row.count += 1;
        row.total_ms += feeds.values().copied().max().unwrap_or(0);
        Some(SymbolGap { symbol: symbol.clone(), feeds, count: row.count, total_ms: row.total_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "C-BTC-48000-070122";

    fn heard(gaps: &mut Gaps, ms: i64, feed: Feed) -> Option<(BTreeMap<Feed, i64>, u64, i64)> {
        let gap = gaps.heard(Micros(ms * 1_000), &Symbol::from(A), feed)?;
        Some((gap.feeds, gap.count, gap.total_ms))
    }

    #[test]
    fn a_gap_goes_from_the_last_frame_to_the_first_of_each_feed() {
        let mut gaps = Gaps::default();
        for (ms, feed) in [(0, Feed::Top), (100, Feed::Top), (2_000, Feed::Mark), (2_050, Feed::Top)] {
            assert_eq!(heard(&mut gaps, ms, feed), None);
        }
        gaps.lost();
        // Lost again before anything came: one gap.
        gaps.lost();
        assert_eq!(heard(&mut gaps, 2_417, Feed::Top), None, "its mark is not back");
        assert_eq!(heard(&mut gaps, 2_500, Feed::Top), None);
        let whole = BTreeMap::from([(Feed::Top, 367), (Feed::Mark, 1_001)]);
        assert_eq!(heard(&mut gaps, 3_001, Feed::Mark), Some((whole, 1, 1_001)));
        assert_eq!(heard(&mut gaps, 3_002, Feed::Mark), None);
        gaps.lost();
        assert_eq!(heard(&mut gaps, 3_100, Feed::Mark), None);
        let whole = BTreeMap::from([(Feed::Top, 700), (Feed::Mark, 98)]);
        assert_eq!(heard(&mut gaps, 3_200, Feed::Top), Some((whole, 2, 1_701)));
    }

    #[test]
    fn silence_beyond_what_a_feed_repeats_is_a_gap_of_its_own() {
        let mut gaps = Gaps::default();
        heard(&mut gaps, 0, Feed::Top);
        assert_eq!(heard(&mut gaps, 5_000, Feed::Top), None, "repeated every five seconds");
        let gap = heard(&mut gaps, 14_321, Feed::Top);
        assert_eq!(gap, Some((BTreeMap::from([(Feed::Top, 9_321)]), 1, 9_321)));
    }

    #[test]
    fn what_is_watched_anew_begins_anew() {
        let mut gaps = Gaps::default();
        heard(&mut gaps, 0, Feed::Top);
        gaps.lost();
        gaps.keep(|_| false);
        assert_eq!(heard(&mut gaps, 9_000, Feed::Top), None);
    }
}
