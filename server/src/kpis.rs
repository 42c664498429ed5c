//! Key figures of the machine, kept as things happen: a task follows the journal by a cursor of its own, takes what the
//! venue client counted, and closes a span each minute. Spans stand in a file of lines, so that they survive a restart; what
//! follows from the journal is made again where the file is gone. Nothing here can keep anybody from trading.

mod book;
mod file;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Micros;
use model::kpis::{Kpis, RecordCounts, kpis};

use crate::clock;
use crate::health::Health;
use crate::store::trading::TradingStore;
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::venue::{GapTimes, Rest};
use book::Book;
use file::SpanFile;

/// How often the journal is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The span that runs is kept every so many looks: a kill takes no more of what no journal holds.
const KEEP_EVERY: u32 = 5;
/// Decisions that are looked at once.
const CHUNK: i64 = 500;
/// The part in health.
const PART: &str = "kpis";

/// The figures; cheap to clone.
#[derive(Clone)]
pub struct KpiKeeper {
    store: TradingStore,
    rest: Rest,
    gaps: GapTimes,
    teller: Teller,
    health: Health,
    book: Arc<Mutex<Book>>,
}

impl KpiKeeper {
    /// Reads what was kept. A file that cannot be read is set aside; figures begin anew then.
    #[must_use]
    pub fn new(
        dir: &Path,
        store: TradingStore,
        rest: Rest,
        gaps: GapTimes,
        teller: Teller,
        health: Health,
    ) -> Self {
        let (file, spans, trouble) = SpanFile::open(dir, clock::now());
        if let Some(why) = trouble {
            health.degraded(PART, why);
        }
        let mut book = Book::new(file, spans);
        // Without a file from the beginning of the journal, as far as it is there.
        book.begin_at(1);
        Self { store, rest, gaps, teller, health, book: Arc::new(Mutex::new(book)) }
    }

    /// Runs until the server stops; what is counted by then is kept.
    pub async fn run(self, mut stop: Stop) {
        let mut told = RecordCounts::default();
        for turn in 1_u32.. {
            let stopped = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = stop.stopped() => true,
            };
            self.turn(&mut told).await;
            if stopped {
                let closed = self.book().close();
                self.note(closed);
                return;
            }
            if turn.is_multiple_of(KEEP_EVERY) {
                // What keeps it from being kept keeps the minute from being closed, and is said then.
                let _ = self.book().keep();
            }
        }
    }

    /// Everything that happened since the last turn.
    async fn turn(&self, told: &mut RecordCounts) {
        // A journal that cannot be read is told by itself, and read on later.
        while let Ok(page) = self.store.page_from(self.next_seq().await, CHUNK).await {
            let Some(after) = page.next_seq else { break };
            let closed = self.book().decisions(&page.records, after);
            self.note(closed);
        }
        let now = clock::now();
        let closed = self.book().pass(now);
        self.note(closed);
        for (call, calls) in self.rest.take_calls() {
            self.book().calls(now, call, &calls);
        }
        for (symbol, gaps) in self.gaps.take() {
            self.book().gaps(now, symbol, &gaps);
        }
        let counts = self.teller.counts();
        let all = RecordCounts {
            told: counts.enqueued,
            stored: counts.committed,
            sampled: counts.suppressed,
            shed: counts.shed,
        };
        self.book().records(now, told, &all);
        *told = all;
    }

    /// Where the journal is read on, never behind its end: it may have been put back from an older copy.
    async fn next_seq(&self) -> u64 {
        let known = self.book().next_seq();
        let last = self.store.last().await.unwrap_or_default();
        known.unwrap_or(last + 1).min(last + 1)
    }

    fn note(&self, closed: Result<(), std::io::Error>) {
        match closed {
            Ok(()) => self.health.up(PART),
            Err(error) => self.health.degraded(PART, format!("figures cannot be kept: {error}")),
        }
    }

    /// The figures of a time, the minute that runs included.
    #[must_use]
    pub fn figures(&self, from: Micros, to: Micros) -> Kpis {
        let book = self.book();
        kpis(book.spans(), from, to)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
