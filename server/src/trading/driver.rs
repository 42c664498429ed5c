//! The driver owns the engine: it takes a batch, stamps it, steps the engine, has the ledger append to the journal, and
//! only then do commands go to the executor. No locks, no I/O but the journal; nothing else touches the engine.

mod cycle;
mod gap;
mod ledger;
mod turn;
mod words;

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Engine;
use model::input::{Input, LiveAccount, OperatorAction, OperatorRequest};
use model::{Lifecycle, Micros, Stamp};
use telemetry::Context;

use super::asked::{Asked, RequestError};
use super::events::TradingEvent;
use super::inbox::{Inbox, Item};
use super::latch_file::{LatchFile, Latched};
use super::{Executor, FeedHub, answer};
use crate::health::Health;
use crate::sessions::SessionContext;
use crate::store::StoreError;
use crate::store::trading::{Entry, KeyedAnswer, Origin, Recovered, Torn, TradingStore, Unread};
use crate::tasks::Stop;
use crate::telling::{Teller, say};
use crate::{clock, correlation};
use cycle::Cycles;
use gap::GapWatch;
use ledger::{Asker, Ledger};

/// Evaluations while a session runs.
const TICK_ACTIVE: Duration = Duration::from_millis(100);
/// Otherwise.
const TICK_IDLE: Duration = Duration::from_secs(1);
/// The part of `Health` that is starting until recovery is complete.
pub(super) const RECOVERY: &str = "recovery";

/// What a driver works with; cloned where a supervisor may have to start it again.
#[derive(Clone)]
pub struct DriverParts {
    pub store: TradingStore,
    pub inbox: Inbox,
    pub executor: Executor,
    pub hub: FeedHub,
    pub teller: Teller,
    pub health: Health,
    pub sessions: SessionContext,
    pub latch_file: LatchFile,
    /// Whose account it is at a real venue.
    pub live: Option<LiveAccount>,
}

/// Owner of the engine.
pub struct Driver {
    parts: DriverParts,
    engine: Engine,
    ledger: Ledger,
    next_input_seq: u64,
    last_at: Micros,
    previous_step_us: Option<u64>,
    recovered: bool,
    gaps: GapWatch,
    cycles: Cycles,
}

impl Driver {
    /// Continues from the journal.
    pub async fn recover(parts: DriverParts) -> Result<Self, StoreError> {
        let started = Instant::now();
        let recovered = parts.store.recover().await?;
        clock::continue_from(recovered.last_at);
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tell_recovered(&parts, &recovered, elapsed_ms);
        // What could not be folded is not read a second time.
        let since_snapshot = if recovered.torn.is_some() { ledger::SNAPSHOT_EVERY } else { recovered.folded };
        Ok(Self::begin_with(parts, recovered, since_snapshot).await)
    }

    /// Begins from nothing, to close what the venue shows: a panic waits, and there is no journal that could be
    /// continued from. Numbers begin behind all that any journal can hold, so that they can be appended to one that
    /// comes back.
    pub async fn without_journal(parts: DriverParts, error: &StoreError) -> Self {
        let event = TradingEvent::WithoutJournal { failure: error.to_string() };
        say(&telemetry::Event::message(&event));
        parts.teller.tell(&event, &Context::default());
        let next = clock::now().0.unsigned_abs();
        let nothing = Recovered { next_seq: next, next_input_seq: next, ..Recovered::default() };
        Self::begin_with(parts, nothing, ledger::SNAPSHOT_EVERY).await
    }

    async fn begin_with(parts: DriverParts, recovered: Recovered, since_snapshot: usize) -> Self {
        parts.sessions.note(&recovered.state);
        parts.hub.begin(&recovered.state, recovered.next_seq.saturating_sub(1), &parts.store).await;
        Self {
            ledger: Ledger::new(parts.clone(), since_snapshot),
            parts,
            engine: Engine::new(recovered.state, recovered.next_seq),
            next_input_seq: recovered.next_input_seq,
            last_at: recovered.last_at,
            previous_step_us: None,
            recovered: false,
            gaps: GapWatch::begin(),
            cycles: Cycles::default(),
        }
    }

