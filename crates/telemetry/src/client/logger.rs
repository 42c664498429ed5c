//! The logger: numbers every call, deduplicates, limits, buffers, seals, and hands over to the outbox.

use super::{
    batch::Head,
    call::Call,
    crumbs::Crumbs,
    dedup::Dedup,
    drops::{DropCell, Drops},
    encode::{Frills, encode},
    input::{Books, Input, LoggerConfig},
    json::push_text,
    layout::ARENAS,
    limiter::Limiter,
    outbox::{Auth, Effect, Halt, Outbox},
    pen::Pen,
    ring::{Meta, NO_SLOT, Ring},
    settle::Moment,
};
use crate::{DropReason, Level, limits::ERROR_RECORD_BYTES};

const FLUSH_MS: i64 = 5_000;
/// Four times the longest message: so much of a text is looked at.
const SCRATCH_BYTES: usize = 4 * 1024;

/// See the module.
pub struct Logger {
    pub(super) ring: Ring,
    pub(super) dedup: Dedup,
    pub(super) limiter: Limiter,
    pub(super) crumbs: Crumbs,
    pub(super) drops: Drops,
    pub(super) outbox: Outbox,
    pub(super) level: Level,
    pub(super) debug_until_ms: i64,
    pub(super) flush_after_ms: i64,
    pub(super) flush_due_ms: Option<i64>,
    pub(super) drops_due_ms: Option<i64>,
    pub(super) microtask: bool,
    pub(super) wake_told: Option<i64>,
    /// When something happened last.
    pub(super) seen_ms: i64,
    /// Something may have to be done: [`Self::poll`] has a reason to look.
    pub(super) stirred: bool,
    /// For records that find no room in the ring, and for messages that must be written before they are looked at.
    spare: Vec<u8>,
    scratch: String,
}

impl Logger {
    /// An empty logger; allocates everything that it will need on the hot path.
    #[must_use]
    pub fn new(config: LoggerConfig, now_ms: i64) -> Self {
        let mut app = Vec::new();
        for (name, text) in [
            ("{\"n\":", &config.app_name),
            (",\"r\":", &config.release),
            (",\"b\":", &config.build_id),
            (",\"e\":", &config.environment),
        ] {
            app.extend_from_slice(name.as_bytes());
            push_text(&mut app, text);
        }
        app.push(b'}');
        let limiter = Limiter::new(&config.client_session_id, config.limited, now_ms);
        let head = Head {
            sid: config.client_session_id.clone(),
            tid: config.tab_id.clone(),
            app: String::from_utf8(app).unwrap_or_default(),
            page: "{}".to_owned(),
            gzip: config.gzip,
        };
        let mut ring = Ring::new();
        ring.put_envelope(&head.members());
        Self {
            ring,
            dedup: Dedup::new(),
            limiter,
            crumbs: Crumbs::default(),
            drops: Drops::new(),
            outbox: Outbox::new(head, &config, now_ms),
            level: config.level,
            debug_until_ms: i64::MIN,
            flush_after_ms: FLUSH_MS,
            flush_due_ms: None,
            drops_due_ms: None,
            microtask: false,
            wake_told: None,
            seen_ms: now_ms,
            stirred: false,
            spare: vec![0; ERROR_RECORD_BYTES + 4 * 1024],
            scratch: String::with_capacity(SCRATCH_BYTES),
        }
    }

    /// False: a call of this level would take no number. Ask before gathering values.
    #[must_use]
    pub fn enabled(&self, level: Level, now_ms: i64) -> bool {
        self.lowest(now_ms).is_some_and(|lowest| level >= lowest)
    }

    /// The lowest level that is told now; `None`: nothing is any more.
    #[must_use]
    pub fn lowest(&self, now_ms: i64) -> Option<Level> {
        let opened = now_ms < self.debug_until_ms;
        let level = if opened { self.level.min(Level::Debug) } else { self.level };
        self.outbox.halt.is_none().then_some(level)
    }

