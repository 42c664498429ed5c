//! The driver owns the engine: it takes a batch, stamps it, steps the engine, appends to the journal, and only then
//! hands the commands to the executor. No locks, no I/O but the journal; nothing else touches the engine.

mod ledger;
mod words;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine::Engine;
use model::input::{Input, OperatorAction};
use model::market::MarketEvent;
use model::{Lifecycle, Micros, SessionId, Stamp};
use telemetry::{Context, CorrelationId};

use super::events::TradingEvent;
use super::inbox::{Asked, Inbox, Item, key};
use super::operator::RequestError;
use super::{Executor, FeedHub, answer};
use crate::health::Health;
use crate::store::StoreError;
use crate::store::trading::{Entry, KeyedAnswer, Origin, TradingStore};
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::venue::SessionContext;
use crate::{clock, correlation};
use ledger::Ledger;

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
}

/// Owner of the engine.
pub struct Driver {
    parts: DriverParts,
    engine: Engine,
    ledger: Ledger,
    next_input_seq: u64,
    last_at: Micros,
    previous_step_us: Option<u64>,
    /// The session that the streams tell about.
    told_session: Option<SessionId>,
    recovered: bool,
    /// Market events that wait for the idle tick: between sessions one a second and kind is enough, and every
    /// one of them would cost a synced commit.
    idle: BTreeMap<(u8, String), MarketEvent>,
}

impl Driver {
    /// Continues from the journal.
    pub async fn recover(parts: DriverParts) -> Result<Self, StoreError> {
        let started = Instant::now();
        let recovered = parts.store.recover().await?;
        let event = TradingEvent::Recovered {
            decisions: recovered.folded,
            next_seq: recovered.next_seq,
            session: recovered.state.active().map(|session| session.id.0.clone()),
            elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        parts
            .teller
            .tell(&event, &Context::correlated(correlation::current().unwrap_or_else(correlation::fresh)));
        parts.hub.begin(&recovered.state, &parts.store).await?;
        Ok(Self {
            ledger: Ledger::new(parts.clone(), recovered.folded),
            parts,
            engine: Engine::new(recovered.state, recovered.next_seq),
            next_input_seq: recovered.next_input_seq,
            last_at: Micros(0),
            previous_step_us: None,
            told_session: None,
            recovered: false,
            idle: BTreeMap::new(),
        })
    }

    /// Runs until the server stops, then writes the journal to its end. Gives the last words for people: what
    /// stays open at the venue.
    pub async fn run(mut self, mut stop: Stop) -> String {
        self.step(Input::Booted);
        for change in self.parts.inbox.links() {
            self.step(Input::Link(change));
        }
        self.settle().await;
        let inbox = self.parts.inbox.clone();
        let mut next_tick = tokio::time::Instant::now();
        loop {
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                () = tokio::time::sleep_until(next_tick) => self.on_tick(),
                batch = inbox.take() => self.take(batch).await,
            }
            self.settle().await;
            let now = tokio::time::Instant::now();
            let tick = self.tick();
            if next_tick <= now {
                next_tick = now + tick;
            } else {
                // A session that has just begun does not wait for the slow tick.
                next_tick = next_tick.min(now + tick);
            }
        }
        self.ledger.close(self.engine.state(), self.numbers()).await;
        words::last(self.engine.state())
    }

    fn tick(&self) -> Duration {
        if self.is_busy() { TICK_ACTIVE } else { TICK_IDLE }
    }

    /// Whether a session is active or something is being closed.
    fn is_busy(&self) -> bool {
        let state = self.engine.state();
        let closing = state.flatten.as_ref().is_some_and(|flatten| flatten.verified_flat_at.is_none());
        closing || state.active().is_some()
    }

    fn on_tick(&mut self) {
        self.take_idle();
        self.step(Input::Timer);
    }

    fn take_idle(&mut self) {
        for event in std::mem::take(&mut self.idle).into_values() {
            self.step(Input::Market(event));
        }
    }

    async fn take(&mut self, batch: Vec<Item>) {
        for item in batch {
            match item {
                Item::Input(Input::Market(event)) if !self.is_busy() => {
                    self.idle.insert(key(&event), event);
                }
                Item::Input(input) => self.step(input),
                Item::Asked(asked) => {
                    // A request stands in a transaction of its own: it is answered as soon as it is durable.
                    self.take_idle();
                    self.settle().await;
                    self.asked(*asked);
                    self.settle().await;
                }
            }
        }
    }

