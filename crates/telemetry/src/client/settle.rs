//! The table of answers: what each outcome of a request means for its batch. Nothing is given up without being
//! declared, and an outage is never a reason to give up.

use super::{
    batch::Sealed,
    drops::Drops,
    outbox::{Auth, Effect, Halt, Outbox, Outcome, State},
};
use crate::limits::DEBUG_MOST_MS;
use crate::{DropReason, Level, LoggerSettings, Receipt};

const BACKOFF_MS: i64 = 1_000;
const BACKOFF_MAX_MS: i64 = 60_000;
pub(super) const RETRY_AFTER_MAX_MS: i64 = 600_000;

/// What the logger needs to know beside the outbox.
pub(super) struct Moment {
    pub now_ms: i64,
    pub next_number: u64,
    /// Uniform over its range, drawn by the driver.
    pub jitter: u16,
}

impl Outbox {
    /// Applies an answer; gives the server's settings when there are some. An answer for a batch that is gone
    /// already (a second one after a repeated send) changes nothing.
    pub(super) fn settle(
        &mut self,
        bid: &str,
        outcome: Outcome,
        moment: &Moment,
        drops: &mut Drops,
    ) -> Option<LoggerSettings> {
        let index = self.batches.iter().position(|batch| batch.sealed.bid == bid)?;
        let now_ms = moment.now_ms;
        let (status, retry_after_ms) = match outcome {
            Outcome::Accepted(receipt) => {
                self.accepted(index, &receipt, moment, drops);
                return receipt.cfg.map(|settings| on_our_clock(settings, receipt.now, now_ms));
            }
            Outcome::Refused { status, retry_after_ms } => (status, retry_after_ms),
            Outcome::Unreachable => (0, None),
        };
        match status {
            400 | 422 => self.give_up(index, DropReason::Rejected, drops),
            401 => self.unauthorised(index, moment),
            403 => self.halt(Halt::Forbidden, drops),
            410 => self.halt(Halt::Killed, drops),
            413 => self.too_large(index, moment, drops),
            415 if !self.batches[index].plain && self.batches[index].sealed.gzip.is_some() => {
                self.batches[index].plain = true;
                self.batches[index].state = State::Waiting;
            }
            // 415 a second time, 408, 425, 429, 5xx and everything that our server does not say: somebody in between did.
            _ => self.failed(index, now_ms, retry_after_ms, moment.jitter),
        }
        None
    }

    /// Keeps the batch and backs off: 1 s, doubled up to 60 s, times [0.5, 1]; `Retry-After` is obeyed within 1 s
    /// to 10 min. Several failures of one moment count once.
    pub(super) fn failed(&mut self, index: usize, now_ms: i64, retry_after_ms: Option<i64>, jitter: u16) {
        self.batches[index].state = State::Waiting;
        self.batches[index].ambiguous = true;
        self.health.retries += 1;
        self.keep_on_disk(index);
        if self.failures == 0 || now_ms >= self.retry_at_ms {
            let step = BACKOFF_MS << self.failures.min(6);
            let half = step.min(BACKOFF_MAX_MS) / 2;
            self.retry_at_ms = now_ms + half + half * i64::from(jitter) / i64::from(u16::MAX);
            self.failures = self.failures.saturating_add(1);
        }
        if let Some(asked) = retry_after_ms {
            self.retry_at_ms = self.retry_at_ms.max(now_ms + asked.clamp(BACKOFF_MS, RETRY_AFTER_MAX_MS));
        }
    }

    fn accepted(&mut self, index: usize, receipt: &Receipt, moment: &Moment, drops: &mut Drops) {
        let batch = self.batches.remove(index);
        self.forget_on_disk(&batch);
        self.failures = 0;
        self.retry_at_ms = i64::MIN;
        // Of a batch that was sent twice nobody knows which sending was answered.
        if let (State::InFlight { since_ms }, false) = (batch.state, batch.ambiguous) {
            self.measure_clock(receipt.now, since_ms, moment.now_ms);
        }
        let (told, declared) = batch.sealed.calls();
        self.told += told;
        self.declared += declared;
        if receipt.rej.iter().any(|refusal| refusal.code == "tier") {
            let current = !receipt.dup && batch.sign_in == self.sign_in;
            return self.signed_out_meanwhile(batch.sealed, current, moment);
        }
        for position in refusals(receipt, batch.sealed.pieces.len()) {
            let piece = &batch.sealed.pieces[position];
            self.told -= u64::from(piece.calls);
            drops.add(piece.dropped(DropReason::Rejected));
        }
    }

