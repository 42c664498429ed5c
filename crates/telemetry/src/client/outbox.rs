//! Sealed batches on their way: which may be sent when. What the answers mean stands in `settle`.

use std::{collections::VecDeque, sync::Arc};

use super::{
    batch::{Draft, Head, Health, Sealed, calls},
    bucket::{Bucket, Rate},
    drops::Drops,
    ids::Ids,
    input::LoggerConfig,
    settle::RETRY_AFTER_MAX_MS,
};
use crate::{DropReason, Level, Receipt, limits::BATCH_RECORDS};

/// Sealed batches in memory; beyond that records stay in the ring.
const BATCHES: usize = 16;
const IN_FLIGHT: usize = 4;
/// The driver gives up a request after 10 s; an answer that is later than this was lost.
const LOST_AFTER_MS: i64 = 15_000;
const OLDEST_MS: i64 = 24 * 3_600_000;
/// Bytes: 64 KiB a minute, 256 KiB at once.
const EGRESS: Rate = Rate::per_minute(64 * 1024, 256 * 1024);

/// What the server lets us tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Signed in: everything.
    Session,
    /// Page token only: warn and above; the rest waits.
    PageOnly,
    /// Not even that: everything waits.
    Nobody,
}

/// Why nothing is sent any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// 403: for the life of this page.
    Forbidden,
    /// 410: until the next release.
    Killed,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// 202 with a readable body.
    Accepted(Receipt),
    /// Any other status; `retry_after_ms` from now.
    Refused { status: u16, retry_after_ms: Option<i64> },
    /// No answer, an unreadable one, or a timeout.
    Unreachable,
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Call `on(Input::Microtask)` as soon as the running task ends.
    QueueMicrotask,
    /// Call `on(Input::Wake)` then (milliseconds since the epoch), instead of any earlier request; `None`: not.
    WakeAt(Option<i64>),
    /// POST these bytes and report with `on(Input::Settled)`. The same batch always has the same bytes, unless
    /// the server refused gzip. `level`: the highest in it.
    Send { bid: String, body: Arc<[u8]>, gzip: bool, keepalive: bool, level: Level },
    /// Keep these bytes on disk under this key (only when a spool was configured).
    /// `level`: the highest in it, `lowest`: the lowest.
    Spool { bid: String, body: Arc<[u8]>, gzip: bool, level: Level, lowest: Level },
    /// Forget these bytes.
    Unspool { bid: String },
    /// Forget all bytes on disk.
    WipeSpool,
    /// Nothing will be sent any more.
    Halted(Halt),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    InFlight {
        since_ms: i64,
    },
    /// Waits for a sign-in.
    Held,
}

pub(super) struct Batch {
    pub sealed: Sealed,
    pub state: State,
    /// The server does not take gzip for it.
    pub plain: bool,
    pub spooled: bool,
    /// It was sent and nobody knows whether it arrived: its id must stay, or it would be stored twice.
    pub ambiguous: bool,
    /// The sign-in under which it was sent last.
    pub sign_in: u32,
    pub born_ms: i64,
}

pub(super) struct Outbox {
    pub head: Head,
    pub ids: Ids,
    /// Taken out of the ring by a call, and not sealed yet.
    pub drafts: Vec<Draft>,
    pub batches: Vec<Batch>,
    pub auth: Auth,
    /// Counts sign-ins, so that a late answer from before one does not end it.
    pub sign_in: u32,
    pub halt: Option<Halt>,
    pub spool: bool,
    /// Failures in a row; above 0 only one request at a time probes.
    pub failures: u32,
    pub retry_at_ms: i64,
    /// Records of a batch: halved by every one that was too large, and what the server says.
    pub max_records: usize,
    pub told_records: usize,
    pub health: Health,
    /// Calls told and calls declared that the server has acknowledged.
    pub told: u64,
    pub declared: u64,
    pub effects: VecDeque<Effect>,
    /// `None`: no limit, for drills and measurements.
    egress: Option<Bucket>,
}

impl Outbox {
    pub(super) fn new(head: Head, config: &LoggerConfig, now_ms: i64) -> Self {
        Self {
            head,
            ids: Ids::new(config.seed),
            drafts: Vec::with_capacity(BATCHES),
            batches: Vec::new(),
            auth: config.auth,
            sign_in: 0,
            halt: None,
            spool: config.spool,
            failures: 0,
            retry_at_ms: i64::MIN,
            max_records: BATCH_RECORDS,
            told_records: BATCH_RECORDS,
            health: Health::default(),
            told: 0,
            declared: 0,
            effects: VecDeque::with_capacity(2 * BATCHES),
            egress: config.limited.then(|| Bucket::full(EGRESS, now_ms)),
        }
    }

