//! The account's request quota as we count it ourselves: weights in a fixed window of five minutes (venue facts,
//! section 4). A fifth of it is kept for closing and for reading what is on. Pure; time is a parameter.

use telemetry::Micros;

/// Weight units in a window; the smaller of the two documented figures.
const QUOTA: u32 = 10_000;
/// Units that only closing and reading truth may spend: 20 %.
const RESERVE: u32 = 2_000;
const WINDOW: i64 = 300_000_000;

/// Who may spend the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Entries, prices, lists.
    Normal,
    /// Closing, cancelling, looking up, reading what is on.
    Safety,
}

/// Units spent in the running window.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    window_started: Micros,
    used: u32,
    /// The venue asked to wait until then.
    blocked_until: Micros,
}

impl Budget {
    /// Takes `weight` units, or says in how many milliseconds some are there again.
    pub fn take(&mut self, now: Micros, weight: u32, priority: Priority) -> Result<(), i64> {
        self.turn(now);
        if now < self.blocked_until {
            return Err((self.blocked_until.0 - now.0).div_euclid(1_000) + 1);
        }
        let limit = match priority {
            Priority::Normal => QUOTA - RESERVE,
            Priority::Safety => QUOTA,
        };
        if self.used + weight > limit {
            return Err((self.window_started.0 + WINDOW - now.0).div_euclid(1_000) + 1);
        }
        self.used += weight;
        Ok(())
    }

    /// The venue answered 429 and gave this time to wait, in milliseconds.
    pub fn limited(&mut self, now: Micros, reset_ms: i64) {
        let until = Micros(now.0 + reset_ms.clamp(0, 300_000) * 1_000);
        self.blocked_until = self.blocked_until.max(until);
    }

    /// Units left in this window.
    pub fn remaining(&mut self, now: Micros) -> u32 {
        self.turn(now);
        QUOTA.saturating_sub(self.used)
    }

    fn turn(&mut self, now: Micros) {
        if now.0 - self.window_started.0 >= WINDOW || now < self.window_started {
            self.window_started = now;
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_kept_for_closing() {
        let mut budget = Budget::default();
        let start = Micros(1_000_000_000);
        assert_eq!(budget.take(start, 8_000, Priority::Normal), Ok(()));
        assert_eq!(budget.take(start, 5, Priority::Normal), Err(300_001));
        assert_eq!(budget.take(start, 2_000, Priority::Safety), Ok(()));
        assert!(budget.take(start, 1, Priority::Safety).is_err());
        let next = Micros(start.0 + WINDOW);
        assert_eq!(budget.take(next, 5, Priority::Normal), Ok(()), "a new window is full again");
        assert_eq!(budget.remaining(next), QUOTA - 5);
    }

    #[test]
    fn the_venue_may_ask_to_wait() {
        let mut budget = Budget::default();
        let start = Micros(1_000_000_000);
        budget.limited(start, 700);
        assert_eq!(budget.take(start, 1, Priority::Safety), Err(701));
        assert_eq!(budget.take(Micros(start.0 + 700_000), 1, Priority::Safety), Ok(()));
    }
}
