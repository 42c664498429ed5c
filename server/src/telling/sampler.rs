//! Sampling of noisy events, for trace and debug records only: of the journal's ticks one in so many, chosen by its number,
//! of everything else what a token bucket for each name lets through. What is told carries the share that it stands for;
//! what is suppressed took a number and is declared by name.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use telemetry::Level;

/// Records of one name that pass in a row, and how many a second after that.
const BURST: u32 = 200;
const PER_SECOND: u32 = 20;
/// Of these decisions one in so many is told, however many there are.
const ONE_IN: [(&str, u64); 1] = [("market.seen", 10)];

#[derive(Default)]
pub(super) struct Sampler {
    buckets: HashMap<String, Bucket>,
    suppressed: BTreeMap<String, u64>,
}

struct Bucket {
    tokens: u32,
    /// Up to when refills are counted.
    at: Instant,
    /// Left out since one was told.
    since: u64,
}

impl Sampler {
    /// Whether a record of this name passes, and the share that it stands for, where it is below 1; if not, it is counted.
    pub fn admits(&mut self, name: &str, now: Instant) -> Option<Option<f64>> {
        if !self.buckets.contains_key(name) {
            self.buckets.insert(name.to_owned(), Bucket { tokens: BURST, at: now, since: 0 });
        }
        let bucket = self.buckets.get_mut(name)?;
        if bucket.takes(now) {
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

/// Which of the journal's decisions of this event and level are told, if not all: one in so many.
pub(super) fn one_in(event: &str, level: Level) -> Option<u64> {
    let sampled = ONE_IN.iter().find(|(of, _)| *of == event && level <= Level::Debug);
    sampled.map(|(_, many)| *many)
}

/// Whether sampling leaves this decision of the journal out of the log.
#[must_use]
pub fn samples_away(event: &str, level: Level, decision_seq: u64) -> bool {
    one_in(event, level).is_some_and(|many| !is_chosen(decision_seq, many))
}

/// Whether the decision with this number is the one in so many. The number alone decides: a process that is killed and
/// tells the same decision again comes to the same answer. It is scattered first (the finaliser of SplitMix64, Steele, Lea
/// and Flood 2014), because decisions come in patterns: every tenth number may always be of the same kind.
fn is_chosen(decision_seq: u64, many: u64) -> bool {
    let mut x = decision_seq.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)).is_multiple_of(many)
}

impl Bucket {
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
        let (mut sampler, start) = (Sampler::default(), Instant::now());
        let mut stands_for = 0.0;
        for n in 0..10_000_u64 {
            let at = start + Duration::from_millis(n * 7);
            if let Some(rate) = sampler.admits("cycle.tick", at) {
                stands_for += 1.0 / rate.unwrap_or(1.0);
            }
        }
        let last: u64 = sampler.buckets["cycle.tick"].since;
        assert_eq!(stands_for.round() as u64 + last, 10_000);
    }

    /// Catches a choice that follows a pattern of the journal, such as `number % 10`.
    #[test]
    fn of_ticks_one_in_ten_is_chosen_whatever_their_stride() {
        assert_eq!(one_in("market.seen", Level::Debug), Some(10));
        assert_eq!(one_in("market.seen", Level::Info), None);
        assert_eq!(one_in("order.filled", Level::Debug), None);
        for stride in 1..=40 {
            let chosen = (0..10_000).filter(|n| is_chosen(n * stride, 10)).count();
            assert!((850..=1_150).contains(&chosen), "{chosen} of 10,000 numbers {stride} apart");
        }
    }
}