    /// The server stored warn and above and refused the rest, because the sign-in had ended: the rest waits, under
    /// a new id, for the next one. `current`: the answer is about the sign-in that we believe in.
    fn signed_out_meanwhile(&mut self, sealed: Sealed, current: bool, moment: &Moment) {
        if current {
            self.auth = Auth::PageOnly;
        }
        let ids = self.two_ids(moment.now_ms);
        let [mut rest, _stored] = sealed.split(ids, |_, piece| piece.level < Level::Warn);
        rest.drops.clear();
        self.told -= rest.pieces.iter().map(|piece| u64::from(piece.calls)).sum::<u64>();
        if !rest.pieces.is_empty() {
            self.push(rest, moment.next_number, moment.now_ms);
        }
        self.sort_by_auth(moment.next_number, moment.now_ms);
    }

    /// The offset of the least delayed exchange is the most exact one. It is right within half of its round trip: an
    /// exchange that contradicts it shows that one of the clocks was set, and counts from then on.
    fn measure_clock(&mut self, server_ms: i64, sent_ms: i64, now_ms: i64) {
        let round_trip_ms = now_ms - sent_ms;
        if round_trip_ms < 0 {
            return;
        }
        let offset_ms = server_ms - (sent_ms + round_trip_ms / 2);
        let better = self.health.offset_ms.is_none_or(|known_ms| {
            let agree_ms = (round_trip_ms + self.health.round_trip_ms) / 2 + 1;
            round_trip_ms <= self.health.round_trip_ms || (offset_ms - known_ms).abs() > agree_ms
        });
        if better {
            (self.health.offset_ms, self.health.round_trip_ms) = (Some(offset_ms), round_trip_ms);
        }
    }

    /// Warn and above go on with the page token; with that refused too, everything waits for a sign-in.
    fn unauthorised(&mut self, index: usize, moment: &Moment) {
        self.batches[index].state = State::Waiting;
        if self.batches[index].sign_in == self.sign_in {
            self.auth = match self.auth {
                Auth::Session => Auth::PageOnly,
                Auth::PageOnly | Auth::Nobody => Auth::Nobody,
            };
        }
        self.sort_by_auth(moment.next_number, moment.now_ms);
    }

    pub(super) fn halt(&mut self, halt: Halt, drops: &mut Drops) {
        while !self.batches.is_empty() {
            self.give_up(0, DropReason::Rejected, drops);
        }
        self.halt = Some(halt);
        self.effects.push_back(Effect::Halted(halt));
    }

    /// Two halves with new ids; later batches are half as large. A single record cannot be halved.
    fn too_large(&mut self, index: usize, moment: &Moment, drops: &mut Drops) {
        let half = self.batches[index].sealed.pieces.len() / 2;
        if half == 0 {
            return self.give_up(index, DropReason::Oversize, drops);
        }
        self.max_records = (self.max_records / 2).max(1);
        let batch = self.batches.remove(index);
        self.forget_on_disk(&batch);
        let ids = self.two_ids(moment.now_ms);
        for draft in batch.sealed.split(ids, |position, _| position < half) {
            self.push(draft, moment.next_number, moment.now_ms);
        }
    }
}

/// Debug is told until a moment of the server's clock, which may be far from ours; never for long.
fn on_our_clock(mut settings: LoggerSettings, server_ms: i64, now_ms: i64) -> LoggerSettings {
    let ours = |until_ms: i64| now_ms + until_ms.saturating_sub(server_ms).clamp(0, DEBUG_MOST_MS);
    settings.debug_until = settings.debug_until.map(ours);
    settings
}

/// Positions that the server refused. Beyond the 20 that a receipt lists only their number is known: the first ones
/// not listed stand for them.
fn refusals(receipt: &Receipt, records: usize) -> Vec<usize> {
    let is_listed = |position: &usize| receipt.rej.iter().any(|refusal| refusal.i == *position);
    let mut refused: Vec<usize> = (0..records).filter(is_listed).collect();
    let unlisted = receipt.rej_n.saturating_sub(refused.len());
    refused.extend((0..records).filter(|position| !is_listed(position)).take(unlisted));
    refused
}
