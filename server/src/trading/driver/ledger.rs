//! The ledger between the engine and its effects: steps are appended to the journal in the background, and only then
//! do commands leave, answers go out and readers hear. A journal that fails, or does not answer in time, holds nobody
//! in a position: steps wait in order for it, and meanwhile only exits leave.

mod attempt;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use model::causes::HealthCause;
use model::command::Command;
use model::ids::Code;
use model::input::{HealthReport, OperatorAction};
use model::words::Health as HealthWord;
use model::{DecisionRecord, TradingState};
use telemetry::Context;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::DriverParts;
use crate::store::StoreError;
use crate::store::trading::{Entry, Permit, Rolling};
use crate::telling::say;
use crate::trading::Accepted;
use crate::trading::asked::RequestError;
use crate::trading::events::TradingEvent;
use crate::trading::executor::Handed;
use crate::trading::lookup::Sought;
use attempt::Attempt;

/// A snapshot is kept after this many decisions: a restart folds no more than about that.
pub(super) const SNAPSHOT_EVERY: usize = 2_000;
/// A healthy journal is waited for so long; beyond that exits leave without it.
const WAIT: Duration = Duration::from_millis(250);
/// A request waits this long for a failing journal, then its caller is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// While the journal fails, it is tried again after this long.
const AGAIN: Duration = Duration::from_millis(200);
/// The end of the journal is waited for so long when the server stops.
const LAST: Duration = Duration::from_secs(2);
/// The part of `Health` that says whether the journal is written.
const JOURNAL: &str = "journal";

pub(super) type Reply = oneshot::Sender<Result<Accepted, RequestError>>;

/// Whoever asked for a step, and what is answered once it is durable.
pub(super) struct Asker {
    pub reply: Reply,
    pub accepted: Accepted,
    /// Answered whether or not the journal can be written.
    pub urgent: bool,
    /// What takes the request back when its caller is told that nothing can be promised.
    pub undo: Option<OperatorAction>,
}

/// A request whose step is not yet durable.
struct Waiting {
    asker: Asker,
    since: Instant,
    /// Number of its step among all that were added.
    step: u64,
}

pub(super) struct Ledger {
    parts: DriverParts,
    /// Steps that are not on disk, oldest first.
    entries: VecDeque<Arc<Entry>>,
    /// How many of them have had their effects already, because the journal failed.
    released: usize,
    /// Steps that were ever added, and those of them that are on disk.
    added: u64,
    written: u64,
    waiting: Vec<Waiting>,
    attempt: Option<Attempt>,
    failing: Option<Failing>,
    since_snapshot: usize,
    /// Another file stands where the journal was: it must have a state to begin from.
    opened: watch::Receiver<u64>,
    news: Option<HealthReport>,
    /// What takes back requests whose callers were told that nothing can be promised.
    undone: Vec<OperatorAction>,
}

struct Failing {
    since: Instant,
    /// Not before then.
    next: Instant,
}

impl Ledger {
    pub(super) fn new(parts: DriverParts, since_snapshot: usize) -> Self {
        parts.health.up(JOURNAL);
        Self {
            opened: parts.store.opened(),
            parts,
            entries: VecDeque::new(),
            released: 0,
            added: 0,
            written: 0,
            waiting: Vec::new(),
            attempt: None,
            failing: None,
            since_snapshot,
            news: None,
            undone: Vec::new(),
        }
    }

    /// Adds a step, with who asked for it.
    pub(super) fn add(&mut self, entry: Entry, asker: Option<Asker>) {
        // A repeated request that changed nothing has nothing to journal, but its answer is kept.
        if entry.decisions.is_empty() && entry.answer.is_none() {
            if let Some(asker) = asker {
                // Whoever asked may be gone.
                let _ = asker.reply.send(Ok(asker.accepted));
            }
            return;
        }
        self.entries.push_back(Arc::new(entry));
        self.added += 1;
        if let Some(asker) = asker {
            self.waiting.push(Waiting { asker, since: Instant::now(), step: self.added });
        }
    }

    /// Whether the journal could not be written when it was last tried.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// What the engine is to know of the journal, once.
    pub(super) fn take_news(&mut self) -> Option<HealthReport> {
        self.news.take()
    }

    /// What takes back what was answered with "nothing can be promised", once.
    pub(super) fn take_undone(&mut self) -> Vec<OperatorAction> {
        std::mem::take(&mut self.undone)
    }

    /// Resolves when there is something to settle without anything new to append. Safe to drop while it waits.
    pub(super) async fn stirs(&mut self) {
        match (&mut self.attempt, &self.failing) {
            (Some(attempt), _) => attempt.finished().await,
            (None, Some(failing)) if !self.entries.is_empty() => {
                tokio::time::sleep_until(failing.next).await;
            }
            (None, Some(_) | None) => std::future::pending().await,
        }
    }

    /// Appends what waits, then releases commands, answers and readers. Takes no longer than `WAIT`.
    pub(super) async fn settle(&mut self, state: &TradingState, numbers: (u64, u64)) {
        let deadline = Instant::now() + WAIT;
        loop {
            self.begin(state, numbers);
            let Some(attempt) = &mut self.attempt else { break };
            // A failing journal is not waited for: what is done is noted, what is not goes on by itself.
            let until = if self.failing.is_some() { Instant::now() } else { deadline };
            match tokio::time::timeout_at(until, attempt.finished()).await {
                Ok(()) => self.conclude(),
                Err(_elapsed) => {
                    self.fails("late", "it takes too long");
                    break;
                }
            }
            if self.entries.is_empty() || self.failing.is_some() {
                break;
            }
        }
        if self.failing.is_some() {
            self.release(self.entries.len(), Permit::ExitsOnly);
        }
        self.answer();
    }