    /// Runs until the server stops, then writes the journal to its end. Gives the last words for people: what
    /// stays open at the venue.
    pub async fn run(mut self, mut stop: Stop) -> String {
        self.begin().await;
        let inbox = self.parts.inbox.clone();
        let mut next_tick = tokio::time::Instant::now();
        loop {
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                () = tokio::time::sleep_until(next_tick) => {
                    next_tick = tokio::time::Instant::now() + self.tick();
                    inbox.push(Input::Timer);
                    continue;
                }
                batch = inbox.take() => self.take(batch).await,
                () = self.ledger.stirs() => {}
            }
            self.settle().await;
            // A session that has just begun does not wait for the slow tick.
            next_tick = next_tick.min(tokio::time::Instant::now() + self.tick());
        }
        self.ledger.close(self.engine.state(), self.numbers()).await;
        words::last(self.engine.state())
    }

    /// The first inputs: that there is a process, what is known of the links, and a panic that nobody heard.
    async fn begin(&mut self) {
        self.step(Input::Booted);
        if let Some(live) = self.parts.live.clone() {
            self.step(Input::Live(live));
        }
        for input in self.parts.inbox.standing() {
            self.step(input);
        }
        let latch = self.engine.state().account.latch.as_ref();
        // A press under a latch that was verified is a press anew.
        let closes = latch.is_some_and(|latch| latch.verified_flat_at.is_none());
        if !closes && let Some(pressed) = self.pressed_before() {
            say(&format!("{} had pressed PANIC before this start: it is carried out", pressed.who));
            self.step(Input::Operator(pressed));
        }
        self.settle().await;
    }

    /// The press that stands in the file and that the engine does not know.
    fn pressed_before(&self) -> Option<OperatorRequest> {
        let pressed = match self.parts.latch_file.read() {
            Latched::No => return None,
            Latched::Pressed(pressed) => *pressed,
            Latched::Unreadable(failure) => {
                let event = TradingEvent::LatchUnreadable { failure };
                say(&telemetry::Event::message(&event));
                self.parts.teller.tell(&event, &Context::default());
                OperatorRequest {
                    who: "panic.latch".to_owned(),
                    correlation_id: correlation::fresh_id(),
                    action: OperatorAction::Panic { session_id: None, panic_id: super::new_panic_id() },
                }
            }
        };
        let known = self.engine.state().account.latch.as_ref().map(|latch| &latch.panic_id);
        let OperatorAction::Panic { panic_id, .. } = &pressed.action else { return None };
        (known != Some(panic_id)).then_some(pressed)
    }

    fn tick(&self) -> Duration {
        if self.is_busy() { TICK_ACTIVE } else { TICK_IDLE }
    }

    /// Whether a session is active or something is being closed.
    fn is_busy(&self) -> bool {
        let state = self.engine.state();
        let sweeping = state.account.sweep.as_ref().is_some_and(|sweep| !sweep.is_verified());
        sweeping || state.active().next().is_some()
    }

    async fn take(&mut self, batch: Vec<Item>) {
        if let Some(gap) = self.gaps.noticed() {
            self.step(Input::Clock(gap));
        }
        for item in batch {
            match item {
                Item::Input(Input::Market { events }) => {
                    self.parts.hub.heard(events.clone());
                    self.step(Input::Market { events });
                }
                Item::Input(input) => self.step(input),
                Item::Asked(asked) => {
                    // A request stands in a transaction of its own: it is answered as soon as it is durable.
                    self.settle().await;
                    self.asked(*asked);
                    self.settle().await;
                }
            }
        }
    }

    /// One input through the engine. What led to no decision has changed nothing and is forgotten.
    fn step(&mut self, input: Input) {
        let stamp = self.stamp();
        let entry = self.decide(stamp, input);
        if !entry.decisions.is_empty() {
            self.ledger.add(entry, None);
        }
    }

    fn asked(&mut self, asked: Asked) {
        let Asked { request, idempotency, reply } = asked;
        if self.ledger.is_failing() && request.action.opens_risk() {
            // Whoever asked may be gone.
            let _ = reply.send(Err(RequestError::NotDurable));
            return;
        }
        let origin = self.origin(&request.action);
        let action = request.action.clone();
        let stamp = self.stamp();
        let mut entry = self.decide(stamp, Input::Operator(request));
        let accepted = answer(&action, &entry.stamp, &entry.decisions, self.engine.next_seq());
        let done = accepted.status == 202;
        entry.origin = origin.filter(|_| done);
        entry.answer = idempotency.map(|key| KeyedAnswer {
            username: key.username,
            key: key.key,
            request_hash: key.request_hash,
            status: accepted.status,
            response: accepted.body.to_string(),
        });
        // A latch that is cleared in memory alone comes back with the next process: that harms nobody.
        let clears = matches!(action, OperatorAction::Acknowledge { .. });
        let undo = undo(&action).filter(|_| done);
        // What is not taken back is carried out whatever the journal does, and what was refused needs none.
        self.ledger.add(entry, Some(Asker { reply, accepted, urgent: undo.is_none(), undo }));
        if done && clears {
            self.parts.latch_file.remove();
        }
    }

    /// Where the replay of a session begins that is being started.
    fn origin(&self, action: &OperatorAction) -> Option<Origin> {
        let OperatorAction::Start { session_id, .. } = action else { return None };
        Some(Origin {
            session_id: session_id.clone(),
            next_seq: self.engine.next_seq(),
            state: Box::new(self.engine.state().clone()),
        })
    }

    fn decide(&mut self, stamp: Stamp, input: Input) -> Entry {
        let started = Instant::now();
        // The prices stand in the decisions that they lead to.
        let kept = match &input {
            Input::Market { .. } => Input::Market { events: Vec::new() },
            other => other.clone(),
        };
        let decisions = self.engine.step(stamp.clone(), input);
        let latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.previous_step_us = Some(latency_us);
        if !decisions.is_empty() {
            self.next_input_seq += 1;
        }
        let decisions: Vec<_> = decisions.into_iter().map(Arc::new).collect();
        self.tell_turn(stamp.at, latency_us, &decisions);
        Entry { stamp, input: kept, decisions, origin: None, answer: None }
    }

    fn stamp(&mut self) -> Stamp {
        self.last_at = self.last_at.max(clock::now());
        let id = correlation::fresh_id();
        Stamp {
            at: self.last_at,
            boot_id: self.parts.teller.boot_id().to_owned(),
            input_seq: self.next_input_seq,
            correlation_id: id,
            previous_step_us: self.previous_step_us,
        }
    }

    fn numbers(&self) -> (u64, u64) {
        (self.engine.next_seq(), self.next_input_seq)
    }

    /// Makes everything durable, then lets it have its effects. What the engine is to know of the journal is one
    /// more step.
    async fn settle(&mut self) {
        for _ in 0..2 {
            let numbers = self.numbers();
            self.ledger.settle(self.engine.state(), numbers).await;
            let (news, undone) = (self.ledger.take_news(), self.ledger.take_undone());
            if news.is_none() && undone.is_empty() {
                break;
            }
            news.into_iter().for_each(|report| self.step(Input::Health(report)));
            for action in undone {
                let correlation_id = correlation::fresh_id();
                self.step(Input::Operator(OperatorRequest {
                    who: WITHDRAWN.to_owned(),
                    correlation_id,
                    action,
                }));
            }
        }
        self.note_recovery();
    }

    /// Recovery is complete when nothing was on, or when every session has left STARTING: for PAUSED, for its exit,
    /// or for an operator.
    fn note_recovery(&mut self) {
        if self.recovered {
            return;
        }
        let mut active = self.engine.state().active();
        if active.all(|session| session.lifecycle != Lifecycle::Starting) {
            self.recovered = true;
            self.parts.health.up(RECOVERY);
        }
    }
}

