//! Since when the time value of an expiry decays faster, because somebody holds something in it.

use serde::{Deserialize, Serialize};

use crate::exchange::time::{Micros, SECOND_US};

const FLAT_FOR_US: Micros = 5 * SECOND_US;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Decay {
    pub first_fill_us: Micros,
    flat_since_us: Option<Micros>,
}

impl Decay {
    /// From the first fill on.
    pub fn new(now_us: Micros) -> Decay {
        Decay { first_fill_us: now_us, flat_since_us: None }
    }

    /// Notes whether something is held or resting; false once nothing was for five seconds.
    pub fn goes_on(&mut self, held: bool, at_us: Micros) -> bool {
        if held {
            self.flat_since_us = None;
            return true;
        }
        at_us - *self.flat_since_us.get_or_insert(at_us) < FLAT_FOR_US
    }
}
