//! The underlying market: wall clock and market clock, the index from a tape or from its own seeded
//! walk, and the processes that volatility and the perpetual's basis follow. Formulas: simulator
//! parameters of this crate's documentation; everything advances on a fixed grid of wall time.

use serde::{Deserialize, Serialize};

use super::random::{Random, mean_reverting};
use super::tape::{BAR_US, Tape, TapeEnd};
use super::time::{Micros, SECOND_US};

/// The grid on which the market moves: ten times a wall second.
pub const TICK_US: Micros = 100_000;

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3_600.0;
const WALK_START_USD: f64 = 45_000.0;
const WALK_VOLATILITY: f64 = 0.40;
const WALK_JUMPS_A_DAY: f64 = 2.0;
const WALK_JUMP_DEVIATION: f64 = 0.015;
const REFERENCE_HALF_LIFE_S: f64 = 12.0 * HOUR_S;
const SHOCK_DEVIATION: f64 = 0.015;
const SHOCK_HALF_LIFE_S: f64 = 60.0 * MINUTE_S;
const BASIS_DEVIATION: f64 = 0.000_2;
const BASIS_HALF_LIFE_S: f64 = 60.0 * MINUTE_S;
const CLOSES: usize = 5;
const MINUTES_A_YEAR: f64 = 365.0 * 1_440.0;

/// Where the index comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A recorded day.
    Tape(Tape, TapeEnd),
    /// Geometric Brownian motion with jumps, seeded.
    Walk,
}

impl Source {
    /// Name of the tape, if there is one.
    pub fn tape_name(&self) -> Option<&str> {
        match self {
            Source::Tape(tape, _) => Some(tape.name()),
            Source::Walk => None,
        }
    }
}

/// At-the-money volatility of the options: its level, and whether it stays there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volatility {
    /// Per year, as a fraction (0.60).
    pub base: f64,
    /// Holds the volatility at `base` (for calculations that must isolate the decay of time value).
    pub held: bool,
}

impl Default for Volatility {
    fn default() -> Self {
        Volatility { base: 0.60, held: false }
    }
}

/// State of the underlying market; stored whole, so that a restart continues it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Market {
    /// Wall time at which market time is 0.
    pub origin_us: Micros,
    /// Market seconds in a wall second, 1 to 600.
    pub speed: u32,
    /// Wall time of the last step, on the grid.
    pub tick_us: Micros,
    /// Index in tenths of a USD.
    pub index: i64,
    walk_usd: f64,
    reference_usd: f64,
    shock: f64,
    /// Perpetual's premium over the index, as a fraction.
    pub basis: f64,
    closes: Vec<f64>,
    minute: i64,
    chance: Random,
}

impl Market {
    /// A market that begins at `start_us` (rounded down to the grid).
    pub fn new(source: &Source, speed: u32, start_us: Micros, seed: u64) -> Market {
        let origin_us = start_us - start_us.rem_euclid(TICK_US);
        let index = match source {
            Source::Tape(tape, end) => tape.index_at(0, *end),
            Source::Walk => (WALK_START_USD * 10.0) as i64,
        };
        Market {
            origin_us,
            speed,
            tick_us: origin_us,
            index,
            walk_usd: WALK_START_USD,
            reference_usd: index as f64 / 10.0,
            shock: 0.0,
            basis: 0.0,
            closes: Vec::new(),
            minute: 0,
            chance: Random::new(seed, 1),
        }
    }

    /// Market microseconds since the origin at a wall time.
    pub fn market_us(&self, wall_us: Micros) -> i64 {
        (wall_us - self.origin_us) * i64::from(self.speed)
    }

    /// Index in USD, for pricing.
    pub fn index_usd(&self) -> f64 {
        self.index as f64 / 10.0
    }

    /// Moves everything to `wall_us`, a later point of the grid.
    pub fn step(&mut self, source: &Source, wall_us: Micros) {
        let elapsed_s = (wall_us - self.tick_us) as f64 / SECOND_US as f64 * f64::from(self.speed);
        self.tick_us = wall_us;
        let market_us = self.market_us(wall_us);
        self.index = match source {
            Source::Tape(tape, end) => tape.index_at(market_us, *end),
            Source::Walk => self.walk(elapsed_s),
        };
        let keep = (-elapsed_s / REFERENCE_HALF_LIFE_S * std::f64::consts::LN_2).exp();
        self.reference_usd = self.index_usd() + (self.reference_usd - self.index_usd()) * keep;
        self.shock =
            mean_reverting(self.shock, SHOCK_DEVIATION, SHOCK_HALF_LIFE_S, elapsed_s, &mut self.chance);
        self.basis =
            mean_reverting(self.basis, BASIS_DEVIATION, BASIS_HALF_LIFE_S, elapsed_s, &mut self.chance);
        self.close_minutes(source, market_us.div_euclid(BAR_US));
    }

    fn walk(&mut self, elapsed_s: f64) -> i64 {
        let years = elapsed_s / super::pricing::YEAR_S;
        let deviation = WALK_VOLATILITY * years.sqrt();
        let mut change = deviation * self.chance.normal() - deviation * deviation / 2.0;
        for _ in 0..self.chance.poisson(WALK_JUMPS_A_DAY * elapsed_s / 86_400.0) {
            change += WALK_JUMP_DEVIATION * self.chance.normal();
        }
        self.walk_usd = (self.walk_usd * change.exp()).max(100.0);
        (self.walk_usd * 10.0).round() as i64
    }

    fn close_minutes(&mut self, source: &Source, minute: i64) {
        let first = self.minute.max(minute - CLOSES as i64);
        for closed in first..minute {
            let index = match source {
                Source::Tape(tape, end) => tape.index_at((closed + 1) * BAR_US, *end),
                Source::Walk => self.index,
            };
            if self.closes.len() == CLOSES {
                self.closes.remove(0);
            }
            self.closes.push(index as f64 / 10.0);
        }
        self.minute = minute;
    }

    /// At-the-money volatility: `clamp(base × (S / S_ref)^-2 × exp(u), 0.25, 2.0)`.
    pub fn at_the_money(&self, volatility: Volatility) -> f64 {
        if volatility.held {
            return volatility.base;
        }
        let ratio = self.index_usd() / self.reference_usd;
        (volatility.base / (ratio * ratio) * self.shock.exp()).clamp(0.25, 2.0)
    }

    /// Annualised volatility of the last five one-minute closes of market time, 0 until five exist.
    pub fn realised(&self) -> f64 {
        if self.closes.len() < CLOSES {
            return 0.0;
        }
        let squares: f64 = self.closes.windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2)).sum();
        (squares / (CLOSES - 1) as f64 * MINUTES_A_YEAR).sqrt()
    }
}