    /// One call. Never compresses and never sends, unless it is fatal; takes no memory. True: ask [`Self::poll`].
    pub fn log(&mut self, now_ms: i64, call: &Call<'_>) -> bool {
        let level = call.level();
        if !self.enabled(level, now_ms) {
            return false;
        }
        let number = self.ring.take_number();
        self.crumbs.leave(level, call.site.event);
        let key = call.dedup_key();
        if let Some(slot) = self.dedup.find(key) {
            if !self.dedup.is_over(slot, now_ms) {
                return self.dedup.repeat(slot, number, now_ms, &mut self.ring);
            }
            self.close_window(slot, now_ms);
        }
        match self.limiter.admit(now_ms, call, now_ms < self.debug_until_ms) {
            Err(reason) => self.drop_one(level, reason, now_ms),
            Ok(permille) => self.tell(now_ms, call, (key, permille), number),
        }
        std::mem::take(&mut self.stirred)
    }

    /// A call that is a record of its own: written straight into the ring, and only if there is no room for it into
    /// spare memory first.
    fn tell(&mut self, now_ms: i64, call: &Call<'_>, (key, permille): (u64, u16), number: u64) {
        let level = call.level();
        let slot = self.dedup.choose(key);
        self.close_window(slot, now_ms);
        let frills = Frills { key, permille, crumbs: &self.crumbs };
        let mut pen = Pen::new(self.ring.page(level));
        let mut core = encode(&mut pen, &mut self.scratch, call, frills);
        let (mut length, full) = (pen.len(), pen.is_full());
        if full {
            let mut pen = Pen::new(&mut self.spare);
            core = encode(&mut pen, &mut self.scratch, call, frills).filter(|_| !pen.is_full());
            length = pen.len();
        }
        let Some(core) = core else {
            return self.drop_one(level, DropReason::Oversize, now_ms);
        };
        let slot_id = u16::try_from(slot).unwrap_or(NO_SLOT);
        let meta = Meta { level, number, first_ms: now_ms, last_ms: now_ms, calls: 1, slot: slot_id, core };
        let place = if full {
            let spare = std::mem::take(&mut self.spare);
            let place = self.keep(&meta, &spare[..length], now_ms);
            self.spare = spare;
            place
        } else {
            Some(self.ring.commit(&meta, length))
        };
        if let Some(place) = place {
            self.dedup.open(slot, key, &meta, place);
        }
        self.plan_flush(level, now_ms);
    }

    /// Something happened outside.
    pub fn on(&mut self, now_ms: i64, input: Input) {
        self.follow_clock(now_ms);
        self.freeze(now_ms);
        match input {
            Input::Microtask => {
                self.microtask = false;
                self.seal_all(now_ms, false, false);
            }
            Input::Wake => self.wake(now_ms),
            Input::Hide => {
                self.close_windows(now_ms, true);
                self.seal_all(now_ms, true, true);
                self.outbox.flush_for_exit(now_ms);
            }
            Input::Online => self.outbox.retry_at_ms = i64::MIN,
            Input::Hold { until_ms } => self.outbox.hold(now_ms, until_ms),
            Input::Session(id) => self.set_session(now_ms, id),
            Input::MemoryOnly => self.outbox.health.memory_only = true,
            Input::Settings(settings) => self.configure(&settings),
            Input::Halt => self.outbox.halt(Halt::Killed, &mut self.drops),
            Input::SignedIn => self.set_auth(Auth::Session, now_ms),
            Input::SignedOut => {
                self.set_auth(Auth::PageOnly, now_ms);
                if self.outbox.spool {
                    self.outbox.effects.push_back(Effect::WipeSpool);
                }
            }
            Input::Settled { bid, outcome, jitter } => {
                let moment = Moment { now_ms, next_number: self.ring.next_number(), jitter };
                if let Some(settings) = self.outbox.settle(&bid, outcome, &moment, &mut self.drops) {
                    self.configure(&settings);
                }
                self.plan_drops(now_ms);
            }
            Input::Page { route, visible, net, lang, viewport } => {
                self.set_page(
                    now_ms,
                    &[&route, if visible { "visible" } else { "hidden" }, &net, &lang],
                    viewport,
                );
            }
            Input::Reentrant(level) => {
                if self.enabled(level, now_ms) {
                    self.ring.take_number();
                    self.drop_one(level, DropReason::Reentrant, now_ms);
                }
            }
        }
        self.outbox.pump(now_ms);
        self.mirror_drops();
        if self.flush_due_ms.is_none() && self.has_tellable() {
            self.flush_due_ms = Some(now_ms.saturating_add(self.flush_after_ms));
        }
    }

