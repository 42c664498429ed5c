//! When the logger seals, and what changes how it does: time, sign-in, the page, the server's settings.

use super::{
    batch::Draft,
    json::{push_numbers, push_text},
    layout::ARENAS,
    limiter,
    logger::Logger,
    outbox::{Auth, Effect},
    ring::Ring,
    seal::{self, Portion, Taken},
};
use crate::{
    DropReason, Level, LoggerSettings,
    limits::{BATCH_ENCODED_BYTES, BATCH_RAW_BYTES, BATCH_RECORDS},
};

const URGENT_FLUSH_MS: i64 = 1_000;
const FLUSH_RECORDS: usize = 100;
const FLUSH_BYTES: usize = 32 * 1024;
/// A clock that goes back by less than this is waited for.
const SET_BACK_MS: i64 = 30_000;
/// Declared losses that no record takes along.
const DROPS_FLUSH_MS: i64 = 60_000;

impl Logger {
    pub(super) fn wake(&mut self, now_ms: i64) {
        self.wake_told = None;
        self.outbox.expire(now_ms, &mut self.drops);
        if self.dedup.due_ms().is_some_and(|due_ms| due_ms <= now_ms) {
            self.close_windows(now_ms, false);
        }
        let declare = self.drops_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
        if declare || self.flush_due_ms.is_some_and(|due_ms| due_ms <= now_ms) {
            self.seal_all(now_ms, declare, false);
        }
        self.plan_drops(now_ms);
    }

    /// The clock of a day may be set back by hours: what is planned comes when it would have come.
    pub(super) fn follow_clock(&mut self, now_ms: i64) {
        let back_ms = std::mem::replace(&mut self.seen_ms, now_ms).saturating_sub(now_ms);
        if back_ms < SET_BACK_MS {
            return;
        }
        self.dedup.set_back(back_ms);
        for due_ms in [&mut self.flush_due_ms, &mut self.drops_due_ms].into_iter().flatten() {
            *due_ms -= back_ms;
        }
        self.debug_until_ms = self.debug_until_ms.saturating_sub(back_ms);
        self.outbox.set_back(back_ms);
    }

    /// Seals everything that may be told. `declare`: also when there are only losses to tell. `exit`: also when many
    /// batches wait already, within the bounds of memory.
    pub(super) fn seal_all(&mut self, now_ms: i64, declare: bool, exit: bool) {
        self.flush_due_ms = None;
        self.freeze(now_ms);
        while self.outbox.has_room() || exit && self.outbox.has_room_to_leave() {
            let Some(draft) = self.draft(now_ms, declare) else { break };
            self.seal(draft, now_ms);
        }
    }

    /// Losses are declared by what is sealed: until then they stand in the block, which a reader of a dead page has.
    fn seal(&mut self, draft: Draft, now_ms: i64) {
        let draft = Draft { drops: self.drops.take(), ..draft };
        self.drops_due_ms = None;
        self.outbox.push(draft, self.ring.next_number(), now_ms);
        self.mirror_drops();
    }

    /// Seals what calls have taken out of a full ring.
    #[inline(never)]
    pub(super) fn freeze(&mut self, now_ms: i64) {
        while !self.outbox.drafts.is_empty() {
            let draft = self.outbox.drafts.remove(0);
            self.seal(draft, now_ms);
        }
    }

    /// A call has found its arena full: takes a batch out, if that may be told soon. It is sealed when the task has
    /// ended, because compressing it would take longer than hundreds of calls; at once when it tells of an error, which
    /// must be on disk before the program dies of it. False: nothing has left the ring.
    pub(super) fn clear(&mut self, level: Level, now_ms: i64) -> bool {
        if Ring::arena_of(level) >= self.arenas() || !self.outbox.has_room() {
            return false;
        }
        let Some(draft) = self.draft(now_ms, false) else { return false };
        let tells_error = draft.pieces.iter().any(|piece| piece.level >= Level::Error);
        self.outbox.drafts.push(draft);
        if tells_error {
            self.freeze(now_ms);
        }
        self.flush_due_ms = Some(now_ms);
        self.stirred = true;
        true
    }

    /// As much as one batch takes; `None`: there is nothing, or it may not be told.
    fn draft(&mut self, now_ms: i64, declare: bool) -> Option<Draft> {
        let arenas = self.arenas();
        if self.outbox.halt.is_some() || arenas == 0 {
            return None;
        }
        let raw_bytes = if self.outbox.head.gzip { BATCH_RAW_BYTES } else { BATCH_ENCODED_BYTES };
        let records = self.outbox.max_records.min(self.outbox.told_records);
        let portion = Portion { records, raw_bytes: raw_bytes - 4_096, arenas };
        let taken = seal::take(&mut self.ring, &mut self.dedup, portion);
        if taken.is_none() && (!declare || self.drops.is_empty()) {
            return None;
        }
        let taken = taken.unwrap_or_else(|| Taken { t0_ms: now_ms, text: Vec::new(), pieces: Vec::new() });
        let (bid, bseq) = self.outbox.ids.batch(now_ms);
        let health = self.outbox.health;
        self.outbox.health.retries = 0;
        Some(Draft {
            bid,
            bseq,
            t0_ms: taken.t0_ms,
            drops: Vec::new(),
            health,
            text: taken.text,
            pieces: taken.pieces,
        })
    }