    /// True when another batch may be sealed.
    pub(super) fn has_room(&self) -> bool {
        self.batches.len() + self.drafts.len() < BATCHES && self.halt.is_none()
    }

    /// True when another batch may be sealed by a page that is about to go. A page that comes and goes through a long
    /// outage must not pile them up: the rest stays in the ring, and is counted when it must make room there.
    pub(super) fn has_room_to_leave(&self) -> bool {
        self.batches.len() < 2 * BATCHES && self.halt.is_none()
    }

    /// Seals a draft; one that is too large for a request is halved until it is not.
    pub(super) fn push(&mut self, draft: Draft, next_number: u64, now_ms: i64) {
        let mut drafts = vec![draft];
        while let Some(draft) = drafts.pop() {
            let sealed = draft.seal(&self.head, next_number);
            if sealed.is_oversize() {
                let half = sealed.pieces.len() / 2;
                let [first, second] = sealed.split(self.two_ids(now_ms), |position, _| position < half);
                drafts.extend([second, first]);
                continue;
            }
            let early = sealed.level() >= Level::Error;
            let mut batch = Batch {
                sealed,
                state: State::Held,
                plain: false,
                spooled: false,
                ambiguous: false,
                sign_in: self.sign_in,
                born_ms: now_ms,
            };
            if self.may_tell(&batch) {
                batch.state = State::Waiting;
            }
            self.batches.push(batch);
            if early {
                self.keep_on_disk(self.batches.len() - 1);
            }
        }
    }

    /// Another tab has found the server shut: as if this one had.
    pub(super) fn hold(&mut self, now_ms: i64, until_ms: i64) {
        self.failures = self.failures.max(1);
        self.retry_at_ms = self.retry_at_ms.max(until_ms.min(now_ms.saturating_add(RETRY_AFTER_MAX_MS)));
    }

    /// The clock was set back by so much: nothing waits for it to come by again.
    pub(super) fn set_back(&mut self, ms: i64) {
        self.retry_at_ms = self.retry_at_ms.saturating_sub(ms);
        for batch in &mut self.batches {
            batch.born_ms -= ms;
            if let State::InFlight { since_ms } = &mut batch.state {
                *since_ms -= ms;
            }
        }
    }

    /// Sends what may be sent now, oldest first. What stays is kept on disk: only this program has its bytes, and it may
    /// die.
    pub(super) fn pump(&mut self, now_ms: i64) {
        while self.may_send() && now_ms >= self.retry_at_ms && self.egress_at_ms(now_ms) <= now_ms {
            let Some(next) = self.batches.iter().position(|batch| batch.state == State::Waiting) else {
                break;
            };
            self.send(next, false, now_ms);
        }
        for index in 0..self.batches.len() {
            if !matches!(self.batches[index].state, State::InFlight { .. }) {
                self.keep_on_disk(index);
            }
        }
    }

    /// The page is about to go: sends everything at once, highest level first, whatever the back-off says. What is
    /// in flight goes again, because an ordinary request dies with its page; the batch id makes that harmless.
    pub(super) fn flush_for_exit(&mut self, now_ms: i64) {
        if self.halt.is_some() {
            return;
        }
        // Level by level: sorting so few would be code for many.
        for level in Level::ALL.into_iter().rev() {
            for index in 0..self.batches.len() {
                let batch = &self.batches[index];
                if batch.state != State::Held && batch.sealed.level() == level {
                    self.send(index, true, now_ms);
                }
            }
        }
        for index in 0..self.batches.len() {
            self.keep_on_disk(index);
        }
    }

    /// Gives up waiting for lost answers and for batches that are a day old.
    pub(super) fn expire(&mut self, now_ms: i64, drops: &mut Drops) {
        for index in 0..self.batches.len() {
            if matches!(self.batches[index].state, State::InFlight { since_ms } if now_ms - since_ms >= LOST_AFTER_MS)
            {
                self.failed(index, now_ms, None, u16::MAX);
            }
        }
        while let Some(index) = self.batches.iter().position(|batch| now_ms - batch.born_ms >= OLDEST_MS) {
            self.give_up(index, DropReason::Expired, drops);
        }
    }

    /// When [`Self::expire`] or [`Self::pump`] have something to do.
    pub(super) fn wake_at_ms(&mut self, now_ms: i64) -> Option<i64> {
        let waiting = self.batches.iter().any(|batch| batch.state == State::Waiting);
        let send = (waiting && self.may_send()).then(|| self.retry_at_ms.max(self.egress_at_ms(now_ms)));
        let limits = self.batches.iter().map(|batch| match batch.state {
            State::InFlight { since_ms } => since_ms + LOST_AFTER_MS,
            State::Waiting | State::Held => batch.born_ms + OLDEST_MS,
        });
        limits.chain(send).min()
    }

