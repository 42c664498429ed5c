//! The engine: judges what to do. `Engine::step(stamp, input) -> Vec<DecisionRecord>` is the whole entry point.
//! An input becomes facts; then the judges of the list `JUDGES`, pure functions of the state, are asked in that
//! order until none has anything to say. There is one place where something happens: `record`. Because judges
//! look at the state and not at what led to it, a restart continues wherever the journal ends.

mod clock;
mod closing;
mod confirm;
mod cycle;
mod day;
mod entry;
mod exits;
mod facts;
mod fills;
mod health;
mod hearing;
mod instruments;
mod judges;
mod latch;
mod lookups;
mod market;
mod named;
mod operator;
mod orphans;
pub mod plan;
mod preparation;
mod recovery;
mod reports;
mod rules;
mod said;
pub mod strikes;
mod sweep;
mod truth;
mod watch;

use std::collections::BTreeMap;

use model::decision::{MarketDecision, SessionDecision};
use model::market::{MarketEvent, MarketKey};
use model::record::DecisionRecord;
use model::{Decision, Input, Session, Stamp, TradingState};
use telemetry::CorrelationId;

use said::Said;

/// More rounds than any real step needs: a judge that never falls silent is a mistake, and must not hang the loop.
const ROUNDS_MAX: usize = 400;

/// Folds prices into a state that follows the engine's, as the engine itself does when it hears them.
pub fn overhear(state: &mut TradingState, events: Vec<MarketEvent>) {
    for event in events {
        if let Some(event) = market::accepted(state, event) {
            state.hear(&event);
        }
    }
}

/// Judges inputs against the state. Owned by one driver; nothing else touches it.
pub struct Engine {
    state: TradingState,
    next_seq: u64,
    /// Prices that are folded and not written: they are as soon as something is decided on them.
    unwritten: BTreeMap<MarketKey, MarketEvent>,
}

impl Engine {
    /// Continues from a folded state; `next_seq` numbers the next decision.
    pub fn new(state: TradingState, next_seq: u64) -> Self {
        Self { state, next_seq, unwritten: BTreeMap::new() }
    }

    pub fn state(&self) -> &TradingState {
        &self.state
    }

    /// The number that the next decision will carry.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Takes in one input and returns what was decided, in order. An input that leads to no decision needs no
    /// journal: prices are kept in mind until something is decided on them, and everything else changed nothing.
    pub fn step(&mut self, stamp: Stamp, input: Input) -> Vec<DecisionRecord> {
        let mut records = Vec::new();
        match input {
            Input::Market { events } => self.take_in(events),
            other => {
                for said in facts::of(&self.state, &stamp, other) {
                    self.record(&stamp, said, &mut records);
                }
            }
        }
        for round in 0.. {
            let said = judges::ask(&self.state, &stamp);
            debug_assert!(round < ROUNDS_MAX, "the judges never fall silent: {said:?}");
            if said.is_empty() || round >= ROUNDS_MAX {
                break;
            }
            for said in said {
                self.record(&stamp, said, &mut records);
            }
        }
        records
    }

    /// Folds prices at once, so that judges see them; they are written with the next decision.
    pub fn take_in(&mut self, events: Vec<MarketEvent>) {
        for event in events {
            let Some(event) = market::accepted(&self.state, event) else { continue };
            self.state.hear(&event);
            self.unwritten.insert(event.key(), event);
        }
    }

    /// The one place where something happens. What was looked at is written before what was decided on it.
    fn record(&mut self, stamp: &Stamp, said: Said, records: &mut Vec<DecisionRecord>) {
        if !self.unwritten.is_empty() {
            let events: Vec<MarketEvent> = std::mem::take(&mut self.unwritten).into_values().collect();
            let heard_at = events.iter().map(MarketEvent::at).max().unwrap_or(stamp.at);
            let seen = Decision::Market(MarketDecision::Seen { events, heard_at });
            self.fold(self.dress(stamp, stamp.correlation_id.clone(), self.only_session(), seen), records);
        }
        let session = match (&said.session, &said.decision) {
            (Some(id), _) => self.state.session(id),
            (None, Decision::Account(_) | Decision::Market(_) | Decision::Truth(_)) => self.only_session(),
            // Without a session these are the account's own.
            (None, Decision::Order(_) | Decision::Closing(_)) => None,
            (None, Decision::Session(_) | Decision::Entry(_) | Decision::Rules(_)) => None,
        };
        self.fold(self.dress(stamp, said.correlation_id, session, said.decision), records);
    }

    /// While one session runs, what concerns everybody is told with its context.
    fn only_session(&self) -> Option<&Session> {
        let mut active = self.state.active();
        active.next().filter(|_| active.next().is_none())
    }

    fn fold(&mut self, record: DecisionRecord, records: &mut Vec<DecisionRecord>) {
        self.state.apply(&record);
        self.next_seq += 1;
        records.push(record);
    }

    /// Gives a decision its context: every record of a session carries it, by construction.
    fn dress(
        &self,
        stamp: &Stamp,
        correlation_id: CorrelationId,
        session: Option<&Session>,
        decision: Decision,
    ) -> DecisionRecord {
        let starting = match &decision {
            Decision::Session(SessionDecision::Starting {
                session_id,
                configuration,
                execution_mode,
                ..
            }) => Some((session_id, &**configuration, *execution_mode)),
            Decision::Session(_)
            | Decision::Account(_)
            | Decision::Market(_)
            | Decision::Entry(_)
            | Decision::Order(_)
            | Decision::Truth(_)
            | Decision::Rules(_)
            | Decision::Closing(_) => None,
        };
        let known = session.map(|session| (&session.id, &session.configuration, session.execution_mode));
        let context = starting.or(known);
        let session_id = context.map(|(id, _, _)| id.clone());
        let strategy_id = context.map(|(_, configuration, _)| configuration.strategy_id.word().to_owned());
        let configuration = context.map(|(_, configuration, _)| configuration.name.clone());
        let execution_mode = context.map(|(_, _, mode)| mode);
        DecisionRecord {
            boot_id: stamp.boot_id.clone(),
            seq: self.next_seq,
            input_seq: stamp.input_seq,
            at: stamp.at,
            correlation_id,
            session_id,
            strategy_id,
            configuration,
            execution_mode,
            decision,
        }
    }
}