    pub(super) fn plan_flush(&mut self, level: Level, now_ms: i64) {
        let after_ms = if level >= Level::Warn { URGENT_FLUSH_MS } else { self.flush_after_ms };
        if Ring::arena_of(level) < self.arenas() {
            let due_ms = now_ms.saturating_add(after_ms.min(self.flush_after_ms));
            if self.flush_due_ms.is_none_or(|planned| due_ms < planned) {
                self.flush_due_ms = Some(due_ms);
                self.stirred = true;
            }
        }
        if !self.outbox.has_room() {
            return;
        }
        if level == Level::Fatal {
            self.seal_all(now_ms, false, false);
            self.stirred = true;
            return self.outbox.pump(now_ms);
        }
        if self.microtask {
            return;
        }
        let much = self.ring.len() >= FLUSH_RECORDS || self.ring.bytes() >= FLUSH_BYTES;
        if much && self.has_tellable() {
            self.microtask = true;
            self.stirred = true;
            self.outbox.effects.push_back(Effect::QueueMicrotask);
        }
    }

    pub(super) fn plan_drops(&mut self, now_ms: i64) {
        if self.drops_due_ms.is_none() && !self.drops.is_empty() {
            self.drops_due_ms = Some(now_ms.saturating_add(DROPS_FLUSH_MS));
            self.stirred = true;
        }
    }

    pub(super) fn drop_one(&mut self, level: Level, reason: DropReason, now_ms: i64) {
        self.drops.one(level, reason, now_ms);
        self.note_drops(now_ms);
    }

    /// Something was lost: a reader of the block knows it, and it is declared some time.
    pub(super) fn note_drops(&mut self, now_ms: i64) {
        self.mirror_drops();
        self.plan_drops(now_ms);
    }

    /// How many arenas may be told: warn and above without a sign-in.
    pub(super) fn arenas(&self) -> usize {
        match self.outbox.auth {
            Auth::Session => ARENAS,
            Auth::PageOnly => 2,
            Auth::Nobody => 0,
        }
    }

    pub(super) fn has_tellable(&self) -> bool {
        !self.ring.is_empty(self.arenas())
    }

    pub(super) fn set_auth(&mut self, auth: Auth, now_ms: i64) {
        self.outbox.auth = auth;
        self.outbox.sign_in = self.outbox.sign_in.wrapping_add(1);
        self.outbox.sort_by_auth(self.ring.next_number(), now_ms);
    }

    /// Records made on the old route are sealed with it.
    pub(super) fn set_page(&mut self, now_ms: i64, texts: &[&str; 4], [width, height]: [u32; 2]) {
        let mut page = Vec::new();
        for (name, text) in ["{\"route\":", ",\"vis\":", ",\"net\":", ",\"lang\":"].iter().zip(texts) {
            page.extend_from_slice(name.as_bytes());
            push_text(&mut page, text);
        }
        push_numbers(&mut page, &[(",\"vp\":[", i64::from(width)), (",", i64::from(height))]);
        page.extend_from_slice(b"]}");
        let page = String::from_utf8(page).unwrap_or_default();
        if page != self.outbox.head.page {
            self.seal_all(now_ms, false, false);
            self.outbox.head.page = page;
            self.ring.put_envelope(&self.outbox.head.members());
        }
    }

    /// Records made under the old session are sealed with it.
    pub(super) fn set_session(&mut self, now_ms: i64, id: String) {
        if id != self.outbox.head.sid {
            self.seal_all(now_ms, false, false);
            self.outbox.head.sid = id;
            self.ring.put_envelope(&self.outbox.head.members());
        }
    }

    /// What the server says, all of it: what it leaves out of debug and of the size of batches is as it was made.
    pub(super) fn configure(&mut self, settings: &LoggerSettings) {
        self.level = settings.level.unwrap_or(self.level);
        self.debug_until_ms = settings.debug_until.unwrap_or(i64::MIN);
        self.flush_after_ms = settings.flush_ms.map_or(self.flush_after_ms, |ms| ms.clamp(250, 60_000));
        let permille = |share: f64| (share.clamp(0.0, 1.0) * f64::from(limiter::ALL)).round() as u16;
        if let Some(share) = settings.sr_info {
            self.limiter.info_permille = permille(share);
        }
        if let Some(share) = settings.sr_warn {
            self.limiter.warn_permille = permille(share);
        }
        self.outbox.told_records =
            settings.max_batch.map_or(BATCH_RECORDS, |most| most.clamp(1, BATCH_RECORDS));
    }
}