    /// Looks again at which batches may be told, after a sign-in, a sign-out or a 401. A batch that holds both
    /// kinds of records is split.
    pub(super) fn sort_by_auth(&mut self, next_number: u64, now_ms: i64) {
        for batch in std::mem::take(&mut self.batches) {
            let mixed = self.auth == Auth::PageOnly
                && !batch.ambiguous
                && !matches!(batch.state, State::InFlight { .. })
                && batch.sealed.level() >= Level::Warn
                && !self.may_tell(&batch);
            if mixed {
                self.forget_on_disk(&batch);
                let drafts = batch.sealed.split(self.two_ids(now_ms), |_, piece| piece.level >= Level::Warn);
                drafts.into_iter().for_each(|draft| self.push(draft, next_number, now_ms));
                continue;
            }
            let state = match batch.state {
                State::InFlight { since_ms } => State::InFlight { since_ms },
                State::Waiting | State::Held if self.may_tell(&batch) => State::Waiting,
                State::Waiting | State::Held => State::Held,
            };
            self.batches.push(Batch { state, ..batch });
        }
    }

    /// Removes a batch for good: its calls become declared losses, its own declarations stay what they were.
    pub(super) fn give_up(&mut self, index: usize, reason: DropReason, drops: &mut Drops) {
        let batch = self.batches.remove(index);
        self.forget_on_disk(&batch);
        for piece in &batch.sealed.pieces {
            drops.add(piece.dropped(reason));
        }
        batch.sealed.drops.into_iter().for_each(|cell| drops.add(cell));
    }

    pub(super) fn keep_on_disk(&mut self, index: usize) {
        let batch = &mut self.batches[index];
        if self.spool && !batch.spooled {
            batch.spooled = true;
            let (body, gzip) = batch.sealed.body(batch.plain);
            let (bid, level, lowest) =
                (batch.sealed.bid.clone(), batch.sealed.level(), batch.sealed.lowest());
            self.effects.push_back(Effect::Spool { bid, body, gzip, level, lowest });
        }
    }

    pub(super) fn forget_on_disk(&mut self, batch: &Batch) {
        if batch.spooled {
            self.effects.push_back(Effect::Unspool { bid: batch.sealed.bid.clone() });
        }
    }

    pub(super) fn two_ids(&mut self, now_ms: i64) -> [(String, u64); 2] {
        [self.ids.batch(now_ms), self.ids.batch(now_ms)]
    }

    /// Calls told and declared in batches that are not acknowledged.
    pub(super) fn held_calls(&self) -> u64 {
        let drafts = self.drafts.iter().map(|draft| calls(&draft.pieces, &draft.drops));
        let sealed = self.batches.iter().map(|batch| batch.sealed.calls());
        drafts.chain(sealed).map(|(told, declared)| told + declared).sum()
    }

    /// An ambiguous batch goes again as it is: the server knows it already, or stores what may be told and refuses
    /// the rest.
    fn may_tell(&self, batch: &Batch) -> bool {
        match self.auth {
            Auth::Session => true,
            Auth::PageOnly => {
                batch.ambiguous || batch.sealed.pieces.iter().all(|piece| piece.level >= Level::Warn)
            }
            Auth::Nobody => false,
        }
    }

    fn egress_at_ms(&mut self, now_ms: i64) -> i64 {
        self.egress.as_mut().map_or(now_ms, |egress| egress.ready_at(now_ms))
    }

    fn may_send(&self) -> bool {
        let in_flight =
            self.batches.iter().filter(|batch| matches!(batch.state, State::InFlight { .. })).count();
        let allowed = if self.failures > 0 { 1 } else { IN_FLIGHT };
        self.halt.is_none() && in_flight < allowed
    }

    fn send(&mut self, index: usize, keepalive: bool, now_ms: i64) {
        let batch = &mut self.batches[index];
        batch.ambiguous |= matches!(batch.state, State::InFlight { .. });
        batch.state = State::InFlight { since_ms: now_ms };
        batch.sign_in = self.sign_in;
        let (body, gzip) = batch.sealed.body(batch.plain);
        if let Some(egress) = &mut self.egress {
            egress.overdraw(now_ms, body.len() as u64);
        }
        let (bid, level) = (batch.sealed.bid.clone(), batch.sealed.level());
        self.effects.push_back(Effect::Send { bid, body, gzip, keepalive, level });
    }
}
