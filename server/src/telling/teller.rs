//! `Teller`: the handle through which everything is told. Cheap to clone, never waits, never fails.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use telemetry::{Context, Event, Level, LogRecord, Micros, Source};
use tokio::sync::{Notify, oneshot};

use super::levels::{Levels, TargetLevel};
use super::queue::{Batch, Item, Journal, Numbered, Queue, Shed};
use super::sampler::{self, Sampler};
use super::tap::Tap;
use crate::sessions::SessionContext;
use crate::store::telemetry::TabEntry;
use crate::{clock, correlation};

/// The version that stands on every record.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Under which word repeats of browser batches are declared.
const REPEATED: &str = "repeated_batch";

/// What became of a browser batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// Committed to the store.
    Stored,
    /// A batch of the same id was committed before; nothing was stored.
    Duplicate,
}

/// The queue or the store has no room, or the server stops: try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Counts since the start, for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub enqueued: u64,
    pub filtered: u64,
    pub shed: u64,
    /// Not told because of sampling; declared by name.
    pub suppressed: u64,
    pub committed: u64,
    pub waiting: u64,
}

/// Handle to the queue of records.
#[derive(Clone)]
pub struct Teller {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    sampler: Mutex<Sampler>,
    sessions: SessionContext,
    tap: Tap,
    wake: Notify,
    /// Somebody waits for an answer.
    urge: Notify,
    boot_id: String,
    levels: Levels,
    /// Who wants to know the level of what libraries say, and whether it was asked for.
    on_levels: OnceLock<Box<dyn Fn(Level, bool) + Send + Sync>>,
    filtered: AtomicU64,
    enqueued: AtomicU64,
    shed: AtomicU64,
    suppressed: AtomicU64,
    committed: AtomicU64,
}

impl Teller {
    /// A teller whose records wait for [`super::Writer`]. Each process has a `boot_id` of its own.
    #[must_use]
    pub fn new(level: Level, queue_records: usize) -> Self {
        let boot_id = uuid::Uuid::now_v7().simple().to_string();
        Self {
            shared: Arc::new(Shared {
                queue: Mutex::new(Queue::new(queue_records)),
                sampler: Mutex::default(),
                sessions: SessionContext::default(),
                tap: Tap::default(),
                wake: Notify::new(),
                urge: Notify::new(),
                boot_id,
                levels: Levels::new(level),
                on_levels: OnceLock::new(),
                filtered: AtomicU64::new(0),
                enqueued: AtomicU64::new(0),
                shed: AtomicU64::new(0),
                suppressed: AtomicU64::new(0),
                committed: AtomicU64::new(0),
            }),
        }
    }

    /// Tells what happened just now. A context without a correlation id gets the one of the running task.
    pub fn tell(&self, event: &dyn Event, context: &Context) {
        self.tell_at(event, context, clock::now());
    }

    /// Tells what happened at a moment that the caller knows.
    pub fn tell_at(&self, event: &dyn Event, context: &Context, at: Micros) {
        self.shared.tap.event(event, context, at);
        if self.passes(event.name(), event.source(), event.level()) {
            let mut record = LogRecord::build(event, context, at, "", 0, VERSION);
            correlation::dress(&mut record);
            self.push_record(record);
        }
    }

    /// Tells what anybody may cause as often as he likes: beyond a rate it is only counted, and its number declared.
    pub fn tell_of_strangers(&self, event: &dyn Event, context: &Context) {
        let level = event.level();
        let errs = level >= Level::Error;
        let admits = || self.sampler().admits(event.name(), std::time::Instant::now()).is_some();
        if errs || !self.tells(event.name(), event.source(), level) || admits() {
            // What does not pass is counted there.
            return self.tell(event, context);
        }
        self.suppress();
    }

    /// The cheapest way: the record is built by the writer. For the trading task.
    pub fn tell_later(&self, event: Box<dyn Event + Send>, context: &Arc<Context>, at: Micros) {
        self.shared.tap.event(&*event, context, at);
        let (name, level, source) = (event.name(), event.level(), event.source());
        if self.passes(name, source, level) {
            self.push(name, level, source, |_| Item::Event { event, context: Arc::clone(context), at });
        }
    }