    /// One input through the engine. What led to no decision has changed nothing and is forgotten.
    fn step(&mut self, input: Input) {
        if let Some(entry) = self.decide(input) {
            self.ledger.add(entry, None);
        }
    }

    fn asked(&mut self, asked: Asked) {
        let Asked { request, idempotency, reply } = asked;
        if self.ledger.is_failing() && opens_risk(&request.action) {
            // Whoever asked may be gone.
            let _ = reply.send(Err(RequestError::NotDurable));
            return;
        }
        let origin = match &request.action {
            OperatorAction::Start { session_id, .. } => Some(Origin {
                session_id: session_id.clone(),
                next_seq: self.engine.next_seq(),
                state: Box::new(self.engine.state().clone()),
            }),
            OperatorAction::Pause { .. }
            | OperatorAction::Resume { .. }
            | OperatorAction::Stop { .. }
            | OperatorAction::Drain { .. }
            | OperatorAction::Resolve { .. }
            | OperatorAction::Panic { .. }
            | OperatorAction::Acknowledge { .. } => None,
        };
        let action = request.action.clone();
        let input = Input::Operator(request);
        let stamp = self.stamp();
        let mut entry = self.decide_stamped(stamp, input);
        let accepted = answer(&action, &entry.stamp, &entry.decisions, self.engine.next_seq());
        let started = accepted.status == 202;
        entry.origin = origin.filter(|_| started);
        entry.answer = idempotency.map(|key| KeyedAnswer {
            username: key.username,
            key: key.key,
            request_hash: key.request_hash,
            status: accepted.status,
            response: accepted.body.to_string(),
        });
        let urgent = matches!(action, OperatorAction::Panic { .. });
        self.ledger.add(entry, Some((reply, accepted, urgent)));
    }

    fn decide(&mut self, input: Input) -> Option<Entry> {
        let stamp = self.stamp();
        Some(self.decide_stamped(stamp, input)).filter(|entry| !entry.decisions.is_empty())
    }

    fn decide_stamped(&mut self, stamp: Stamp, input: Input) -> Entry {
        let started = Instant::now();
        let decisions = self.engine.step(stamp.clone(), input.clone());
        self.previous_step_us = Some(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        if !decisions.is_empty() {
            self.next_input_seq += 1;
        }
        Entry { stamp, input, decisions, origin: None, answer: None }
    }

    /// The clock of the engine never goes back, whatever the system's does.
    fn stamp(&mut self) -> Stamp {
        self.last_at = self.last_at.max(clock::now());
        let id = CorrelationId::parse(&correlation::fresh()).unwrap_or_else(|| CorrelationId::from_bits(1));
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

    /// Makes everything durable, then lets it have its effects.
    async fn settle(&mut self) {
        let numbers = self.numbers();
        self.ledger.settle(self.engine.state(), numbers).await;
        self.note_session();
        self.note_recovery();
    }

    fn note_session(&mut self) {
        let active = self.engine.state().active();
        let id = active.map(|session| session.id.clone());
        if id == self.told_session {
            return;
        }
        let context = active.map_or_else(Context::default, |session| Context {
            strategy_id: Some(session.configuration.strategy_id.word().to_owned()),
            session_id: Some(session.id.0.clone()),
            configuration: Some(session.configuration.name.clone()),
            execution_mode: Some(session.execution_mode.word().to_owned()),
            correlation_id: None,
        });
        self.parts.sessions.set(context);
        self.told_session = id;
    }

    /// Recovery is complete when nothing was on, or when the session has left STARTING: for PAUSED, for its exit,
    /// or for an operator.
    fn note_recovery(&mut self) {
        if self.recovered {
            return;
        }
        let active = self.engine.state().active();
        if active.is_none_or(|session| session.lifecycle != Lifecycle::Starting) {
            self.recovered = true;
            self.parts.health.up(RECOVERY);
        }
    }
}

/// What is not even begun while the journal cannot be written.
fn opens_risk(action: &OperatorAction) -> bool {
    match action {
        OperatorAction::Start { .. } | OperatorAction::Resume { .. } => true,
        OperatorAction::Pause { .. }
        | OperatorAction::Stop { .. }
        | OperatorAction::Drain { .. }
        | OperatorAction::Resolve { .. }
        | OperatorAction::Panic { .. }
        | OperatorAction::Acknowledge { .. } => false,
    }
}
