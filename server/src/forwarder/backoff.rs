//! Pauses between attempts: exponential with full jitter, at most ten seconds, so that an engine that comes back is
//! fed within seconds.

const FIRST_MS: u64 = 250;
const MOST_MS: u64 = 10_000;
/// Jitter may be zero; asking again at once would be a busy loop.
const LEAST_MS: u64 = 20;

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause; `roll` is any random number.
    pub fn next_ms(&mut self, roll: u32) -> u64 {
        let ceiling = (FIRST_MS << self.failures.min(16)).min(MOST_MS);
        self.failures = self.failures.saturating_add(1);
        (ceiling * u64::from(roll) / u64::from(u32::MAX)).max(LEAST_MS)
    }
}