    /// Tells a record that was built elsewhere; it is numbered here.
    pub fn tell_record(&self, record: LogRecord) {
        self.shared.tap.record(&record);
        if self.passes(&record.event, record.source, record.level) {
            self.push_record(record);
        }
    }

    /// Whether any record of this level would be told.
    #[must_use]
    pub fn enabled(&self, level: Level) -> bool {
        self.shared.levels.any(level)
    }

    /// Whether this record would be told.
    #[must_use]
    pub fn tells(&self, name: &str, source: Source, level: Level) -> bool {
        self.shared.levels.passes(name, source, level)
    }

    /// Whether it is worth making a record of it: it is told, or the rules of alerts look at it.
    #[must_use]
    pub fn wants(&self, event: &dyn Event) -> bool {
        self.shared.tap.watches(event.name()) || self.tells(event.name(), event.source(), event.level())
    }

    /// The level of everything that has none of its own.
    #[must_use]
    pub fn usual_level(&self) -> Level {
        self.shared.levels.usual()
    }

    /// Gives targets levels of their own, in place of those before.
    pub fn set_levels(&self, targets: Vec<TargetLevel>) {
        self.shared.levels.set(targets);
        if let Some(told) = self.shared.on_levels.get() {
            let (libraries, asked_for) = self.shared.levels.of_libraries();
            told(libraries, asked_for);
        }
    }

    /// Calls back with the level of what libraries say, now and whenever levels are set; the first who asks is called.
    pub(super) fn on_levels(&self, told: impl Fn(Level, bool) + Send + Sync + 'static) {
        let (libraries, asked_for) = self.shared.levels.of_libraries();
        told(libraries, asked_for);
        let _ = self.shared.on_levels.set(Box::new(told));
    }

    /// Whether a record of the journal is told, by its level and by sampling, with its rate. Nothing but the record decides
    /// on sampling: whoever tells it again after a kill comes to the same.
    #[must_use]
    pub fn admits_journal(&self, record: &mut LogRecord) -> bool {
        if !self.tells(&record.event, record.source, record.level) {
            return false;
        }
        let Some(seq) = record.decision_seq else { return true };
        if let Some(many) = sampler::one_in(&record.event, record.level) {
            record.sample_rate = Some(1.0 / many as f64);
        }
        if !sampler::samples_away(&record.event, record.level, seq) {
            return true;
        }
        self.sampler().add(&record.event, 1);
        self.suppress();
        false
    }

    /// What the rules of alerts look at.
    #[must_use]
    pub fn tap(&self) -> &Tap {
        &self.shared.tap
    }

