//! What an index was: bars of wall time. Those of the day before the exchange began are made up once from its seed, so
//! that charts and daily changes have something to show; what happened since is what happened.

use std::collections::VecDeque;
use std::sync::Arc;

use super::pricing;
use super::underlying::Underlying;
use crate::exchange::random::Random;

/// Wall seconds of a bar, and of the fine ones.
pub const MINUTE_S: i64 = 60;
pub const FINE_S: i64 = 5;
/// Minutes made up before the beginning: a day and an hour.
const BEFORE: i64 = 1_500;
const MINUTES_KEPT: usize = 4_500;
const FINE_KEPT: usize = 4_500;
/// A year's deviation of what is made up.
const DEVIATION: f64 = 0.40;
const STREAMS: [u64; 2] = [8, 9];

/// An index over some seconds, in price units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexBar {
    pub start_s: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
}

/// The past of one index.
#[derive(Clone, Debug)]
pub(crate) struct History {
    minutes: Arc<VecDeque<IndexBar>>,
    fine: Arc<VecDeque<IndexBar>>,
}

impl History {
    /// A past that leads to `index`, where it is at `now_s`.
    pub fn before(underlying: Underlying, seed: u64, now_s: i64, index: i64) -> History {
        let stream = if underlying == Underlying::Btc { STREAMS[0] } else { STREAMS[1] };
        let mut chance = Random::new(seed, stream);
        let deviation = DEVIATION * (MINUTE_S as f64 / pricing::YEAR_S).sqrt();
        let mut minutes = VecDeque::new();
        let last = now_s.div_euclid(MINUTE_S);
        let mut close = index;
        for minute in (last - BEFORE..last).rev() {
            let open = (close as f64 * (deviation * chance.normal()).exp()).round().max(1.0) as i64;
            let reach = |chance: &mut Random| (0.5 * deviation * chance.normal().abs()).exp();
            let high = (open.max(close) as f64 * reach(&mut chance)).round() as i64;
            let low = ((open.min(close) as f64 / reach(&mut chance)).round() as i64).max(1);
            minutes.push_front(IndexBar { start_s: minute * MINUTE_S, open, high, low, close });
            close = open;
        }
        let mut history = History { minutes: Arc::new(minutes), fine: Arc::default() };
        history.note(now_s, index);
        history
    }

    /// The index is here now.
    pub fn note(&mut self, now_s: i64, index: i64) {
        for (bars, seconds, kept) in
            [(&mut self.minutes, MINUTE_S, MINUTES_KEPT), (&mut self.fine, FINE_S, FINE_KEPT)]
        {
            let start_s = now_s - now_s.rem_euclid(seconds);
            let bars = Arc::make_mut(bars);
            match bars.back_mut().filter(|bar| bar.start_s >= start_s) {
                Some(bar) => {
                    (bar.high, bar.low) = (bar.high.max(index), bar.low.min(index));
                    bar.close = index;
                }
                None => {
                    bars.push_back(IndexBar { start_s, open: index, high: index, low: index, close: index });
                    if bars.len() > kept {
                        bars.pop_front();
                    }
                }
            }
        }
    }

    /// The index at a second: the close of the bar that was begun last.
    pub fn at(&self, second: i64) -> i64 {
        let of = |bars: &VecDeque<IndexBar>| {
            let after = bars.partition_point(|bar| bar.start_s <= second);
            after.checked_sub(1).and_then(|last| bars.get(last)).map(|bar| bar.close)
        };
        let earliest = || self.minutes.front().map_or(0, |bar| bar.open);
        of(&self.fine).or_else(|| of(&self.minutes)).unwrap_or_else(earliest)
    }

    /// Bars that begin in a span of seconds: minutes, or the fine ones.
    pub fn bars(&self, fine: bool, from_s: i64, to_s: i64) -> impl Iterator<Item = &IndexBar> {
        let bars = if fine { &self.fine } else { &self.minutes };
        let first = bars.partition_point(|bar| bar.start_s < from_s);
        bars.iter().skip(first).take_while(move |bar| bar.start_s <= to_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_made_up_past_leads_to_the_present_and_goes_on_with_what_happens() {
        let mut history = History::before(Underlying::Btc, 3, 1_000_000_020, 450_000);
        let bars: Vec<IndexBar> = history.bars(false, 0, i64::MAX).copied().collect();
        assert_eq!(bars.len(), 1_501);
        for pair in bars.windows(2) {
            assert_eq!((pair[0].close, pair[0].start_s + 60), (pair[1].open, pair[1].start_s));
        }
        for bar in &bars {
            assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close), "{bar:?}");
        }
        assert_eq!(history.at(1_000_000_020), 450_000);
        history.note(1_000_000_026, 451_000);
        history.note(1_000_000_027, 449_000);
        let last = history.bars(false, 1_000_000_020, i64::MAX).last().copied().unwrap();
        assert_eq!((last.open, last.high, last.low, last.close), (450_000, 451_000, 449_000, 449_000));
        assert_eq!(history.bars(true, 0, i64::MAX).count(), 2);
        assert_eq!((history.at(1_000_000_024), history.at(1_000_000_030)), (450_000, 449_000));
    }
}