    fn begin(&mut self, state: &TradingState, (next_seq, next_input_seq): (u64, u64)) {
        let may = self.failing.as_ref().is_none_or(|failing| failing.next <= Instant::now());
        if self.attempt.is_some() || self.entries.is_empty() || !may {
            return;
        }
        let decisions: usize = self.entries.iter().map(|entry| entry.decisions.len()).sum();
        let new_file = self.opened.has_changed().unwrap_or_default();
        let due = new_file || self.since_snapshot + decisions >= SNAPSHOT_EVERY;
        let rolling = due.then(|| Rolling { next_seq, next_input_seq, state: Box::new(state.clone()) });
        self.opened.mark_unchanged();
        let entries = self.entries.iter().cloned().collect();
        self.attempt = Some(Attempt::begin(self.parts.store.clone(), entries, decisions, rolling));
    }

    /// Notes what came of an attempt that is over.
    fn conclude(&mut self) {
        let Some(attempt) = self.attempt.take() else { return };
        let (steps, decisions, snapshot) = (attempt.steps(), attempt.decisions, attempt.snapshot);
        match attempt.into_result() {
            Ok(()) => {
                self.since_snapshot = if snapshot { 0 } else { self.since_snapshot + decisions };
                self.restored(steps);
                self.release(steps, Permit::All);
                self.entries.drain(..steps);
                self.released -= steps;
                self.written += steps as u64;
            }
            Err(error) => {
                if snapshot {
                    self.opened.mark_changed();
                }
                self.fails(word(&error), &error.to_string());
            }
        }
    }

    fn fails(&mut self, code: &'static str, failure: &str) {
        let now = Instant::now();
        let next = now + AGAIN;
        if let Some(failing) = &mut self.failing {
            failing.next = next;
            return;
        }
        self.failing = Some(Failing { since: now, next });
        self.parts.health.down(JOURNAL, failure);
        // The last resort of a logbook that cannot be written: people.
        say(&format!("the journal cannot be written, only exits leave: {failure}"));
        let event = TradingEvent::JournalFailed { failure: failure.to_owned(), waiting: self.entries.len() };
        self.parts.teller.tell(&event, &Context::default());
        let cause = HealthCause::JournalFails { code: Code::from(code) };
        self.news = Some(HealthReport { health: HealthWord::JournalDegraded, on: true, cause });
    }

    fn restored(&mut self, appended: usize) {
        let Some(failing) = self.failing.take() else { return };
        let outage_ms = u64::try_from(failing.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.parts.teller.tell(&TradingEvent::JournalRestored { outage_ms, appended }, &Context::default());
        self.parts.health.up(JOURNAL);
        say(&format!("the journal is written again after {outage_ms} ms"));
        let cause = HealthCause::JournalWritten;
        self.news = Some(HealthReport { health: HealthWord::JournalDegraded, on: false, cause });
    }

    /// Commands of the first `steps` steps leave and readers hear, once for each step.
    fn release(&mut self, steps: usize, permit: Permit) {
        if steps <= self.released {
            return;
        }
        let new = self.entries.range(self.released..steps);
        let records: Vec<Arc<DecisionRecord>> = new.flat_map(|entry| entry.decisions.clone()).collect();
        self.released = steps;
        for record in &records {
            if let Some(command) = record.decision.command() {
                let seeks = matches!(command, Command::Lookup { .. });
                let sought =
                    seeks.then(|| self.parts.hub.look(|state, _| Sought::of(state, &command))).flatten();
                self.parts.executor.hand(Handed { command, record: Arc::clone(record), permit, sought });
            }
        }
        self.parts.hub.publish(&records);
    }

    fn answer(&mut self) {
        let failing = self.failing.is_some();
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.step <= self.written || (failing && waiting.asker.urgent) {
                let Asker { reply, accepted, .. } = waiting.asker;
                let durable = waiting.step <= self.written;
                // Whoever asked may be gone.
                let _ = reply.send(Ok(if durable { accepted } else { accepted.not_durable() }));
            } else if failing && waiting.since.elapsed() >= PATIENCE {
                self.undone.extend(waiting.asker.undo);
                let _ = waiting.asker.reply.send(Err(RequestError::NotDurable));
            } else {
                self.waiting.push(waiting);
            }
        }
    }

    /// Writes everything and a snapshot to start from.
    pub(super) async fn close(&mut self, state: &TradingState, (next_seq, next_input_seq): (u64, u64)) {
        let deadline = Instant::now() + LAST;
        if let Some(attempt) = &mut self.attempt {
            let _ = tokio::time::timeout_at(deadline, attempt.finished()).await;
            if attempt.is_finished() {
                self.conclude();
            }
        }
        let rolling = Rolling { next_seq, next_input_seq, state: Box::new(state.clone()) };
        let entries: Vec<Arc<Entry>> = self.entries.iter().cloned().collect();
        let append = self.parts.store.append(&entries, Some(&rolling));
        let failure = match tokio::time::timeout_at(deadline, append).await {
            Ok(Ok(())) => {
                self.written = self.added;
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(_elapsed) => Some("it takes too long".to_owned()),
        };
        if let Some(failure) = failure {
            say(&format!("the journal could not be written to its end: {failure}"));
        }
        self.answer();
    }
}

/// The word of a failure for the journal, once it can be written again.
fn word(error: &StoreError) -> &'static str {
    if error.is_full() {
        "disk_full"
    } else if error.is_busy() {
        "locked"
    } else if error.is_damaged() {
        "damaged"
    } else {
        "refused"
    }
}
