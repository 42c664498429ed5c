//! Tells the journal as log records. It follows the journal by a cursor that moves in the transaction that stores the
//! records: whenever the process ends, each decision is told exactly once, and none before it is on disk.

use std::sync::Arc;
use std::time::Duration;

use model::{DecisionRecord, TradingState};
use telemetry::{Context, LogRecord};
use tokio::sync::Mutex;

use crate::health::Health;
use crate::store::StoreError;
use crate::store::telemetry::TelemetryStore;
use crate::store::trading::TradingStore;
use crate::tasks::Stop;
use crate::telling::{Teller, say};
use crate::trading::events::TradingEvent;
use crate::trading::history::folded;
use crate::trading::{FeedHub, decision_lines};

/// Decisions that are told at once.
const CHUNK: u64 = 500;
/// A log that begins anew tells no more of the past than this.
const PAST_MAX: u64 = 10_000;
/// What failed is tried again after this long.
const AGAIN: Duration = Duration::from_millis(500);
/// Company is waited for: a commit for each decision would cost more than they are worth.
const GROUPING: Duration = Duration::from_millis(20);

/// The part of `Health` that says whether the journal is the one that was told, until the next start.
const END: &str = "journal_end";

/// The task; cheap to clone.
#[derive(Clone)]
pub struct JournalLog {
    store: TradingStore,
    records: TelemetryStore,
    teller: Teller,
    health: Health,
    hub: FeedHub,
    /// The decision that is told next; `None` until it was read.
    next_seq: Arc<Mutex<Option<u64>>>,
}

impl JournalLog {
    #[must_use]
    pub fn new(
        store: TradingStore,
        records: TelemetryStore,
        teller: Teller,
        health: Health,
        hub: FeedHub,
    ) -> Self {
        Self { store, records, teller, health, hub, next_seq: Arc::default() }
    }

    /// Reads how far it was told. Called before anything new is decided: a journal that was put back from an older
    /// copy has told already whatever is in it.
    pub async fn begin(&self) -> Result<(), StoreError> {
        let mut next_seq = self.next_seq.lock().await;
        if next_seq.is_none() {
            let last = self.store.last().await?;
            let told = self.records.journal_cursor().await?;
            self.compare(last, told);
            *next_seq = Some(told.unwrap_or((last + 1).saturating_sub(PAST_MAX).max(1)).min(last + 1));
        }
        Ok(())
    }

    /// A journal that ends before what was told of it is not the one that was traded on.
    fn compare(&self, last: u64, told: Option<u64>) {
        let Some(told_seq) = told.map(|next| next.saturating_sub(1)).filter(|told| *told > last) else {
            return;
        };
        let event = TradingEvent::JournalBehind { last_seq: last, told_seq };
        let words = telemetry::Event::message(&event);
        say(&words);
        self.health.degraded(END, words);
        self.teller.tell(&event, &Context::default());
    }

    /// Runs until the server stops.
    pub async fn run(self, mut stop: Stop) {
        let mut head = self.store.head();
        loop {
            let pause = match self.catch_up().await {
                Ok(()) => GROUPING,
                Err(_told_by_the_store) => AGAIN,
            };
            tokio::select! {
                () = stop.stopped() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if pause == GROUPING {
                tokio::select! {
                    () = stop.stopped() => return,
                    changed = head.changed() => if changed.is_err() { return },
                }
            }
        }
    }

    /// Tells everything that is on disk.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.begin().await?;
        let mut cursor = self.next_seq.lock().await;
        while let Some(next_seq) = *cursor {
            let page = self.store.page_from(next_seq, i64::try_from(CHUNK).unwrap_or(500)).await?;
            let Some(after) = page.next_seq else { break };
            let mut records = Vec::new();
            for record in page.records.iter().filter(|record| self.teller.enabled(level(record))) {
                records.push(self.line(record).await?);
            }
            records.retain_mut(|record| self.teller.admits_journal(record));
            if self.teller.commit_journal(records, after).await.is_err() {
                // The writer has ended; the next process goes on from here.
                break;
            }
            *cursor = Some(after);
        }
        Ok(())
    }
}

impl JournalLog {
    async fn line(&self, record: &DecisionRecord) -> Result<LogRecord, StoreError> {
        let mut line = decision_lines::line(record, self.teller.sessions());
        if let Some(id) = record.session_id.as_ref().filter(|_| decision_lines::is_summary(record)) {
            // The feed knows a session for as long as it is shown; the journal for as long as it is kept.
            let mut conclude = |state: &TradingState| {
                let session = state.session(id).filter(|session| session.summary.is_some());
                session.map(|session| decision_lines::conclude(&mut line, session))
            };
            if self.hub.look(|state, _| conclude(state)).is_none()
                && let Some(state) = folded(&self.store, id, record.seq).await?
            {
                conclude(&state);
            }
        }
        Ok(line)
    }
}

fn level(record: &model::DecisionRecord) -> telemetry::Level {
    telemetry::Event::level(&record.decision)
}