    /// The next thing to do; call until `None` after every `log` that may matter and every `on`.
    pub fn poll(&mut self, now_ms: i64) -> Option<Effect> {
        if let Some(effect) = self.outbox.effects.pop_front() {
            return Some(effect);
        }
        let may_seal = self.outbox.has_room() && self.arenas() > 0 || !self.outbox.drafts.is_empty();
        let flush = self.flush_due_ms.filter(|_| may_seal);
        let drops = self.drops_due_ms.filter(|_| may_seal);
        let wake = if self.outbox.halt.is_some() {
            None
        } else {
            [flush, drops, self.dedup.due_ms(), self.outbox.wake_at_ms(now_ms)].into_iter().flatten().min()
        };
        (wake != self.wake_told).then(|| {
            self.wake_told = wake;
            Effect::WakeAt(wake)
        })
    }

    /// Until when nothing is sent, because nobody answers; 0: it may be sent.
    #[must_use]
    pub fn held_until_ms(&self) -> i64 {
        if self.outbox.failures > 0 { self.outbox.retry_at_ms.max(0) } else { 0 }
    }

    /// The books at this instant.
    #[must_use]
    pub fn books(&self) -> Books {
        let in_ring = (0..ARENAS)
            .flat_map(|arena| self.ring.records(arena))
            .map(|held| u64::from(held.meta.calls))
            .sum::<u64>();
        Books {
            calls: self.ring.next_number() - 1,
            told: self.outbox.told,
            declared: self.outbox.declared,
            held: in_ring + self.dedup.held_calls() + self.outbox.held_calls() + self.drops.total(),
        }
    }

    /// The ring's memory, whose address and size never change: for a black-box reader after a trap. What stands
    /// where is said in the documentation of `client/layout.rs`.
    #[must_use]
    pub fn black_box(&self) -> &[u8] {
        self.ring.block()
    }

    /// Puts a record into the ring; if it must, others leave it for a batch, or are evicted. `None` when it had to be
    /// dropped itself.
    fn keep(&mut self, meta: &Meta, text: &[u8], now_ms: i64) -> Option<usize> {
        loop {
            if let Some(place) = self.ring.push(meta, text) {
                return Some(place);
            }
            if !self.clear(meta.level, now_ms) {
                break;
            }
        }
        let (drops, dedup) = (&mut self.drops, &mut self.dedup);
        self.ring.make_room(meta.level, text.len(), |gone| {
            dedup.left_ring(gone.slot, gone.number, None);
            drops.add(lost(&gone));
        });
        self.dedup.relocate(&self.ring);
        let place = self.ring.push(meta, text);
        if place.is_none() {
            self.drops.add(lost(meta));
        }
        self.note_drops(now_ms);
        place
    }

    fn close_window(&mut self, slot: usize, now_ms: i64) {
        let Some((meta, core)) = self.dedup.close(slot) else { return };
        if self.ring.push(&meta, core).is_none() {
            let core = core.to_vec();
            self.keep(&meta, &core, now_ms);
        }
    }

    /// What a reader of the block may declare.
    pub(super) fn mirror_drops(&mut self) {
        self.ring.put_drops(self.drops.counts());
    }

    pub(super) fn close_windows(&mut self, now_ms: i64, everything: bool) {
        while let Some(slot) = self.dedup.next_over(now_ms, everything) {
            self.close_window(slot, now_ms);
        }
        self.dedup.reckon();
    }
}

fn lost(meta: &Meta) -> DropCell {
    DropCell {
        level: meta.level,
        reason: DropReason::RingFull,
        count: u64::from(meta.calls),
        first_ms: meta.first_ms,
        last_ms: meta.last_ms,
    }
}
