//! The course of one underlying: its index from the tape, from the seeded walk, or beside Bitcoin's; and the
//! processes that its volatility and its perpetual's basis follow. Everything advances on a fixed grid of
//! wall time; each underlying draws from a stream of its own.

use serde::{Deserialize, Serialize};

use super::chain;
use super::pricing;
use super::tape::{BAR_US, Tape, TapeEnd};
use super::underlying::Underlying;
use crate::exchange::random::{Random, mean_reverting};

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
/// The follower's index at the start, as a part of the leader's.
const FOLLOWER_PART: f64 = 1.0 / 16.0;
/// Its returns, as a multiple of the leader's.
const FOLLOWER_BETA: f64 = 1.2;
const FOLLOWER_NOISE_DEVIATION: f64 = 0.004;
const FOLLOWER_NOISE_HALF_LIFE_S: f64 = 2.0 * HOUR_S;
const FOLLOWER_LEAST_USD: f64 = 1.0;

/// Where the first index comes from.
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

/// At-the-money volatility of Bitcoin's options: its level, and whether it stays there.
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

/// State of the course; stored whole, so that a restart continues it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Course {
    underlying: Underlying,
    /// Index in price units.
    pub index: i64,
    drive: Drive,
    /// What gaps made of the source's price.
    #[serde(default = "ungapped")]
    factor: f64,
    reference_usd: f64,
    shock: f64,
    /// Perpetual's premium over the index, as a fraction.
    pub basis: f64,
    closes: Vec<f64>,
    chance: Random,
}

/// What moves the index.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Drive {
    /// The source; the walk's own price, and market minutes closed so far.
    Source { walk_usd: f64, minute: i64 },
    /// The leader's returns since the start and own noise, as a logarithm.
    Beside { start_usd: f64, leader_start_usd: f64, noise: f64 },
}

/// What a state file of version 1 keeps of its only course.
pub(crate) struct OnlyCourse {
    pub index: i64,
    pub walk_usd: f64,
    pub reference_usd: f64,
    pub shock: f64,
    pub basis: f64,
    pub closes: Vec<f64>,
    pub minute: i64,
    pub chance: Random,
}

impl From<OnlyCourse> for Course {
    fn from(only: OnlyCourse) -> Course {
        Course {
            underlying: Underlying::Btc,
            index: only.index,
            drive: Drive::Source { walk_usd: only.walk_usd, minute: only.minute },
            factor: ungapped(),
            reference_usd: only.reference_usd,
            shock: only.shock,
            basis: only.basis,
            closes: only.closes,
            chance: only.chance,
        }
    }
}

impl Course {
    /// The course of Bitcoin at its beginning.
    pub fn leading(source: &Source, chance: Random) -> Course {
        let underlying = Underlying::Btc;
        let index = match source {
            Source::Tape(tape, end) => tape.index_at(0, *end),
            Source::Walk => (WALK_START_USD * underlying.units() as f64) as i64,
        };
        let drive = Drive::Source { walk_usd: WALK_START_USD, minute: 0 };
        Course::at(underlying, index, drive, chance)
    }

    /// A course that begins beside the leader's present.
    pub fn beside(leader: &Course, underlying: Underlying, chance: Random) -> Course {
        let leader_start_usd = leader.index_usd();
        let start_usd = leader_start_usd * FOLLOWER_PART;
        let index = in_units(underlying, start_usd);
        Course::at(underlying, index, Drive::Beside { start_usd, leader_start_usd, noise: 0.0 }, chance)
    }

    fn at(underlying: Underlying, index: i64, drive: Drive, chance: Random) -> Course {
        let reference_usd = underlying.usd(index);
        Course {
            underlying,
            index,
            drive,
            factor: ungapped(),
            reference_usd,
            shock: 0.0,
            basis: 0.0,
            closes: Vec::new(),
            chance,
        }
    }

    /// Index in USD, for pricing.
    pub fn index_usd(&self) -> f64 {
        self.underlying.usd(self.index)
    }

