//! Everything that an underlying has for itself: course, chain, settlement mean, decay of its expiries, and
//! the chance of its books. What one draws never shifts the other.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::chain::Chain;
use super::course::{Course, Source};
use super::decay::Decay;
use super::twap::Twap;
use super::underlying::Underlying;
use crate::exchange::random::Random;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub course: Course,
    pub chain: Chain,
    /// By expiry.
    pub decay: BTreeMap<i64, Decay>,
    pub twap: Twap,
    /// Sizes, pieces, trades.
    pub flow: Random,
}

impl Segment {
    fn new(underlying: Underlying, course: Course, flow: Random, now_s: i64) -> Segment {
        let mut chain = Chain::new(underlying);
        chain.refresh(now_s, course.index);
        Segment { course, chain, decay: BTreeMap::new(), twap: Twap::default(), flow }
    }
}

/// One segment for each underlying.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Segments {
    btc: Segment,
    eth: Segment,
}

/// The streams of chance: Bitcoin's came first, and the account's stand between.
const BTC_COURSE: u64 = 1;
const BTC_FLOW: u64 = 2;
const ETH_COURSE: u64 = 6;
const ETH_FLOW: u64 = 7;

impl Segments {
    /// Both at their beginning.
    pub fn new(source: &Source, seed: u64, now_s: i64) -> Segments {
        let course = Course::leading(source, Random::new(seed, BTC_COURSE));
        let btc = Segment::new(Underlying::Btc, course, Random::new(seed, BTC_FLOW), now_s);
        Segments::with_follower(btc, seed, now_s)
    }

    /// A leader that is under way, and its follower at the beginning.
    pub fn with_follower(btc: Segment, seed: u64, now_s: i64) -> Segments {
        let course = Course::beside(&btc.course, Underlying::Eth, Random::new(seed, ETH_COURSE));
        let eth = Segment::new(Underlying::Eth, course, Random::new(seed, ETH_FLOW), now_s);
        Segments { btc, eth }
    }

    /// Moves both on.
    pub fn step(&mut self, source: &Source, elapsed_s: f64, market_us: i64) {
        let closed = self.btc.course.lead(source, elapsed_s, market_us);
        self.eth.course.follow(&self.btc.course, elapsed_s, closed);
    }
}

impl Index<Underlying> for Segments {
    type Output = Segment;

    fn index(&self, underlying: Underlying) -> &Segment {
        match underlying {
            Underlying::Btc => &self.btc,
            Underlying::Eth => &self.eth,
        }
    }
}

impl IndexMut<Underlying> for Segments {
    fn index_mut(&mut self, underlying: Underlying) -> &mut Segment {
        match underlying {
            Underlying::Btc => &mut self.btc,
            Underlying::Eth => &mut self.eth,
        }
    }
}
