//! The one writer: builds and numbers records, prints them, and group-commits them to the store.

mod full;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use telemetry::{Context, LogRecord};
use tokio::sync::oneshot;

use super::events::TelemetryEvent;
use super::output::Chunk;
use super::queue::Batch;
use super::queue::{Item, Numbered};
use super::teller::VERSION;
use super::{BatchOutcome, Output, Teller, say};
use crate::clock;
use crate::store::StoreError;
use crate::store::telemetry::{Commit, Group, TelemetryStore};

/// How long the writer waits for company before it commits, unless a browser waits for its answer: whoever comes while
/// that is committed is company enough for the next.
const GROUPING: Duration = Duration::from_millis(3);
/// Losses are declared at most this often, what was sampled away less often.
const DECLARE_EVERY: Duration = Duration::from_secs(1);
const SUPPRESSED_EVERY: Duration = Duration::from_secs(10);
/// Records of one transaction.
const COMMIT_RECORDS: usize = 4_096;
/// How long a closing writer tries a store that refuses.
const LAST_TRIES: Duration = Duration::from_secs(2);
/// A store that refuses is tried again after this long, doubled up to the second: when there is room again, nothing
/// waits for a second.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Within a second of there being room again everything goes on.
const _: () = assert!(LONGEST_PAUSE.as_millis() < 1_000);

/// Drains the queue until it is closed and empty.
#[derive(Clone)]
pub struct Writer {
    teller: Teller,
    store: TelemetryStore,
    output: Arc<Output>,
    /// Lines that stdout did not take since that was last told.
    stalled: Arc<AtomicU64>,
    /// Records taken from the queue and not yet written.
    in_hand: Arc<AtomicU64>,
}

type Reply = oneshot::Sender<BatchOutcome>;

impl Writer {
    /// A writer for the queue of `teller`.
    #[must_use]
    pub fn new(teller: Teller, store: TelemetryStore, output: Arc<Output>) -> Self {
        Self { teller, store, output, stalled: Arc::default(), in_hand: Arc::default() }
    }

    /// Writes until the teller is closed and everything told before is written; the last record declares what
    /// was lost.
    pub async fn run(self) {
        self.store.refuses(None);
        self.declare_lost().await;
        let (mut declared, mut suppressed) = (Instant::now(), Instant::now());
        loop {
            // The time limit is for losses: they must be declared even when nothing more is told.
            let _ = tokio::time::timeout(DECLARE_EVERY, self.teller.woken()).await;
            let _ = tokio::time::timeout(GROUPING, self.teller.urged()).await;
            let (items, closed) = self.teller.drain();
            // Until they are written they are in nobody's hands but these.
            self.in_hand.store(items.iter().map(Numbered::count).sum(), Ordering::Relaxed);
            let mut commit = Collected::default();
            for item in items {
                self.collect(&mut commit, item);
                if commit.size() >= COMMIT_RECORDS {
                    self.write(std::mem::take(&mut commit), closed).await;
                }
            }
            if closed || suppressed.elapsed() >= SUPPRESSED_EVERY {
                suppressed = Instant::now();
                self.declare_suppressed(&mut commit, closed);
            }
            if closed || declared.elapsed() >= DECLARE_EVERY {
                declared = Instant::now();
                self.declare(&mut commit, closed);
            }
            self.write(commit, closed).await;
            self.in_hand.store(0, Ordering::Relaxed);
            if closed {
                return;
            }
        }
    }

