//! Which first occurrences may pass: a bucket per level and one per callsite, and sampling of info and, for a server
//! that asks for it, of warn. Errors are never sampled, nor is what somebody wanted.

use super::{
    bucket::{Bucket, Rate},
    call::Call,
    hash::Mixer,
};
use crate::{DropReason, Level};

const ERROR: Rate = Rate::per_second(10, 50);
const WARN: Rate = Rate::per_second(5, 50);
const INFO: Rate = Rate::per_second(10, 300);
const DEBUG: Rate = Rate::per_second(1, 50);
/// While the server wants to know what one page does.
const OPENED: Rate = Rate::per_second(50, 50);
const FATAL: Rate = Rate::per_minute(1, 1);
const CALLSITE: Rate = Rate::per_second(2, 50);
/// Fatal records of one page life that pass without asking.
const FATAL_FREE: u8 = 5;

/// All thousandths: everything is told.
pub(super) const ALL: u16 = 1_000;
/// So many info records of five minutes are told whatever they are, then a tenth of places.
const FREE: u16 = 300;
const FREE_MS: i64 = 5 * 60_000;
const BEYOND: u16 = 100;

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
    opened: Bucket,
    session_key: u64,
    /// Thousandths of the places of info and of warn that the server wants told.
    pub info_permille: u16,
    pub warn_permille: u16,
    free: u16,
    free_since_ms: i64,
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
            opened: Bucket::full(OPENED, now_ms),
            session_key: Mixer::new().and_text(session).finish(),
            info_permille: ALL,
            warn_permille: ALL,
            free: FREE,
            free_since_ms: now_ms,
        }
    }

    /// The thousandths of its kind that are told with a call that may pass. `opened`: the server asked for debug.
    /// Error and warn have no callsite bucket, deduplication bounds them already.
    pub(super) fn admit(&mut self, now_ms: i64, call: &Call<'_>, opened: bool) -> Result<u16, DropReason> {
        if !self.limited {
            return Ok(ALL);
        }
        let (level, callsite) = (call.level(), call.site.id());
        let passes = match level {
            Level::Fatal if self.fatal_free > 0 => {
                self.fatal_free -= 1;
                true
            }
            Level::Fatal => self.fatal.take(now_ms),
            Level::Error => self.error.take(now_ms),
            Level::Warn => self.warn.take(now_ms),
            Level::Info => self.callsite(now_ms, callsite).take(now_ms) && self.info.take(now_ms),
            Level::Debug | Level::Trace if opened => self.opened.take(now_ms),
            Level::Debug | Level::Trace => {
                self.callsite(now_ms, callsite).take(now_ms) && self.debug.take(now_ms)
            }
        };
        if !passes {
            return Err(DropReason::Rate);
        }
        let permille = match level {
            Level::Info if !call.intent => self.info_permille.min(self.left_of_info(now_ms)),
            Level::Warn if !call.intent => self.warn_permille,
            Level::Trace | Level::Debug | Level::Info | Level::Warn | Level::Error | Level::Fatal => ALL,
        };
        if self.sampled_in(now_ms, callsite, permille) { Ok(permille) } else { Err(DropReason::Sampled) }
    }

    /// Takes one of the free records of these five minutes.
    fn left_of_info(&mut self, now_ms: i64) -> u16 {
        let passed_ms = now_ms.saturating_sub(self.free_since_ms);
        // A clock that went back begins anew as well: nobody waits for it to come by again.
        if !(0..FREE_MS).contains(&passed_ms) {
            (self.free, self.free_since_ms) = (FREE, now_ms);
        }
        let is_free = self.free > 0;
        self.free -= u16::from(is_free);
        if is_free { ALL } else { BEYOND }
    }

    /// The same for all calls of a session, callsite and minute, so that a story is told whole or not at all.
    fn sampled_in(&self, now_ms: i64, callsite: u64, permille: u16) -> bool {
        if permille >= ALL {
            return true;
        }
        let minute = now_ms.div_euclid(60_000).cast_unsigned();
        let story = Mixer::new().and_word(self.session_key).and_word(callsite).and_word(minute);
        story.finish() % u64::from(ALL) < u64::from(permille)
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
