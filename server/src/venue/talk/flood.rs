//! How many frames that cannot be decoded are told: a venue that changes a format sends a thousand of them a second. The
//! rest is counted, and the count is told. Pure.

use std::time::Duration;

/// Told in a window of time.
const TOLD_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flood {
    window: Duration,
    told: u32,
    hidden: u64,
}

impl Flood {
    /// Whether this one is told. `now` is time since some beginning.
    pub(super) fn admits(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.window) >= WINDOW {
            (self.window, self.told) = (now, 0);
        }
        self.told += 1;
        let admitted = self.told <= TOLD_MAX;
        self.hidden += u64::from(!admitted);
        admitted
    }

    /// How many were not told, when it is time to say so, or when it is the `last` occasion.
    pub(super) fn hidden(&mut self, now: Duration, last: bool) -> Option<u64> {
        let due = last || now.saturating_sub(self.window) >= WINDOW;
        (due && self.hidden > 0).then(|| std::mem::take(&mut self.hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_in_ten_seconds_are_told_and_the_rest_is_counted() {
        let mut flood = Flood::default();
        let ms = Duration::from_millis;
        let told = (0..5_000).filter(|at| flood.admits(ms(20_000 + at))).count();
        assert_eq!((told, flood.hidden(ms(25_000), false)), (10, None));
        assert_eq!(flood.hidden(ms(30_000), false), Some(4_990));
        assert_eq!(flood.hidden(ms(30_001), false), None, "said once");
        assert!(flood.admits(ms(30_002)), "a new window");
        for at in 0..12 {
            flood.admits(ms(30_003 + at));
        }
        assert_eq!(flood.hidden(ms(30_020), true), Some(3), "the connection ends");
    }
}
