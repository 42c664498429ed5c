//! The mean at which an expiry settles: one-second samples of the index in the half hour before it.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::underlying::Underlying;
use crate::exchange::time::{DAY_S, EXPIRY_SECOND_OF_DAY};

/// Length of the window before an expiry, seconds.
pub(crate) const WINDOW_S: i64 = 1_800;

/// Sum in price units, and number of samples.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Twap {
    sum: i64,
    count: i64,
}

impl Twap {
    /// Takes the index of a wall second, if it lies in the window; the first second begins anew.
    pub fn sample(&mut self, now_s: i64, index: i64) {
        let left = EXPIRY_SECOND_OF_DAY - now_s.rem_euclid(DAY_S);
        if left > 0 && left <= WINDOW_S {
            if left == WINDOW_S {
                *self = Twap::default();
            }
            self.sum += index;
            self.count += 1;
        }
    }

    /// Mean so far, USD.
    pub fn mean_usd(&self, underlying: Underlying) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / underlying.units() as f64)
    }

    /// Mean so far as a settlement states it: four decimals, half-up, without a float between.
    pub fn mean(&self, underlying: Underlying) -> Option<Decimal> {
        let mean = Decimal::new(self.sum, underlying.decimals()).checked_div(Decimal::from(self.count))?;
        Some(mean.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero).normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means whose fifth decimal is a five: in floating point they fall to the wrong side.
    #[test]
    fn a_mean_is_exact_to_its_last_digit() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        for (count, sum, exact) in [
            (160, 85_608_306, "53505.1913"),
            (800, 379_329_726, "47416.2158"),
            (1_600, 1_103_907_860, "68994.2413"),
            (1_800, 810_000_009, "45000.0005"),
        ] {
            assert_eq!(Twap { sum, count }.mean(Underlying::Btc), Some(d(exact)), "{sum} / {count}");
        }
        assert_eq!(Twap { sum: 0, count: 0 }.mean(Underlying::Btc), None);
    }

    #[test]
    fn one_sample_a_second_counts_in_the_half_hour_before_an_expiry() {
        let noon = EXPIRY_SECOND_OF_DAY + 40 * DAY_S;
        let mut twap = Twap { sum: 7, count: 7 };
        for second in noon - WINDOW_S - 5..noon + 5 {
            twap.sample(second, if second < noon - WINDOW_S || second >= noon { 1_000_000 } else { 450_000 });
        }
        assert_eq!((twap.count, twap.mean(Underlying::Btc)), (WINDOW_S, Some(Decimal::from(45_000))));
    }
}
