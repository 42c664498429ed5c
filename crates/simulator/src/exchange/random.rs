//! The only source of chance: seeded ChaCha streams that can be stored and continued, so that the
//! same seed and inputs give the same bytes.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// One stream of chance. Streams of one seed are independent of each other: what one consumes never
/// shifts another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Random(ChaCha12Rng);

impl Random {
    /// Stream `stream` of `seed`.
    pub fn new(seed: u64, stream: u64) -> Random {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Random(generator)
    }

    /// Uniform in the open interval (0, 1).
    pub fn uniform(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.0.next_u64() >> 11) as f64 + 0.5) * SCALE
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Standard normal (Box-Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// Whole lots, at least 1: lognormal with this median and deviation of the logarithm.
    pub fn lots(&mut self, median: f64, deviation: f64) -> i64 {
        (median * (deviation * self.normal()).exp()).round().max(1.0) as i64
    }

    /// Poisson count (Knuth's product method; `mean` here is at most some tens).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut product = self.uniform();
        let mut count = 0;
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    /// 32 lower-case hexadecimal digits, the form of the venue's fill ids.
    pub fn hex32(&mut self) -> String {
        format!("{:016x}{:016x}", self.0.next_u64(), self.0.next_u64())
    }

    /// The text form of a version 4 UUID, as the venue uses for order ids of settlements.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.0.next_u64(), self.0.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0x0fff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }
}

/// One step of a zero-mean Ornstein-Uhlenbeck process with this stationary deviation, exact for any
/// step length: `elapsed` and `half_life` in the same unit.
pub fn mean_reverting(value: f64, deviation: f64, half_life: f64, elapsed: f64, random: &mut Random) -> f64 {
    let keep = (-elapsed / half_life * std::f64::consts::LN_2).exp();
    value * keep + deviation * (1.0 - keep * keep).sqrt() * random.normal()
}
