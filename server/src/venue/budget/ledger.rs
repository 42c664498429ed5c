//! Units spent in the last five minutes. The venue's window is fixed and starts when it likes; a sliding one keeps the
//! reserve whole in each of its windows, wherever they begin.

use std::collections::VecDeque;

use telemetry::Micros;

/// Length of the venue's window.
pub(super) const WINDOW_US: i64 = 300_000_000;
/// Spending is remembered in slices of this length, and forgotten with the end of its slice.
pub(super) const SLICE_US: i64 = 5_000_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Start of the slice and what was spent in it, oldest first.
    slices: VecDeque<(i64, u32)>,
    /// Units of the venue's window that we did not spend, and when that window ends.
    elsewhere: Option<(u32, i64)>,
    /// What was said of them last.
    said: u32,
}

/// Units that somebody else spends are news when there are so many more of them, or less.
const NEWS: u32 = 500;

impl Ledger {
    /// Takes units up to `limit` in a window, or says in how many milliseconds enough are forgotten.
    pub(super) fn take(&mut self, now: Micros, weight: u32, limit: u32) -> Result<(), i64> {
        let spent = self.spent(now);
        let too_many = spent.saturating_add(weight).saturating_sub(limit);
        if too_many > 0 {
            let ours_ms = self.wait_ms(now, too_many);
            // What is not ours is forgotten at once, with its window.
            return Err(match self.elsewhere {
                Some((units, until)) if units >= too_many => {
                    ours_ms.min((until - now.0).div_euclid(1_000) + 1)
                }
                Some(_) | None => ours_ms,
            });
        }
        let start = now.0 - now.0.rem_euclid(SLICE_US);
        match self.slices.back_mut() {
            Some((latest, units)) if *latest == start => *units += weight,
            Some(_) | None => self.slices.push_back((start, weight)),
        }
        Ok(())
    }

    /// Takes back the latest units.
    pub(super) fn give_back(&mut self, weight: u32) {
        let mut left = weight;
        for (_, units) in self.slices.iter_mut().rev() {
            let taken = left.min(*units);
            *units -= taken;
            left -= taken;
        }
    }

    /// Units spent in the window that ends now.
    pub(super) fn spent(&mut self, now: Micros) -> u32 {
        while self.slices.front().is_some_and(|(start, _)| forgotten_at(*start) <= now.0) {
            self.slices.pop_front();
        }
        // Slices of the future: the clock was set back. What was spent stays spent, a window from now at most.
        let latest = now.0 - now.0.rem_euclid(SLICE_US);
        for (start, _) in &mut self.slices {
            *start = (*start).min(latest);
        }
        let elsewhere = self.elsewhere(now);
        self.slices.iter().fold(elsewhere, |sum, (_, units)| sum.saturating_add(*units))
    }

    /// Units that the venue counts beside ours, until its window ends.
    pub(super) fn elsewhere(&mut self, now: Micros) -> u32 {
        let lives = |until: i64| (1..=WINDOW_US).contains(&(until - now.0));
        self.elsewhere = self.elsewhere.filter(|(_, until)| lives(*until));
        self.elsewhere.map_or(0, |(units, _)| units)
    }

    /// The venue counts so many units in the window that ends in so many milliseconds; what of them is not ours is
    /// counted beside it. Gives their number when it is news.
    pub(super) fn seen(&mut self, now: Micros, spent: u32, left_ms: i64) -> Option<u32> {
        let until = now.0 + left_ms.clamp(0, WINDOW_US / 1_000) * 1_000;
        let began = until - WINDOW_US;
        let ours = self.slices.iter().filter(|(start, _)| start + SLICE_US > began);
        let ours = ours.fold(0_u32, |sum, (_, units)| sum.saturating_add(*units));
        let elsewhere = spent.saturating_sub(ours);
        self.elsewhere = (elsewhere > 0).then_some((elsewhere, until));
        let is_news = elsewhere.abs_diff(self.said) >= NEWS;
        is_news.then(|| {
            self.said = elsewhere;
            elsewhere
        })
    }

    fn wait_ms(&self, now: Micros, too_many: u32) -> i64 {
        let mut left = too_many;
        for (start, units) in &self.slices {
            left = left.saturating_sub(*units);
            if left == 0 {
                return (forgotten_at(*start) - now.0).div_euclid(1_000) + 1;
            }
        }
        WINDOW_US / 1_000
    }
}

fn forgotten_at(start: i64) -> i64 {
    start + SLICE_US + WINDOW_US
}
