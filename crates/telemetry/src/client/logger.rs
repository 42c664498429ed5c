//! The logger: numbers every call, deduplicates, limits, buffers, seals, and hands over to the outbox.

use super::{
    batch::Head,
    dedup::Dedup,
    drops::{DropCell, Drops},
    encode::Encoder,
    entry::Entry,
    json::push_text,
    limiter::Limiter,
    outbox::{Auth, Effect, Outbox, Outcome},
    ring::{ARENAS, Meta, NO_SLOT, Ring},
    settle::Moment,
};
use crate::{DropReason, Level};

const FLUSH_MS: i64 = 5_000;

/// Who and where the logger is.
#[derive(Clone, Debug)]
pub struct LoggerConfig {
    /// Browser session: 128 random bits as text, kept over pages.
    pub client_session_id: String,
    /// This page load.
    pub tab_id: String,
    pub app_name: String,
    pub release: String,
    pub build_id: String,
    pub environment: String,
    /// 128 random bits; batch ids derive from them.
    pub seed: u128,
    /// Lowest level that is told.
    pub level: Level,
    pub auth: Auth,
    pub gzip: bool,
    /// True when the driver serves the spool effects.
    pub spool: bool,
}

/// What happened outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The task that logged has ended.
    Microtask,
    /// The moment of `Effect::WakeAt` has come.
    Wake,
    /// The page becomes hidden, frozen or unloaded: everything leaves now, synchronously.
    Hide,
    /// The network, or the page, is back.
    Online,
    SignedIn,
    SignedOut,
    /// A request has ended. `jitter`: uniform over its range.
    Settled {
        bid: String,
        outcome: Outcome,
        jitter: u16,
    },
    /// Where the page stands: route pattern, visibility, network type, language, viewport in CSS pixels.
    Page {
        route: String,
        visible: bool,
        net: String,
        lang: String,
        viewport: [u32; 2],
    },
    /// A call came while the logger itself was running.
    Reentrant(Level),
}

/// The books. `calls = told + declared + held`, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// Calls that took a number.
    pub calls: u64,
    /// Calls in records that the server acknowledged.
    pub told: u64,
    /// Lost calls whose declaration the server acknowledged.
    pub declared: u64,
    /// Calls in the ring, in open windows, in batches, and losses not yet declared.
    pub held: u64,
}

/// See the module.
pub struct Logger {
    pub(super) ring: Ring,
    pub(super) dedup: Dedup,
    pub(super) limiter: Limiter,
    pub(super) encoder: Encoder,
    pub(super) drops: Drops,
    pub(super) outbox: Outbox,
    pub(super) level: Level,
    pub(super) debug_until_ms: i64,
    pub(super) flush_after_ms: i64,
    pub(super) flush_due_ms: Option<i64>,
    pub(super) drops_due_ms: Option<i64>,
    pub(super) microtask: bool,
    pub(super) wake_told: Option<i64>,
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
        let limiter = Limiter::new(&config.client_session_id, now_ms);
        let head = Head {
            sid: config.client_session_id,
            tid: config.tab_id,
            app: String::from_utf8(app).unwrap_or_default(),
            page: "{}".to_owned(),
            gzip: config.gzip,
        };
        Self {
            ring: Ring::new(),
            dedup: Dedup::new(),
            limiter,
            encoder: Encoder::new(),
            drops: Drops::default(),
            outbox: Outbox::new(head, config.seed, config.auth, config.spool, now_ms),
            level: config.level,
            debug_until_ms: i64::MIN,
            flush_after_ms: FLUSH_MS,
            flush_due_ms: None,
            drops_due_ms: None,
            microtask: false,
            wake_told: None,
        }
    }

    /// False: a call of this level would take no number. Ask before gathering fields.
    #[must_use]
    pub fn enabled(&self, level: Level, now_ms: i64) -> bool {
        let opened = level >= Level::Debug && now_ms < self.debug_until_ms;
        (level >= self.level || opened) && self.outbox.halt.is_none()
    }

    /// One call. Never compresses and never sends, unless it is fatal.
    pub fn log(&mut self, now_ms: i64, entry: &Entry<'_>) {
        if !self.enabled(entry.level, now_ms) {
            return;
        }
        let number = self.ring.take_number();
        let key = entry.dedup_key();
        if let Some(slot) = self.dedup.find(key) {
            if !self.dedup.is_over(slot, now_ms) {
                return self.dedup.repeat(slot, number, now_ms, &mut self.ring);
            }
            self.close_window(slot);
        }
        if let Some(reason) = self.limiter.refuse(now_ms, entry.level, entry.callsite_key()) {
            return self.drop_one(entry.level, reason, now_ms);
        }
        let Some(core) = self.encoder.encode(entry, key, self.limiter.info_permille) else {
            return self.drop_one(entry.level, DropReason::Oversize, now_ms);
        };
        let slot = self.dedup.choose(key);
        self.close_window(slot);
        let meta = Meta {
            level: entry.level,
            number,
            first_ms: now_ms,
            last_ms: now_ms,
            calls: 1,
            slot: u16::try_from(slot).unwrap_or(NO_SLOT),
            core,
        };
        let text = std::mem::take(&mut self.encoder.out);
        if let Some(place) = self.keep(&meta, &text) {
            self.dedup.open(slot, key, entry.level, number, now_ms, place);
        }
        self.encoder.out = text;
        self.plan_flush(entry.level, now_ms);
    }

    /// Something happened outside.
    pub fn on(&mut self, now_ms: i64, input: Input) {
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
        if self.flush_due_ms.is_none() && self.has_tellable() {
            self.flush_due_ms = Some(now_ms.saturating_add(self.flush_after_ms));
        }
    }

    /// The next thing to do; call until `None` after every `log` that may matter and every `on`.
    pub fn poll(&mut self, now_ms: i64) -> Option<Effect> {
        if let Some(effect) = self.outbox.effects.pop_front() {
            return Some(effect);
        }
        let may_seal = self.outbox.has_room() && self.arenas() > 0;
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

    /// The ring's memory, whose address and size never change: for a black-box reader after a trap.
    #[must_use]
    pub fn black_box(&self) -> &[u8] {
        self.ring.block()
    }

    /// Puts a record into the ring, evicting others if it must; `None` when it had to be dropped itself.
    fn keep(&mut self, meta: &Meta, text: &[u8]) -> Option<usize> {
        if let Some(place) = self.ring.push(meta, text) {
            return Some(place);
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
        place
    }

    fn close_window(&mut self, slot: usize) {
        let Some(closed) = self.dedup.close(slot) else { return };
        let meta = Meta {
            level: closed.level,
            number: closed.first_number,
            first_ms: closed.first_ms,
            last_ms: closed.last_ms(),
            calls: closed.calls,
            slot: NO_SLOT,
            core: closed.core.len(),
        };
        self.keep(&meta, &closed.core);
    }

    pub(super) fn close_windows(&mut self, now_ms: i64, everything: bool) {
        while let Some(slot) = self.dedup.next_over(now_ms, everything) {
            self.close_window(slot);
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