    /// What the writer before this one had in its hands when it panicked is gone, and says so.
    async fn declare_lost(&self) {
        let lost = self.in_hand.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let mut commit = Collected::default();
            self.add_own(&mut commit, &TelemetryEvent::lost(lost));
            self.teller.add_lost(lost);
            self.write(commit, false).await;
        }
    }

    fn collect(&self, commit: &mut Collected, Numbered { seq, item }: Numbered) {
        let boot_id = self.teller.boot_id();
        match item {
            Item::Record(mut record) => {
                record.number(boot_id, seq);
                commit.inner.add(*record);
            }
            Item::Event { event, context, at } => {
                commit.inner.add(LogRecord::build(&*event, &context, at, boot_id, seq, VERSION));
            }
            Item::Batch(batch) => self.collect_batch(commit, batch, seq),
            Item::Journal(journal) => {
                for (mut record, seq) in journal.records.into_iter().zip(seq..) {
                    record.number(boot_id, seq);
                    commit.inner.add(record);
                }
                commit.inner.tell_journal(journal.next_seq);
                commit.journal = Some(journal.reply);
            }
        }
    }

    /// Repeats are neither printed nor stored, and their numbers declared. What becomes of this one is known here: who
    /// writes is one.
    fn collect_batch(&self, commit: &mut Collected, batch: Batch, seq: u64) {
        let Batch { mut records, bid, tab, reply } = batch;
        let count = records.len() as u64;
        if commit.inner.has(&bid) || self.store.seen(&bid).unwrap_or_default() {
            commit.replies.push((reply, BatchOutcome::Duplicate));
            commit.repeated += count;
            return;
        }
        for (record, seq) in records.iter_mut().zip(seq..) {
            record.number(self.teller.boot_id(), seq);
        }
        if records.is_empty() {
            let (rejected, dropped) =
                tab.as_ref().map_or((0, 0), |tab| (tab.rejected, tab.drops.values().sum::<u64>()));
            let note = self.own(&TelemetryEvent::BatchNoted { bid: bid.clone(), rejected, dropped });
            commit.inner.add_note(bid, note, tab.as_ref());
        } else {
            commit.inner.add_batch(bid, records, tab.as_ref());
        }
        commit.replies.push((reply, BatchOutcome::Stored));
    }

    fn declare(&self, commit: &mut Collected, last: bool) {
        let lines = self.stalled.swap(0, Ordering::Relaxed);
        if lines > 0 {
            self.add_own(commit, &TelemetryEvent::OutputStalled { lines });
        }
        let shed = self.teller.take_shed();
        if shed.total() > 0 || last {
            self.add_own(commit, &TelemetryEvent::dropped(&shed, "queue_full", last));
        }
    }

    fn declare_suppressed(&self, commit: &mut Collected, last: bool) {
        let by_event = self.teller.take_suppressed();
        if !by_event.is_empty() || last {
            let count = by_event.values().sum();
            self.add_own(commit, &TelemetryEvent::Suppressed { count, by_event, last });
        }
    }

    fn add_own(&self, commit: &mut Collected, event: &TelemetryEvent) {
        commit.inner.add(self.own(event));
    }

    fn own(&self, event: &TelemetryEvent) -> LogRecord {
        let (boot_id, seq) = (self.teller.boot_id(), self.teller.take_number());
        LogRecord::build(event, &Context::default(), clock::now(), boot_id, seq, VERSION)
    }

    /// Prints, then appends; what browsers would send again is printed when it is there. A store that refuses is tried
    /// again until it takes the records, so that nothing is lost; meanwhile the queue fills up and sheds, counted.
    async fn write(&self, commit: Collected, closing: bool) {
        let Collected { inner, replies, journal, repeated } = commit;
        let mut group = inner.finish();
        if group.is_empty() && replies.is_empty() {
            return;
        }
        let (lines, own) = group.lines();
        self.print(&lines, 0..own);
        if !self.append(&mut group, closing).await {
            return;
        }
        self.print(&lines, own..lines.len());
        self.count(group.records(), repeated);
        if let Some(reply) = journal {
            // Nobody waits any more in a process that ends; the records are there all the same.
            let _ = reply.send(());
        }
        for (reply, outcome) in replies {
            // A handler that went away is answered by its repeat: the batch counts as seen.
            let _ = reply.send(outcome);
        }
    }

    /// Records are written, or were there already.
    fn count(&self, written: u64, repeated: u64) {
        self.teller.add_committed(written);
        let taken = written + repeated;
        let _ = self
            .in_hand
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some(held.saturating_sub(taken)));
        self.teller.add_repeated(repeated);
    }

    /// `false`: the store refused to the end.
    async fn append(&self, group: &mut Group, closing: bool) -> bool {
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        while let Err(error) = self.store.append(group).await {
            if pause == FIRST_PAUSE {
                self.refused(&error).await;
            }
            if error.is_full() {
                self.write_urgent(group).await;
            }
            if closing && started.elapsed() > LAST_TRIES {
                say(&format!("{} records could not be stored: {error}", group.records()));
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        if pause > FIRST_PAUSE {
            self.store.refuses(None);
            let outage_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.teller.tell(&TelemetryEvent::StoreRecovered { outage_ms }, &Context::default());
        }
        true
    }

    fn print(&self, bytes: &Arc<Vec<u8>>, part: std::ops::Range<usize>) {
        let count = memchr::memchr_iter(b'\n', &bytes[part.clone()]).count() as u64;
        if count > 0 && !self.output.try_send(Chunk { bytes: Arc::clone(bytes), part }) {
            self.stalled.fetch_add(count, Ordering::Relaxed);
        }
    }

    async fn refused(&self, error: &StoreError) {
        let failure = error.to_string();
        self.store.refuses(Some(&failure));
        let reserve_bytes = if error.is_full() { Some(self.store.room_left().await) } else { None };
        let waiting = self.teller.counts().waiting;
        let event = TelemetryEvent::StoreFailed { failure, waiting, reserve_bytes };
        self.teller.tell(&event, &Context::default());
    }
}

#[derive(Default)]
struct Collected {
    inner: Commit,
    replies: Vec<(Reply, BatchOutcome)>,
    journal: Option<oneshot::Sender<()>>,
    /// Records of batches that were there already.
    repeated: u64,
}

impl Collected {
    fn size(&self) -> usize {
        usize::try_from(self.inner.records()).unwrap_or(usize::MAX)
    }
}
