//! Sampling of noisy events, for trace and debug records only: of ticks every Nth, of everything else what a token bucket
//! for each name lets through. What is told carries the share that it stands for; what is suppressed took a number and is
//! declared by name.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Records of one name that pass in a row, and how many a second after that.
const BURST: u32 = 200;
const PER_SECOND: u32 = 20;
/// Of these every Nth is told, however many there are.
const EVERY: [(&str, u64); 1] = [("market.seen", 10)];

#[derive(Default)]
pub(super) struct Sampler {
    buckets: HashMap<String, Bucket>,
    suppressed: BTreeMap<String, u64>,
}

struct Bucket {
    tokens: u32,
    /// Up to when refills are counted.
    at: Instant,
    /// Of every Nth: how many there were.
    count: u64,
    /// Left out since one was told.
    since: u64,
}

impl Sampler {
    /// Whether a record of this name passes, and the share that it stands for, where it is below 1; if not, it is counted.
    pub fn admits(&mut self, name: &str, now: Instant) -> Option<Option<f64>> {
        if !self.buckets.contains_key(name) {
            self.buckets.insert(name.to_owned(), Bucket { tokens: BURST, at: now, count: 0, since: 0 });
        }
        let bucket = self.buckets.get_mut(name)?;
        let passes = match every(name) {
            Some(nth) => bucket.is_nth(nth),
            None => bucket.takes(now),
        };
        if passes {
            let since = std::mem::take(&mut bucket.since);
            return Some((since > 0).then(|| 1.0 / (since + 1) as f64));
        }
        bucket.since += 1;
        *self.suppressed.entry(name.to_owned()).or_insert(0) += 1;
        None
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

/// Whether only every Nth of these is told.
pub(super) fn every(name: &str) -> Option<u64> {
    EVERY.iter().find(|(of, _)| *of == name).map(|(_, nth)| *nth)
}

impl Bucket {
    /// The last of so many: it stands for those before it.
    fn is_nth(&mut self, nth: u64) -> bool {
        self.count += 1;
        self.count.is_multiple_of(nth)
    }

    fn takes(&mut self, now: Instant) -> bool {
        let step = Duration::from_secs(1) / PER_SECOND;
        let steps = now.saturating_duration_since(self.at).as_nanos() / step.as_nanos();
        if let Ok(refill @ 1..) = u32::try_from(steps.min(u128::from(BURST))) {
            self.tokens = (self.tokens + refill).min(BURST);
            self.at = now;
        }
        let takes = self.tokens > 0;
        self.tokens -= u32::from(takes);
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_a_few_a_second_and_the_rest_is_counted_by_name() {
        let (mut sampler, start) = (Sampler::default(), Instant::now());
        let (tick, other) = ("cycle.tick", "cycle.other");
        let passed = (0..1_000).filter(|_| sampler.admits(tick, start).is_some()).count();
        assert_eq!(passed, BURST as usize);
        assert_eq!(sampler.admits(other, start), Some(None), "names do not share a bucket");
        let later = start + Duration::from_secs(1);
        let passed: Vec<_> = (0..1_000).filter_map(|_| sampler.admits(tick, later)).collect();
        assert_eq!(passed.len(), PER_SECOND as usize);
        assert_eq!(sampler.take(), BTreeMap::from([(tick.to_owned(), 800 + 980)]));
        assert!(sampler.take().is_empty());
        assert_eq!(passed[0], Some(1.0 / 801.0), "the first after a pause stands for all that were left out");
        assert_eq!(passed[1], None);
    }

    /// What was told, weighed by its rate, is what happened. Catches a rate that forgets what was left out.
    #[test]
    fn rates_add_up_to_what_happened() {
        for name in ["cycle.tick", "market.seen"] {
            let (mut sampler, start) = (Sampler::default(), Instant::now());
            let mut stands_for = 0.0;
            for n in 0..10_000_u64 {
                let at = start + Duration::from_millis(n * 7);
                if let Some(rate) = sampler.admits(name, at) {
                    stands_for += 1.0 / rate.unwrap_or(1.0);
                }
            }
            let last: u64 = sampler.buckets[name].since;
            assert_eq!(stands_for.round() as u64 + last, 10_000, "{name}");
        }
    }

    #[test]
    fn of_ticks_every_tenth_is_told_with_its_rate() {
        let (mut sampler, now) = (Sampler::default(), Instant::now());
        let told: Vec<_> = (0..100).filter_map(|_| sampler.admits("market.seen", now)).collect();
        assert_eq!(told, [Some(0.1); 10]);
        assert_eq!(sampler.take()["market.seen"], 90);
    }
}
