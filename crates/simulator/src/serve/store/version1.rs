//! State files of the time when Bitcoin was the only underlying: what they keep becomes its segment, and the
//! second underlying begins beside its present.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Loaded;
use crate::exchange::State;
use crate::exchange::account::Account;
use crate::exchange::book::Book;
use crate::exchange::chain::Chain;
use crate::exchange::market::{Clock, Decay, OnlyCourse, Segment, Segments, Twap};
use crate::exchange::random::Random;
use crate::exchange::tape::TapeEnd;
use crate::exchange::time;
use crate::serve::options::TapeSource;

pub(super) const VERSION: u32 = 1;

#[derive(Deserialize)]
struct File {
    tape: TapeSource,
    tape_end: TapeEnd,
    history_bytes: u64,
    books: BTreeMap<i64, Book>,
    state: OnlyState,
}

#[derive(Deserialize)]
struct OnlyState {
    seed: u64,
    tape: Option<String>,
    market: Market,
    chain: Chain,
    account: Account,
    decay: BTreeMap<i64, Decay>,
    twap: Twap,
    flow: Random,
    names: Random,
    delays: Random,
}

/// Clock and course stood in one table.
#[derive(Deserialize)]
struct Market {
    origin_us: i64,
    speed: u32,
    tick_us: i64,
    index: i64,
    walk_usd: f64,
    reference_usd: f64,
    shock: f64,
    basis: f64,
    closes: Vec<f64>,
    minute: i64,
    chance: Random,
}

/// Reads such a file as one of today.
pub(super) fn upgraded(text: &[u8]) -> Result<Loaded, serde_json::Error> {
    let File { tape, tape_end, history_bytes, books, state: old } = serde_json::from_slice(text)?;
    let market = old.market;
    let clock = Clock { origin_us: market.origin_us, speed: market.speed, tick_us: market.tick_us };
    let course = OnlyCourse {
        index: market.index,
        walk_usd: market.walk_usd,
        reference_usd: market.reference_usd,
        shock: market.shock,
        basis: market.basis,
        closes: market.closes,
        minute: market.minute,
        chance: market.chance,
    };
    let btc =
        Segment { course: course.into(), chain: old.chain, decay: old.decay, twap: old.twap, flow: old.flow };
    let state = State {
        seed: old.seed,
        tape: old.tape,
        clock,
        segments: Segments::with_follower(btc, old.seed, time::seconds(clock.tick_us)),
        books: BTreeMap::new(),
        account: old.account,
        names: old.names,
        delays: old.delays,
    };
    Ok(Loaded { tape, tape_end, history_bytes, books, state })
}
