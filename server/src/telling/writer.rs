//! The one writer: builds and numbers records, prints them, and group-commits them to the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use telemetry::{Context, LogRecord};
use tokio::sync::oneshot;

use super::events::TelemetryEvent;
use super::queue::{Item, Numbered};
use super::teller::VERSION;
use super::{BatchOutcome, Output, Teller, say};
use crate::clock;
use crate::store::telemetry::{BatchCommit, Commit, Prepared, TelemetryStore};

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
            commit.inner.turned_away = lost;
            self.teller.add_lost(lost);
            self.write(commit, false).await;
        }
    }

    fn collect(&self, commit: &mut Collected, Numbered { seq, item }: Numbered) {
        let boot_id = self.teller.boot_id();
        match item {
            Item::Record(mut record) => {
                record.number(boot_id, seq);
                commit.inner.records.push(Prepared::from(*record));
            }
            Item::Event { event, context, at } => {
                let record = LogRecord::build(&*event, &context, at, boot_id, seq, VERSION);
                commit.inner.records.push(Prepared::from(record));
            }
            Item::Batch(batch) => {
                let numbered = batch.records.into_iter().zip(seq..).map(|(mut record, seq)| {
                    record.number(boot_id, seq);
                    Prepared::from(record)
                });
                let (bid, tab) = (batch.bid, batch.tab);
                commit.inner.batches.push(BatchCommit { bid, records: numbered.collect(), tab });
                commit.replies.push(batch.reply);
            }
            Item::Journal(journal) => {
                let numbered = journal.records.into_iter().zip(seq..).map(|(mut record, seq)| {
                    record.number(boot_id, seq);
                    Prepared::from(record)
                });
                commit.inner.records.extend(numbered);
                commit.inner.journal = Some(journal.next_seq);
                commit.journal = Some(journal.reply);
            }
        }
    }

    fn declare(&self, commit: &mut Collected, last: bool) {
        let lines = self.stalled.swap(0, Ordering::Relaxed);
        if lines > 0 {
            self.add_own(commit, &TelemetryEvent::OutputStalled { lines });
        }
        let shed = self.teller.take_shed();
        if shed.total() > 0 || last {
            self.add_own(commit, &TelemetryEvent::dropped(&shed, "queue_full", last));
            commit.inner.turned_away += shed.total();
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
        let (boot_id, seq) = (self.teller.boot_id(), self.teller.take_number());
        let record = LogRecord::build(event, &Context::default(), clock::now(), boot_id, seq, VERSION);
        commit.inner.records.push(Prepared::from(record));
    }

    /// Prints, then commits; of browser batches only what was new. A store that refuses is tried again until it takes the records, so that nothing
    /// is lost; meanwhile the queue fills up and sheds, counted.
    async fn write(&self, commit: Collected, closing: bool) {
        let Collected { inner, replies, journal } = commit;
        if inner.records.is_empty() && inner.batches.is_empty() && inner.journal.is_none() {
            return;
        }
        self.print(&inner.records);
        let started = Instant::now();
        let mut pause = Duration::from_millis(50);
        let fresh = loop {
            match self.store.append(&inner).await {
                Ok(fresh) => break fresh,
                Err(error) => {
                    if pause == Duration::from_millis(50) {
                        self.refused(&error.to_string());
                    }
                    if closing && started.elapsed() > LAST_TRIES {
                        say(&format!("{} records could not be stored: {error}", inner.records.len()));
                        return;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            }
        };
        if pause > Duration::from_millis(50) {
            self.store.refuses(None);
            let outage_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.teller.tell(&TelemetryEvent::StoreRecovered { outage_ms }, &Context::default());
        }
        // Only now is it known which batches are repeats: those are neither printed nor stored, and their numbers declared.
        let (mut batched, mut repeated) = (0, 0);
        for (batch, is_new) in inner.batches.iter().zip(&fresh) {
            *if *is_new { &mut batched } else { &mut repeated } += batch.records.len();
        }
        let kept = inner.batches.iter().zip(&fresh).filter(|(_, is_new)| **is_new);
        self.print(kept.flat_map(|(batch, _)| &batch.records));
        let written = (inner.records.len() + batched) as u64;
        self.teller.add_committed(written);
        let taken = written + repeated as u64;
        let _ = self
            .in_hand
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some(held.saturating_sub(taken)));
        self.teller.add_repeated(repeated as u64);
        if let Some(reply) = journal {
            // Nobody waits any more in a process that ends; the cursor is moved all the same.
            let _ = reply.send(());
        }
        for (is_new, reply) in fresh.into_iter().zip(replies) {
            // A handler that went away is answered by its repeat: the batch counts as seen.
            let _ = reply.send(if is_new { BatchOutcome::Stored } else { BatchOutcome::Duplicate });
        }
    }

    fn print<'a>(&self, records: impl IntoIterator<Item = &'a Prepared>) {
        let (mut lines, mut count) = (Vec::new(), 0);
        for prepared in records {
            lines.extend_from_slice(prepared.line.as_bytes());
            lines.push(b'\n');
            count += 1;
        }
        if count > 0 && !self.output.try_send(lines) {
            self.stalled.fetch_add(count, Ordering::Relaxed);
        }
    }

    fn refused(&self, failure: &str) {
        self.store.refuses(Some(failure));
        let waiting = self.teller.counts().waiting;
        let event = TelemetryEvent::StoreFailed { failure: failure.to_owned(), waiting };
        self.teller.tell(&event, &Context::default());
    }
}

#[derive(Default)]
struct Collected {
    inner: Commit,
    replies: Vec<Reply>,
    journal: Option<oneshot::Sender<()>>,
}

impl Collected {
    fn size(&self) -> usize {
        self.inner.records.len() + self.inner.batches.iter().map(|batch| batch.records.len()).sum::<usize>()
    }
}
