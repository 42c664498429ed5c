//! The ledger between the engine and its effects: steps are appended to the journal, and only then do commands
//! leave, answers go out and readers hear. While the journal fails, steps wait in order and only exits leave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{DecisionRecord, TradingState};
use telemetry::{Context, Event as _};
use tokio::sync::oneshot;

use super::DriverParts;
use crate::store::trading::{Entry, Permit};
use crate::telling::VERSION;
use crate::trading::Accepted;
use crate::trading::events::TradingEvent;
use crate::trading::executor::Handed;
use crate::trading::operator::RequestError;

/// A snapshot is kept after this many decisions: a restart folds no more than about that.
const SNAPSHOT_EVERY: usize = 2_000;
/// A request waits this long for a failing journal, then its caller is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// While the journal fails, it is tried again after this long.
const AGAIN: Duration = Duration::from_millis(200);
/// The part of `Health` that says whether the journal is written.
const JOURNAL: &str = "journal";

type Reply = (oneshot::Sender<Result<Accepted, RequestError>>, Accepted, bool);

/// A request whose step is not yet durable.
struct Waiting {
    reply: oneshot::Sender<Result<Accepted, RequestError>>,
    accepted: Accepted,
    since: Instant,
    /// Answered whether or not the journal can be written.
    urgent: bool,
}

pub(super) struct Ledger {
    parts: DriverParts,
    /// Steps that are not on disk, oldest first.
    entries: Vec<Entry>,
    /// How many of them have had their effects already, because the journal failed.
    released: usize,
    waiting: Vec<Waiting>,
    failing: Option<Instant>,
    tried: Option<Instant>,
    since_snapshot: usize,
}

impl Ledger {
    pub(super) fn new(parts: DriverParts, since_snapshot: usize) -> Self {
        parts.health.up(JOURNAL);
        Self {
            parts,
            entries: Vec::new(),
            released: 0,
            waiting: Vec::new(),
            failing: None,
            tried: None,
            since_snapshot,
        }
    }

    /// Adds a step, with where its answer goes.
    pub(super) fn add(&mut self, entry: Entry, reply: Option<Reply>) {
        // A repeated request that changed nothing has nothing to journal, but its answer is kept.
        if entry.decisions.is_empty() && entry.answer.is_none() {
            if let Some((reply, accepted, _)) = reply {
                // Whoever asked may be gone.
                let _ = reply.send(Ok(accepted));
            }
            return;
        }
        self.entries.push(entry);
        if let Some((reply, accepted, urgent)) = reply {
            self.waiting.push(Waiting { reply, accepted, since: Instant::now(), urgent });
        }
    }

    /// Whether the journal could not be written when it was last tried.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// Appends what waits, then releases commands, answers and readers.
    pub(super) async fn settle(&mut self, state: &TradingState, numbers: (u64, u64)) {
        if self.entries.is_empty() {
            return;
        }
        let recently = self.failing.is_some() && self.tried.is_some_and(|at| at.elapsed() < AGAIN);
        let permit = if recently { Permit::ExitsOnly } else { self.append(state, numbers).await };
        self.release(permit);
        if permit == Permit::All {
            self.entries.clear();
            self.released = 0;
            for waiting in self.waiting.drain(..) {
                let _ = waiting.reply.send(Ok(waiting.accepted));
            }
        } else {
            self.give_up_waiting();
        }
    }

    async fn append(&mut self, state: &TradingState, numbers: (u64, u64)) -> Permit {
        self.tried = Some(Instant::now());
        let decisions: usize = self.entries.iter().map(|entry| entry.decisions.len()).sum();
        let due = self.since_snapshot + decisions >= SNAPSHOT_EVERY;
        match self.parts.store.append(&self.entries, state, due.then_some(numbers)).await {
            Ok(()) => {
                self.since_snapshot = if due { 0 } else { self.since_snapshot + decisions };
                if let Some(since) = self.failing.take() {
                    let outage_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                    let event = TradingEvent::JournalRestored { outage_ms, appended: self.entries.len() };
                    self.parts.teller.tell(&event, &Context::default());
                    self.parts.health.up(JOURNAL);
                }
                Permit::All
            }
            Err(error) => {
                if self.failing.is_none() {
                    self.failing = Some(Instant::now());
                    let failure = error.to_string();
                    self.parts.health.down(JOURNAL, failure.clone());
                    // The last resort of a logbook that cannot be written: people.
                    eprintln!("deltascope: the journal cannot be written, only exits leave: {failure}");
                    let event = TradingEvent::JournalFailed { failure, waiting: self.entries.len() };
                    self.parts.teller.tell(&event, &Context::default());
                }
                Permit::ExitsOnly
            }
        }
    }

    /// Commands leave and readers hear, once for each step.
    fn release(&mut self, permit: Permit) {
        let mut records = Vec::new();
        for entry in &self.entries[self.released..] {
            records.extend(entry.decisions.iter().cloned().map(Arc::new));
        }
        self.released = self.entries.len();
        for record in &records {
            if let Some(command) = record.decision.command() {
                self.parts.executor.hand(Handed { command, record: Arc::clone(record), permit });
            }
        }
        self.parts.hub.publish(&records);
        for record in &records {
            self.tell(record);
        }
    }

    fn tell(&self, record: &DecisionRecord) {
        if self.parts.teller.enabled(record.decision.level()) {
            self.parts.teller.tell_record(record.log_record(VERSION));
        }
    }

    fn give_up_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.urgent {
                let _ = waiting.reply.send(Ok(waiting.accepted));
            } else if waiting.since.elapsed() < PATIENCE {
                self.waiting.push(waiting);
            } else {
                let _ = waiting.reply.send(Err(RequestError::NotDurable));
            }
        }
    }

    /// Writes everything and a snapshot to start from.
    pub(super) async fn close(&mut self, state: &TradingState, numbers: (u64, u64)) {
        let permit = match self.parts.store.append(&self.entries, state, Some(numbers)).await {
            Ok(()) => Permit::All,
            Err(error) => {
                eprintln!("deltascope: the journal could not be written to its end: {error}");
                Permit::ExitsOnly
            }
        };
        if permit == Permit::All {
            for waiting in self.waiting.drain(..) {
                let _ = waiting.reply.send(Ok(waiting.accepted));
            }
        }
    }
}
