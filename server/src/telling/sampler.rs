//! Sampling of noisy events: a token bucket for each name, for trace and debug records only. What is suppressed took
//! a number and is declared by name.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Records of one name that pass in a row, and how many a second after that.
const BURST: u32 = 200;
const PER_SECOND: u32 = 20;

#[derive(Default)]
pub(super) struct Sampler {
    buckets: HashMap<String, Bucket>,
    suppressed: BTreeMap<String, u64>,
}

struct Bucket {
    tokens: u32,
    /// Up to when refills are counted.
    at: Instant,
}

impl Sampler {
    /// Whether a record of this name passes; if not, it is counted.
    pub fn admits(&mut self, name: &str, now: Instant) -> bool {
        if !self.buckets.contains_key(name) {
            self.buckets.insert(name.to_owned(), Bucket { tokens: BURST, at: now });
        }
        let Some(bucket) = self.buckets.get_mut(name) else { return true };
        let step = Duration::from_secs(1) / PER_SECOND;
        let steps = now.saturating_duration_since(bucket.at).as_nanos() / step.as_nanos();
        if let Ok(refill @ 1..) = u32::try_from(steps.min(u128::from(BURST))) {
            bucket.tokens = (bucket.tokens + refill).min(BURST);
            bucket.at = now;
        }
        if bucket.tokens > 0 {
            bucket.tokens -= 1;
            return true;
        }
        *self.suppressed.entry(name.to_owned()).or_insert(0) += 1;
        false
    }

    /// Counts what was left out for another reason.
    pub fn add(&mut self, name: &str, count: u64) {
        *self.suppressed.entry(name.to_owned()).or_insert(0) += count;
    }

    /// What was suppressed since the last call, by name.
    pub fn take(&mut self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.suppressed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_a_few_a_second_and_the_rest_is_counted_by_name() {
        let (mut sampler, start) = (Sampler::default(), Instant::now());
        let (tick, other) = ("cycle.tick", "cycle.other");
        let passed = (0..1_000).filter(|_| sampler.admits(tick, start)).count();
        assert_eq!(passed, BURST as usize);
        assert!(sampler.admits(other, start), "names do not share a bucket");
        let later = start + Duration::from_secs(1);
        let passed = (0..1_000).filter(|_| sampler.admits(tick, later)).count();
        assert_eq!(passed, PER_SECOND as usize);
        assert_eq!(sampler.take(), BTreeMap::from([(tick.to_owned(), 800 + 980)]));
        assert!(sampler.take().is_empty());
    }
}
