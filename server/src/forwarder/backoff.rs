//! Pauses between attempts: exponential with full jitter, at most ten seconds; at most one before the question whether
//! anybody is there, so that an engine that comes back is fed at once.

const FIRST_MS: u64 = 250;
const MOST_MS: u64 = 10_000;
const MOST_UNREACHED_MS: u64 = 750;
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
        self.within(MOST_MS, roll)
    }

    /// The next pause while nobody answers: the question costs next to nothing.
    pub fn next_unreached_ms(&mut self, roll: u32) -> u64 {
        self.within(MOST_UNREACHED_MS, roll)
    }

    fn within(&mut self, most_ms: u64, roll: u32) -> u64 {
        let ceiling = (FIRST_MS << self.failures.min(16)).min(most_ms);
        self.failures = self.failures.saturating_add(1);
        (ceiling * u64::from(roll) / u64::from(u32::MAX)).max(LEAST_MS)
    }
}