    /// The id of this process, the first half of every `event_id`.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        &self.shared.boot_id
    }

    /// Which trading session a line belongs to that names none itself.
    #[must_use]
    pub fn sessions(&self) -> &SessionContext {
        &self.shared.sessions
    }

    /// How full the room for browser batches is, 0 to 1.
    #[must_use]
    pub fn batch_share(&self) -> f64 {
        self.lock().batch_share()
    }

    /// Stores the records of a browser batch, its id and the books of its tab in one transaction, and waits for the commit. The level
    /// filter does not apply: what a browser may send is said in the answer to its batches.
    pub async fn commit_batch(
        &self,
        records: Vec<LogRecord>,
        bid: String,
        tab: Option<TabEntry>,
    ) -> Result<BatchOutcome, Refused> {
        let (reply, committed) = oneshot::channel();
        let count = records.len() as u64;
        self.lock().push_batch(Batch { records, bid, tab, reply })?;
        self.shared.enqueued.fetch_add(count, Ordering::Relaxed);
        self.shared.urge.notify_one();
        self.shared.wake.notify_one();
        committed.await.map_err(|_| Refused)
    }

    /// Stores records of the trading journal and how far it has been told in one transaction, and waits for the
    /// commit. What the level leaves out is left out by the caller.
    pub async fn commit_journal(&self, records: Vec<LogRecord>, next_seq: u64) -> Result<(), Refused> {
        let (reply, committed) = oneshot::channel();
        let count = records.len() as u64;
        self.lock().push_journal(Journal { records, next_seq, reply }).map_err(|_| Refused)?;
        self.shared.enqueued.fetch_add(count, Ordering::Relaxed);
        self.shared.wake.notify_one();
        committed.await.map_err(|_| Refused)
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> Told {
        let shared = &self.shared;
        Told {
            enqueued: shared.enqueued.load(Ordering::Relaxed),
            filtered: shared.filtered.load(Ordering::Relaxed),
            shed: shared.shed.load(Ordering::Relaxed),
            suppressed: shared.suppressed.load(Ordering::Relaxed),
            committed: shared.committed.load(Ordering::Relaxed),
            waiting: self.lock().len() as u64,
        }
    }

    /// Closes the intake: what is told from now on is lost without a number, and the writer ends when the queue
    /// is empty.
    pub fn close(&self) {
        self.lock().closed = true;
        self.shared.wake.notify_one();
    }

    /// Blocks this thread until everything told so far is committed, or the time is over. Only for a process
    /// that is about to end.
    pub fn flush_blocking(&self, at_most: std::time::Duration) {
        let target = self.shared.enqueued.load(Ordering::Relaxed);
        let started = std::time::Instant::now();
        let done = || {
            let shared = &self.shared;
            let counted = [&shared.committed, &shared.shed, &shared.suppressed];
            counted.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>() >= target
        };
        while !done() && started.elapsed() < at_most {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    fn passes(&self, name: &str, source: Source, level: Level) -> bool {
        let passes = self.tells(name, source, level);
        if !passes {
            self.shared.filtered.fetch_add(1, Ordering::Relaxed);
        }
        passes
    }

    fn push_record(&self, mut record: LogRecord) {
        let (name, level, source) = (record.event.clone(), record.level, record.source);
        self.push(&name, level, source, move |rate| {
            record.sample_rate = rate.or(record.sample_rate);
            Item::Record(Box::new(record))
        });
    }

    fn push(&self, name: &str, level: Level, source: Source, item: impl FnOnce(Option<f64>) -> Item) {
        // Audit records, orders, exits and errors stand above debug and are never sampled.
        let rate = if level <= Level::Debug && source != Source::Audit {
            let Some(rate) = self.sampler().admits(name, std::time::Instant::now()) else {
                return self.suppress();
            };
            rate
        } else {
            None
        };
        {
            let mut queue = self.lock();
            if queue.closed {
                return;
            }
            queue.push(level, source, item(rate));
        }
        self.shared.enqueued.fetch_add(1, Ordering::Relaxed);
        self.shared.wake.notify_one();
    }

    /// What is left out took a number; the writer declares how many did.
    fn suppress(&self) {
        let mut queue = self.lock();
        if queue.closed {
            return;
        }
        queue.take_number();
        self.shared.suppressed.fetch_add(1, Ordering::Relaxed);
        self.shared.enqueued.fetch_add(1, Ordering::Relaxed);
        self.shared.wake.notify_one();
    }

    fn sampler(&self) -> MutexGuard<'_, Sampler> {
        self.shared.sampler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic while the lock is held leaves the queue whole: every method of it ends in a valid state.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // For the writer.

    pub(super) async fn woken(&self) {
        self.shared.wake.notified().await;
    }

    pub(super) async fn urged(&self) {
        self.shared.urge.notified().await;
    }

    pub(super) fn drain(&self) -> (Vec<Numbered>, bool) {
        let mut queue = self.lock();
        (queue.drain(), queue.closed)
    }

    pub(super) fn drain_protected(&self) -> Vec<Numbered> {
        self.lock().drain_protected()
    }

    pub(super) fn take_shed(&self) -> Shed {
        let shed = self.lock().take_shed();
        self.shared.shed.fetch_add(shed.total(), Ordering::Relaxed);
        shed
    }

    /// Records of browser batches that were there already: their numbers are declared with what was suppressed.
    pub(super) fn add_repeated(&self, count: u64) {
        if count > 0 {
            self.sampler().add(REPEATED, count);
            self.shared.suppressed.fetch_add(count, Ordering::Relaxed);
        }
    }

    pub(super) fn take_suppressed(&self) -> BTreeMap<String, u64> {
        self.sampler().take()
    }

    pub(super) fn take_number(&self) -> u64 {
        self.shared.enqueued.fetch_add(1, Ordering::Relaxed);
        self.lock().take_number()
    }

    pub(super) fn add_lost(&self, count: u64) {
        self.shared.shed.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn add_committed(&self, count: u64) {
        self.shared.committed.fetch_add(count, Ordering::Relaxed);
    }
}
