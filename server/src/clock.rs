//! The one place that reads the clocks of the system for the server. Ours begins with the system's and then goes by
//! the time that passed, also while the machine slept: it never goes back and never leaps, whatever sets the system's.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use telemetry::Micros;

/// Counts the time while the machine sleeps, where the system has such a clock.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

static CLOCK: OnceLock<Clock> = OnceLock::new();

/// Our clock minus the steady one, microseconds.
struct Clock(AtomicI64);

impl Clock {
    fn new() -> Self {
        Self(AtomicI64::new(system().0 - steady_us()))
    }

    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::Relaxed) + steady_us())
    }

    fn continue_from(&self, last: Micros) {
        self.0.fetch_max(last.0 + 1 - steady_us(), Ordering::Relaxed);
    }
}

fn clock() -> &'static Clock {
    CLOCK.get_or_init(Clock::new)
}

/// Now, in UTC microseconds.
#[must_use]
pub fn now() -> Micros {
    clock().now()
}

/// So many minutes from now, as far as there is time.
#[must_use]
pub fn in_minutes(minutes: i64) -> Micros {
    Micros(now().0.saturating_add(minutes.saturating_mul(60_000_000)))
}

/// What the system's clock says, which people and programs set.
#[must_use]
pub fn system() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// How far the system's clock is ahead of ours, microseconds.
#[must_use]
pub fn skew_us() -> i64 {
    system().0 - now().0
}

/// Nothing may happen before what is written already: a process that begins with a clock that was set back goes on
/// where the one before it ended.
pub fn continue_from(last: Micros) {
    clock().continue_from(last);
}

/// Microseconds since some beginning, sleep included.
#[must_use]
pub fn steady_us() -> i64 {
    micros_of(STEADY)
}

/// The same without the time that the machine slept.
#[must_use]
pub fn awake_us() -> i64 {
    micros_of(ClockId::Monotonic)
}

fn micros_of(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_with_the_systems_and_goes_on_behind_what_is_written() {
        let clock = Clock::new();
        let before = clock.now();
        assert!((system().0 - before.0).abs() < 60_000_000);
        let last = Micros(before.0 + 3_600_000_000);
        clock.continue_from(last);
        assert!(clock.now() > last);
        clock.continue_from(before);
        assert!(clock.now() > last, "what is written earlier moves nothing");
    }
}
