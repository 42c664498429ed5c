//! Displayed depth of one product: levels around the quote, what was taken from them and how it comes
//! back. Prices in price units of the underlying, sizes in whole lots.

use serde::{Deserialize, Serialize};

use super::product::Grid;
use super::quote::Quote;
use crate::exchange::random::{Random, mean_reverting};
use crate::exchange::time::{Micros, SECOND_US};

/// Most levels a side shows.
pub const LEVELS: usize = 15;

const FIRST_LEVEL_LOTS: f64 = 4_000.0;
const SIZE_DEVIATION: f64 = 0.4;
const SIZE_HALF_LIFE_S: f64 = 30.0;
const RETURN_HALF_LIFE_S: f64 = 2.0;
const LOWEST_BID_FACTOR: f64 = 20.0;
const STEP_GROWTH: f64 = 1.3;

/// Side of an order or of a book: who buys, who sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    /// The other one.
    pub fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// +1 for buy, −1 for sell.
    pub fn sign(self) -> i64 {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }

    /// The word of the wire.
    pub fn word(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }

    /// True if an order of this side at `limit` may trade at `price`.
    pub fn accepts(self, limit: i64, price: i64) -> bool {
        match self {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        }
    }
}

/// One displayed level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price units.
    pub price: i64,
    pub lots: i64,
    slot: usize,
}

/// Both sides, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

impl Depth {
    /// The levels an order of `side` would trade with.
    pub fn against(&self, side: Side) -> &[Level] {
        match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        }
    }

    /// Those of them that it may trade with at `limit`, best first.
    pub fn crossing(&self, side: Side, limit: i64) -> impl Iterator<Item = &Level> {
        self.against(side).iter().take_while(move |level| side.accepts(limit, level.price))
    }
}

/// What the makers of one product show and what they lost; stored, because a position may hang on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Book {
    at_us: Micros,
    noise: [f64; 2],
    /// Size of each deeper level relative to the first, by side.
    shape: [[f64; LEVELS]; 2],
    taken: [[f64; LEVELS]; 2],
}

impl Book {
    pub fn new(now_us: Micros, chance: &mut Random) -> Book {
        let noise = [0, 1].map(|_| SIZE_DEVIATION * chance.normal());
        let mut shape = [[1.0; LEVELS]; 2];
        for factor in shape.iter_mut().flat_map(|side| side.iter_mut().skip(1)) {
            *factor = (SIZE_DEVIATION * chance.normal()).exp();
        }
        Book { at_us: now_us, noise, shape, taken: [[0.0; LEVELS]; 2] }
    }

    /// Lets sizes wander and taken lots return until `now_us`.
    pub fn advance(&mut self, now_us: Micros, chance: &mut Random) {
        let elapsed_s = (now_us - self.at_us) as f64 / SECOND_US as f64;
        if elapsed_s <= 0.0 {
            return;
        }
        self.at_us = now_us;
        for noise in &mut self.noise {
            *noise = mean_reverting(*noise, SIZE_DEVIATION, SIZE_HALF_LIFE_S, elapsed_s, chance);
        }
        let keep = (-elapsed_s / RETURN_HALF_LIFE_S * std::f64::consts::LN_2).exp();
        for taken in self.taken.iter_mut().flatten() {
            *taken = if *taken < 0.5 { 0.0 } else { *taken * keep };
        }
    }

    /// What is displayed under this quote.
    pub fn depth(&self, quote: &Quote, grid: Grid) -> Depth {
        Depth { bids: self.side(Side::Buy, quote, grid), asks: self.side(Side::Sell, quote, grid) }
    }

    fn side(&self, side: Side, quote: &Quote, grid: Grid) -> Vec<Level> {
        let row = row(side);
        let (tick, tick_usd) = (grid.tick, grid.tick_usd());
        let mut step = tick_usd.max(quote.half / 2.0);
        let mut away = quote.half;
        let first = FIRST_LEVEL_LOTS / quote.nerves * self.noise[row].exp();
        let mut levels: Vec<Level> = Vec::with_capacity(LEVELS);
        let mut last = None;
        for slot in 0..LEVELS {
            let price = match side {
                Side::Buy => ((quote.mark - away) / tick_usd + 1e-9).floor() as i64 * tick,
                Side::Sell => ((quote.mark + away) / tick_usd - 1e-9).ceil() as i64 * tick,
            };
            away += step;
            step *= STEP_GROWTH;
            if price <= 0 || last == Some(price) {
                continue;
            }
            last = Some(price);
            let lowest = side == Side::Buy && price == tick;
            let size = first * self.shape[row][slot] * if lowest { LOWEST_BID_FACTOR } else { 1.0 };
            let lots = (size - self.taken[row][slot]).floor() as i64;
            if lots > 0 {
                levels.push(Level { price, lots, slot });
            }
        }
        levels
    }

    /// Removes what an order of `side` took from a level of the opposite side.
    pub fn take(&mut self, side: Side, level: &Level, lots: i64) {
        self.taken[row(side.opposite())][level.slot] += lots as f64;
    }
}

fn row(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

/// Cuts `lots` of a level into the maker orders it consists of (lognormal, median 20, deviation 0.8):
/// 200 lots fill in about seven pieces.
pub fn pieces(mut lots: i64, chance: &mut Random) -> Vec<i64> {
    let mut pieces = Vec::new();
    while lots > 0 {
        let piece = chance.lots(20.0, 0.8).min(lots);
        pieces.push(piece);
        lots -= piece;
    }
    pieces
}