fn tell_recovered(parts: &DriverParts, recovered: &Recovered, elapsed_ms: u64) {
    let context = Context::correlated(correlation::current().unwrap_or_else(correlation::fresh));
    let event = TradingEvent::Recovered {
        decisions: recovered.folded,
        next_seq: recovered.next_seq,
        sessions: recovered.state.active().map(|session| session.id.0.clone()).collect(),
        elapsed_ms,
    };
    parts.teller.tell(&event, &context);
    if let Some(Torn { seq, last_seq, failure }) = recovered.torn.clone() {
        let event = TradingEvent::JournalTorn { seq, last_seq, failure };
        say(&telemetry::Event::message(&event));
        parts.teller.tell(&event, &context);
    }
    let begins = recovered.next_seq == 1;
    if let Some(Unread { decisions, sessions }) = recovered.unread.clone().filter(|_| begins) {
        let event = TradingEvent::JournalUnread { decisions, sessions };
        say(&telemetry::Event::message(&event));
        parts.teller.tell(&event, &context);
    }
}

/// Who takes back what could not be promised.
const WITHDRAWN: &str = "server";

/// What takes a request back that was answered with "nothing can be promised": it opens nothing later.
fn undo(action: &OperatorAction) -> Option<OperatorAction> {
    match action {
        OperatorAction::Start { session_id, .. } => {
            Some(OperatorAction::Stop { session_id: session_id.clone() })
        }
        OperatorAction::Resume { session_id } => {
            Some(OperatorAction::Pause { session_id: session_id.clone() })
        }
        OperatorAction::Pause { .. }
        | OperatorAction::Stop { .. }
        | OperatorAction::Drain { .. }
        | OperatorAction::Resolve { .. }
        | OperatorAction::Panic { .. }
        | OperatorAction::Acknowledge { .. } => None,
    }
}
