//! Feedback to browsers: while the room for their batches is getting full, they are asked to send a share only. Errors
//! are never sampled, and the share stands on every record, so that sums stay right.

use std::time::{Duration, Instant};

/// Above this share of the queue for `SUSTAINED`, info is sampled.
const BUSY: f64 = 0.5;
/// Above this, more.
const FULL: f64 = 0.8;
const SUSTAINED: Duration = Duration::from_secs(60);

/// The shares of info and warn that browsers are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    pub info: f64,
    pub warn: f64,
}

impl Shares {
    pub const ALL: Self = Self { info: 1.0, warn: 1.0 };
    const BUSY: Self = Self { info: 0.1, warn: 1.0 };
    const FULL: Self = Self { info: 0.01, warn: 0.5 };
}

/// What was seen of the queue.
#[derive(Debug)]
pub struct Overload {
    shares: Shares,
    busy_since: Option<Instant>,
    quiet_since: Option<Instant>,
}

impl Default for Overload {
    fn default() -> Self {
        Self { shares: Shares::ALL, busy_since: None, quiet_since: None }
    }
}

impl Overload {
    /// The queue is that full now. Relief comes as slowly as the first step.
    pub fn observe(&mut self, fill: f64, now: Instant) -> Shares {
        let lasted = |since: &mut Option<Instant>| {
            now.saturating_duration_since(*since.get_or_insert(now)) >= SUSTAINED
        };
        if fill > BUSY {
            self.quiet_since = None;
            let sustained = lasted(&mut self.busy_since);
            if fill > FULL {
                self.shares = Shares::FULL;
            } else if sustained && self.shares == Shares::ALL {
                self.shares = Shares::BUSY;
            }
        } else {
            self.busy_since = None;
            if lasted(&mut self.quiet_since) {
                self.shares = Shares::ALL;
            }
        }
        self.shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_asked_for_less_while_the_queue_is_full() {
        let (mut overload, start) = (Overload::default(), Instant::now());
        let mut at = |second: u64, fill: f64| overload.observe(fill, start + Duration::from_secs(second));
        assert_eq!(at(0, 0.6), Shares::ALL);
        assert_eq!(at(59, 0.7), Shares::ALL, "not for a minute yet");
        assert_eq!(at(60, 0.51), Shares::BUSY);
        assert_eq!(at(61, 0.9), Shares::FULL, "at once");
        assert_eq!(at(62, 0.6), Shares::FULL, "no flutter");
        assert_eq!(at(63, 0.2), Shares::FULL);
        assert_eq!(at(123, 0.1), Shares::ALL, "a quiet minute");
        assert_eq!(at(124, 0.6), Shares::ALL);
        assert_eq!(at(130, 0.4), Shares::ALL);
        assert_eq!(at(185, 0.6), Shares::ALL, "the minute began anew");
    }
}
