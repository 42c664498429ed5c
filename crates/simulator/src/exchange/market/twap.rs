//! The mean at which an expiry settles: one-second samples of the index in the half hour before it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::quote::rounded;
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

    /// Mean so far as a settlement states it.
    pub fn mean(&self, underlying: Underlying) -> Option<Decimal> {
        self.mean_usd(underlying).map(|mean| rounded(mean, 4))
    }
}
