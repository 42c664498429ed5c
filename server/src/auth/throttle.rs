//! Failed sign-ins per address in a sliding minute. An attempt counts as failed until it has succeeded, so
//! that many at once cannot slip through.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at most; beyond it those without recent failures go first.
const ADDRESSES: usize = 10_000;

/// So many wait for the slow lane at most.
const QUEUE: usize = 30;
/// Between two checks of the slow lane.
const PACE: Duration = Duration::from_secs(1);

/// Where whoever has failed too often may still try, one at a time and not fast: for the emergency form, which must
/// not be shut by others who fail.
pub struct SlowLane {
    one: tokio::sync::Semaphore,
    waiting: AtomicUsize,
}

impl Default for SlowLane {
    fn default() -> Self {
        Self { one: tokio::sync::Semaphore::new(1), waiting: AtomicUsize::new(0) }
    }
}

impl SlowLane {
    /// Waits for one's turn; it is over when what is given is dropped. `None`: too many wait.
    pub async fn turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let turn = self.one.acquire().await.ok();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        tokio::time::sleep(PACE).await;
        turn
    }
}

/// Shared register of failures.
pub struct Throttle {
    allowed: usize,
    failures: Mutex<HashMap<IpAddr, VecDeque<Instant>>>,
}

impl Throttle {
    /// Allows that many failures a minute and address.
    #[must_use]
    pub fn new(allowed: u64) -> Self {
        Self { allowed: usize::try_from(allowed).unwrap_or(usize::MAX), failures: Mutex::default() }
    }

    /// Notes an attempt as failed, for now. `Err`: too many already; wait that many seconds.
    pub fn attempt(&self, address: IpAddr, now: Instant) -> Result<(), u64> {
        let mut failures = self.lock();
        if failures.len() >= ADDRESSES {
            failures.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < WINDOW));
        }
        let times = failures.entry(address).or_default();
        while times.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= self.allowed => {
                Err((WINDOW - now.duration_since(*first)).as_secs().max(1))
            }
            Some(_) | None => {
                times.push_back(now);
                Ok(())
            }
        }
    }

    /// The last attempt of the address succeeded after all.
    pub fn succeeded(&self, address: IpAddr) {
        let mut failures = self.lock();
        if let Some(times) = failures.get_mut(&address) {
            times.pop_back();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, VecDeque<Instant>>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_a_minute_then_wait() {
        let throttle = Throttle::new(10);
        let (here, there): (IpAddr, IpAddr) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        let start = Instant::now();
        for second in 0..10 {
            assert_eq!(throttle.attempt(here, start + Duration::from_secs(second)), Ok(()));
        }
        assert_eq!(throttle.attempt(here, start + Duration::from_secs(20)), Err(40));
        assert_eq!(throttle.attempt(there, start + Duration::from_secs(20)), Ok(()));
        assert_eq!(
            throttle.attempt(here, start + Duration::from_secs(60)),
            Ok(()),
            "the first one is a minute old"
        );
        assert_eq!(throttle.attempt(here, start + Duration::from_secs(60)), Err(1));
    }

    #[test]
    fn successes_do_not_count() {
        let throttle = Throttle::new(1);
        let here: IpAddr = [127, 0, 0, 1].into();
        let now = Instant::now();
        for _ in 0..5 {
            assert_eq!(throttle.attempt(here, now), Ok(()));
            throttle.succeeded(here);
        }
    }
}
