//! Counts of lengths of time in buckets that grow with them: four to a doubling, so that a percentile is at most a fifth
//! too high. Two histograms add up to that of all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histogram {
    /// Counts by bucket.
    buckets: BTreeMap<u16, u64>,
    /// The longest, exactly.
    most: u64,
}

/// Below this every length has a bucket of its own.
const EXACT: u64 = 8;

/// The bucket of a length.
fn bucket(length: u64) -> u16 {
    if length < EXACT {
        return u16::try_from(length).unwrap_or(0);
    }
    let doublings = 63 - length.leading_zeros();
    // The two digits behind the first say which quarter.
    let quarter = (length >> (doublings - 2)) & 3;
    u16::try_from(u64::from(doublings) * 4 + quarter - 4).unwrap_or(u16::MAX)
}

/// The longest length of a bucket.
fn longest(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < EXACT {
        return bucket;
    }
    let (doublings, quarter) = ((bucket + 4) / 4, (bucket + 4) % 4);
    let step = 1_u64 << (doublings - 2);
    (4 + quarter + 1).saturating_mul(step).saturating_sub(1)
}

impl Histogram {
    pub fn note(&mut self, length: u64) {
        *self.buckets.entry(bucket(length)).or_default() += 1;
        self.most = self.most.max(length);
    }

    pub fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
        self.most = self.most.max(other.most);
    }

    pub fn count(&self) -> u64 {
        self.buckets.values().sum()
    }

    /// The longest; `None` when there is none.
    pub fn most(&self) -> Option<u64> {
        (!self.buckets.is_empty()).then_some(self.most)
    }

    /// The length that so many of a thousand do not exceed; `None` when there is none.
    pub fn per_mille(&self, share: u64) -> Option<u64> {
        let count = self.count();
        let rank = (count * share).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (bucket, here) in &self.buckets {
            seen += here;
            if seen >= rank {
                return Some(longest(*bucket).min(self.most));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_in_a_bucket_that_reaches_it_and_not_a_fifth_further() {
        for length in (0..2_000).chain((0..50).map(|n| 1_u64 << n)).chain([9_999_999, 123_456_789]) {
            let reach = longest(bucket(length));
            assert!(reach >= length, "{length} in a bucket up to {reach}");
            assert!(reach < EXACT || reach <= length + length / 4, "{length} in a bucket up to {reach}");
        }
        assert!((1..2_000).all(|length| bucket(length) >= bucket(length - 1)), "buckets are in order");
    }

    #[test]
    fn percentiles_of_two_together_are_those_of_all() {
        let (mut one, mut other, mut all) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        for length in 1..=1_000_u64 {
            if length % 3 == 0 {
                one.note(length)
            } else {
                other.note(length)
            }
            all.note(length);
        }
        one.add(&other);
        assert_eq!(one, all);
        assert_eq!((all.count(), all.most(), all.per_mille(1_000)), (1_000, Some(1_000), Some(1_000)));
        let median = all.per_mille(500).expect("some");
        assert!((500..=625).contains(&median), "{median}");
        assert_eq!(Histogram::default().per_mille(500), None);
    }
}
