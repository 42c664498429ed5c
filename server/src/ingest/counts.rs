//! What was counted at `POST /api/logs` since the start: for `/metrics`, `/api/v1/pipeline` and the page.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use telemetry::ingest::{Admitted, RejectCode};
use telemetry::{DropReason, Micros};

/// How far clocks of browsers are off, seconds.
const SKEW_BOUNDS: [f64; 7] = [0.1, 0.5, 2.0, 10.0, 60.0, 600.0, 3_600.0];
/// How old the latest record of a batch is when it is stored, seconds: most wait five in the browser.
const LAG_BOUNDS: [f64; 8] = [0.1, 1.0, 2.5, 6.0, 15.0, 60.0, 600.0, 3_600.0];
/// How long a request takes from its headers to its commit, seconds.
const COMMIT_BOUNDS: [f64; 8] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// Counts since the start.
#[derive(Debug)]
pub struct Counts {
    /// Batches accepted, and of them repeats.
    pub batches: AtomicU64,
    pub duplicates: AtomicU64,
    /// Records stored.
    pub records: AtomicU64,
    /// Records refused in batches that were accepted.
    rejected_by_code: [AtomicU64; RejectCode::ALL.len()],
    dropped_by_reason: [AtomicU64; DropReason::ALL.len()],
    /// Whole requests that were refused, by the code of the answer.
    refused: Mutex<BTreeMap<&'static str, u64>>,
    pub skew: Histogram,
    pub lag: Histogram,
    pub commit: Histogram,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            batches: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            records: AtomicU64::new(0),
            rejected_by_code: Default::default(),
            dropped_by_reason: Default::default(),
            refused: Mutex::default(),
            skew: Histogram::new(&SKEW_BOUNDS),
            lag: Histogram::new(&LAG_BOUNDS),
            commit: Histogram::new(&COMMIT_BOUNDS),
        }
    }
}

impl Counts {
    /// An accepted batch of that many stored records.
    pub fn accepted(&self, admitted: &Admitted, stored: usize, duplicate: bool) {
        let add = |counter: &AtomicU64, n: u64| counter.fetch_add(n, Ordering::Relaxed);
        add(&self.batches, 1);
        if duplicate {
            add(&self.duplicates, 1);
            return;
        }
        add(&self.records, stored as u64);
        for (_, code) in &admitted.rejected {
            add(&self.rejected_by_code[*code as usize], 1);
        }
        for drop in &admitted.declared_drops {
            add(&self.dropped_by_reason[drop.reason as usize], drop.count);
        }
    }

    /// How long a stored batch was on its way: since its latest record on the corrected clock, and since its request
    /// came; and how far its clock was off.
    pub fn took(&self, last: Option<Micros>, received_at: Micros, stored_at: Micros, offset_ms: i64) {
        let seconds = |from: Micros| (stored_at.0.saturating_sub(from.0)).max(0) as f64 / 1e6;
        if let Some(last) = last {
            self.lag.observe(seconds(last));
        }
        self.commit.observe(seconds(received_at));
        self.skew.observe(offset_ms.unsigned_abs() as f64 / 1e3);
    }

    /// A request that was refused as a whole.
    pub fn refuse(&self, code: &'static str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    /// Records refused while their batch was accepted, by code; codes without any are left out.
    #[must_use]
    pub fn rejected_by_code(&self) -> BTreeMap<&'static str, u64> {
        above_zero(RejectCode::ALL.map(RejectCode::as_str).into_iter().zip(&self.rejected_by_code))
    }

    /// Calls that browsers declared as dropped, by reason; reasons without any are left out.
    #[must_use]
    pub fn dropped_by_reason(&self) -> BTreeMap<&'static str, u64> {
        above_zero(DropReason::ALL.map(DropReason::as_str).into_iter().zip(&self.dropped_by_reason))
    }

    /// Whole requests that were refused, by the code of the answer.
    #[must_use]
    pub fn refused_by_code(&self) -> BTreeMap<&'static str, u64> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn above_zero<'a>(
    counted: impl Iterator<Item = (&'static str, &'a AtomicU64)>,
) -> BTreeMap<&'static str, u64> {
    counted.map(|(word, counter)| (word, counter.load(Ordering::Relaxed))).filter(|(_, n)| *n > 0).collect()
}

/// Observations by bounds, the last place for what lies above all of them.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    counts: Vec<AtomicU64>,
    sum_us: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum_us: AtomicU64::new(0) }
    }

    fn observe(&self, seconds: f64) {
        let place = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add((seconds * 1e6) as u64, Ordering::Relaxed);
    }

    /// Each bound with how many lie at or below it; the last one is infinite and counts all.
    #[must_use]
    pub fn up_to(&self) -> Vec<(f64, u64)> {
        let mut sum = 0;
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        bounds
            .zip(&self.counts)
            .map(|(bound, count)| {
                sum += count.load(Ordering::Relaxed);
                (bound, sum)
            })
            .collect()
    }

    /// Of all observations, seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum_us.load(Ordering::Relaxed) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_are_counted_at_or_below_their_bound() {
        let counts = Counts::default();
        let second = |s: i64| Micros(s * 1_000_000);
        counts.took(Some(second(100)), second(106), second(106), -2_000);
        counts.took(None, second(100), second(200), 7_200_000);
        assert_eq!(counts.lag.up_to()[3], (6.0, 1));
        assert_eq!(counts.lag.up_to()[2], (2.5, 0));
        assert_eq!(counts.skew.up_to().iter().map(|(_, n)| *n).collect::<Vec<_>>(), [0, 0, 1, 1, 1, 1, 1, 2]);
        assert_eq!((counts.commit.up_to()[8], counts.commit.sum()), ((f64::INFINITY, 2), 100.0));
        counts.refuse("TOO_LARGE");
        assert_eq!(counts.refused_by_code(), BTreeMap::from([("TOO_LARGE", 1)]));
    }
}
