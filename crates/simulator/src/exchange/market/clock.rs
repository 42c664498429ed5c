//! Wall time and market time: the second runs so many times faster, from an origin on.

use serde::{Deserialize, Serialize};

use crate::exchange::time::{Micros, SECOND_US};

/// The grid on which the market moves: ten times a wall second.
pub const TICK_US: Micros = 100_000;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// Wall time at which market time is 0.
    pub origin_us: Micros,
    /// Market seconds in a wall second, 1 to 600.
    pub speed: u32,
    /// Wall time of the last step, on the grid.
    pub tick_us: Micros,
}

impl Clock {
    /// A clock that begins at `start_us` (rounded down to the grid).
    pub fn new(speed: u32, start_us: Micros) -> Clock {
        let origin_us = start_us - start_us.rem_euclid(TICK_US);
        Clock { origin_us, speed, tick_us: origin_us }
    }

    /// Market microseconds since the origin.
    pub fn market_us(&self) -> i64 {
        (self.tick_us - self.origin_us) * i64::from(self.speed)
    }

    /// Moves to `wall_us`, a later point of the grid; returns the market seconds between.
    pub fn step(&mut self, wall_us: Micros) -> f64 {
        let elapsed_s = (wall_us - self.tick_us) as f64 / SECOND_US as f64 * f64::from(self.speed);
        self.tick_us = wall_us;
        elapsed_s
    }
}
