//! Which first occurrences may pass: a bucket per level and one per callsite, and sampling of info.

use super::{
    bucket::{Bucket, Rate},
    hash::Mixer,
};
use crate::{DropReason, Level};

const ERROR: Rate = Rate::per_second(10, 50);
const WARN: Rate = Rate::per_second(5, 50);
const INFO: Rate = Rate::per_second(10, 300);
const DEBUG: Rate = Rate::per_second(1, 50);
const FATAL: Rate = Rate::per_minute(1, 1);
const CALLSITE: Rate = Rate::per_second(2, 50);
/// Fatal records of one page life that pass without asking.
const FATAL_FREE: u8 = 5;

const SETS: usize = 64;
const WAYS: usize = 4;

pub(super) struct Limiter {
    /// False: everything passes, for drills and measurements.
    limited: bool,
    fatal_free: u8,
    fatal: Bucket,
    error: Bucket,
    warn: Bucket,
    info: Bucket,
    debug: Bucket,
    callsites: Vec<(u64, i64, Bucket)>,
    session_key: u64,
    /// Thousandths of info callsites told per minute; 1,000 = all.
    pub info_permille: u16,
    /// The same of warn.
    pub warn_permille: u16,
}

impl Limiter {
    pub(super) fn new(session: &str, limited: bool, now_ms: i64) -> Self {
        Self {
            limited,
            fatal_free: FATAL_FREE,
            fatal: Bucket::full(FATAL, now_ms),
            error: Bucket::full(ERROR, now_ms),
            warn: Bucket::full(WARN, now_ms),
            info: Bucket::full(INFO, now_ms),
            debug: Bucket::full(DEBUG, now_ms),
            callsites: vec![(0, i64::MIN, Bucket::full(CALLSITE, now_ms)); SETS * WAYS],
            session_key: Mixer::new().and_text(session).finish(),
            info_permille: 1_000,
            warn_permille: 1_000,
        }
    }

    /// `None`: may pass. Error and warn have no callsite bucket, deduplication bounds them already.
    pub(super) fn refuse(&mut self, now_ms: i64, level: Level, callsite: u64) -> Option<DropReason> {
        if !self.limited {
            return None;
        }
        let passes = match level {
            Level::Fatal if self.fatal_free > 0 => {
                self.fatal_free -= 1;
                true
            }
            Level::Fatal => self.fatal.take(now_ms),
            Level::Error => self.error.take(now_ms),
            Level::Warn => self.warn.take(now_ms),
            Level::Info => self.callsite(now_ms, callsite).take(now_ms) && self.info.take(now_ms),
            Level::Debug | Level::Trace => {
                self.callsite(now_ms, callsite).take(now_ms) && self.debug.take(now_ms)
            }
        };
        if !passes {
            return Some(DropReason::Rate);
        }
        (!self.sampled_in(now_ms, level, callsite)).then_some(DropReason::Sampled)
    }

    /// The same for all calls of a session, callsite and minute, so that a story is told whole or not at all.
    fn sampled_in(&self, now_ms: i64, level: Level, callsite: u64) -> bool {
        let permille = self.permille(level);
        if permille >= 1_000 {
            return true;
        }
        let minute = now_ms.div_euclid(60_000).cast_unsigned();
        let story = Mixer::new().and_word(self.session_key).and_word(callsite).and_word(minute);
        story.finish() % 1_000 < u64::from(permille)
    }

    /// Thousandths of a level's callsites that are told.
    pub(super) fn permille(&self, level: Level) -> u16 {
        match level {
            Level::Info => self.info_permille,
            Level::Warn => self.warn_permille,
            Level::Trace | Level::Debug | Level::Error | Level::Fatal => 1_000,
        }
    }

    /// The bucket of a callsite; of a full set the one that was idle longest is handed over, full.
    fn callsite(&mut self, now_ms: i64, callsite: u64) -> &mut Bucket {
        let set = (callsite % SETS as u64) as usize * WAYS;
        let ways = &mut self.callsites[set..set + WAYS];
        let mut chosen = 0;
        for (way, (key, used_at_ms, _)) in ways.iter().enumerate() {
            if *key == callsite {
                chosen = way;
                break;
            }
            if *used_at_ms < ways[chosen].1 {
                chosen = way;
            }
        }
        let way = &mut ways[chosen];
        if way.0 != callsite {
            *way = (callsite, now_ms, Bucket::full(CALLSITE, now_ms));
        }
        way.1 = now_ms;
        &mut way.2
    }
}