    /// Moves the leader on by `elapsed_s` to `market_us`; returns how many minutes closed, at most five.
    pub fn lead(&mut self, source: &Source, elapsed_s: f64, market_us: i64) -> usize {
        let Drive::Source { walk_usd, minute } = &mut self.drive else { return 0 };
        self.index = match source {
            Source::Tape(tape, end) => tape.index_at(market_us, *end),
            Source::Walk => {
                *walk_usd = walked(*walk_usd, elapsed_s, &mut self.chance);
                in_units(self.underlying, *walk_usd)
            }
        };
        self.index = gapped(self.index, self.factor);
        let now = market_us.div_euclid(BAR_US);
        let closed = (*minute).max(now - CLOSES as i64)..now;
        *minute = now;
        self.drift(elapsed_s);
        for number in closed.clone() {
            let index = match source {
                Source::Tape(tape, end) => gapped(tape.index_at((number + 1) * BAR_US, *end), self.factor),
                Source::Walk => self.index,
            };
            self.close_minute(self.underlying.usd(index));
        }
        closed.count()
    }

    /// Moves a follower on, after its leader, in which `closed` minutes closed.
    pub fn follow(&mut self, leader: &Course, elapsed_s: f64, closed: usize) {
        let Drive::Beside { start_usd, leader_start_usd, noise } = &mut self.drive else { return };
        *noise = mean_reverting(
            *noise,
            FOLLOWER_NOISE_DEVIATION,
            FOLLOWER_NOISE_HALF_LIFE_S,
            elapsed_s,
            &mut self.chance,
        );
        let (start_usd, leader_start_usd, noise) = (*start_usd, *leader_start_usd, *noise);
        let beside = |leader_usd: f64| {
            let followed = start_usd * (leader_usd / leader_start_usd).powf(FOLLOWER_BETA);
            (followed * noise.exp()).max(FOLLOWER_LEAST_USD)
        };
        self.index = in_units(self.underlying, beside(leader.index_usd()));
        self.drift(elapsed_s);
        let first = leader.closes.len().saturating_sub(closed);
        for leader_usd in &leader.closes[first..] {
            self.close_minute(beside(*leader_usd));
        }
    }

    /// Puts the index so many percent higher or lower, as far as a chain can be built there.
    pub fn gap(&mut self, percent: f64) {
        let (least, most) = chain::playable_usd();
        let wanted = self.index_usd() * (1.0 + percent / 100.0);
        let moved = wanted.clamp(least as f64, most as f64) / self.index_usd();
        self.factor *= moved;
        self.index = gapped(self.index, moved);
    }

    /// What follows the index: its mean, the shock of volatility, the basis.
    fn drift(&mut self, elapsed_s: f64) {
        let keep = (-elapsed_s / REFERENCE_HALF_LIFE_S * std::f64::consts::LN_2).exp();
        self.reference_usd = self.index_usd() + (self.reference_usd - self.index_usd()) * keep;
        self.shock =
            mean_reverting(self.shock, SHOCK_DEVIATION, SHOCK_HALF_LIFE_S, elapsed_s, &mut self.chance);
        self.basis =
            mean_reverting(self.basis, BASIS_DEVIATION, BASIS_HALF_LIFE_S, elapsed_s, &mut self.chance);
    }

    fn close_minute(&mut self, usd: f64) {
        if self.closes.len() == CLOSES {
            self.closes.remove(0);
        }
        self.closes.push(usd);
    }

    /// At-the-money volatility: `clamp(base × (S / S_ref)^-2 × exp(u), 0.25, 2.0)`.
    pub fn at_the_money(&self, volatility: Volatility) -> f64 {
        let base = volatility.base * self.underlying.volatility_factor();
        if volatility.held {
            return base;
        }
        let ratio = self.index_usd() / self.reference_usd;
        (base / (ratio * ratio) * self.shock.exp()).clamp(0.25, 2.0)
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

fn ungapped() -> f64 {
    1.0
}

fn gapped(index: i64, factor: f64) -> i64 {
    (index as f64 * factor).round() as i64
}

fn in_units(underlying: Underlying, usd: f64) -> i64 {
    (usd * underlying.units() as f64).round() as i64
}

fn walked(usd: f64, elapsed_s: f64, chance: &mut Random) -> f64 {
    let years = elapsed_s / pricing::YEAR_S;
    let deviation = WALK_VOLATILITY * years.sqrt();
    let mut change = deviation * chance.normal() - deviation * deviation / 2.0;
    for _ in 0..chance.poisson(WALK_JUMPS_A_DAY * elapsed_s / 86_400.0) {
        change += WALK_JUMP_DEVIATION * chance.normal();
    }
    (usd * change.exp()).max(100.0)
}
