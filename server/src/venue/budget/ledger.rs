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
}

impl Ledger {
    /// Takes units up to `limit` in a window, or says in how many milliseconds enough are forgotten.
    pub(super) fn take(&mut self, now: Micros, weight: u32, limit: u32) -> Result<(), i64> {
        let spent = self.spent(now);
        let too_many = spent.saturating_add(weight).saturating_sub(limit);
        if too_many > 0 {
            return Err(self.wait_ms(now, too_many));
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
        self.slices.iter().fold(0, |sum, (_, units)| sum.saturating_add(*units))
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
