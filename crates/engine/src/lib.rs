//! The engine: judges what to do. `Engine::step(stamp, input) -> Vec<DecisionRecord>` is the whole entry point.
//! An input becomes facts; then the judges, pure functions of the state, are asked in one fixed order until
//! none has anything to say. There is one place where something happens: `record`. Because judges look at the
//! state and not at what led to it, a restart continues wherever the journal ends.

mod closing;
mod confirm;
mod cycle;
mod day;
mod entry;
mod exits;
mod facts;
mod health;
mod latch;
mod operator;
mod orders;
mod orphans;
pub mod plan;
mod recovery;
mod rules;
mod starting;
pub mod strikes;
mod truth;
mod verdict;

use model::record::DecisionRecord;
use model::{Decision, Input, Stamp, TradingState};
use telemetry::CorrelationId;

use verdict::Verdict;

/// A judge: what should happen next, given what is known. Empty: nothing.
type Judge = fn(&TradingState, &Stamp) -> Vec<Verdict>;

/// Asked in this order; the first that speaks is heard, then all are asked again.
const JUDGES: [Judge; 12] = [
    day::judge,
    orders::judge,
    orphans::judge,
    latch::judge,
    exits::judge,
    closing::judge,
    starting::judge,
    recovery::judge,
    entry::judge,
    truth::judge,
    health::judge,
    cycle::judge,
];

/// More rounds than any real step needs: a judge that never falls silent is a mistake, and must not hang the loop.
const ROUNDS_MAX: usize = 200;

/// Judges inputs against the state. Owned by one driver; nothing else touches it.
pub struct Engine {
    state: TradingState,
    next_seq: u64,
}

impl Engine {
    /// Continues from a folded state; `next_seq` numbers the next decision.
    pub fn new(state: TradingState, next_seq: u64) -> Self {
        Self { state, next_seq }
    }

    pub fn state(&self) -> &TradingState {
        &self.state
    }

    /// The number that the next decision will carry.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Takes in one input and returns what was decided, in order. An input that leads to no decision has
    /// changed nothing.
    pub fn step(&mut self, stamp: Stamp, input: Input) -> Vec<DecisionRecord> {
        let mut records = Vec::new();
        for verdict in facts::of(&self.state, &stamp, input) {
            self.record(&stamp, verdict, &mut records);
        }
        for round in 0.. {
            let verdicts =
                JUDGES.iter().map(|judge| judge(&self.state, &stamp)).find(|verdicts| !verdicts.is_empty());
            let Some(verdicts) = verdicts else { break };
            debug_assert!(round < ROUNDS_MAX, "the judges never fall silent: {verdicts:?}");
            if round >= ROUNDS_MAX {
                break;
            }
            for verdict in verdicts {
                self.record(&stamp, verdict, &mut records);
            }
        }
        records
    }

    /// The one place where something happens.
    fn record(&mut self, stamp: &Stamp, verdict: Verdict, records: &mut Vec<DecisionRecord>) {
        let record = self.dress(stamp, verdict.correlation_id, verdict.decision);
        self.state.apply(&record);
        self.next_seq += 1;
        records.push(record);
    }

    /// Gives a decision its context: every record of a session carries it, by construction.
    fn dress(&self, stamp: &Stamp, correlation_id: CorrelationId, decision: Decision) -> DecisionRecord {
        let starting = match &decision {
            Decision::Session(model::decision::SessionDecision::Starting {
                session_id,
                configuration,
                execution_mode,
                ..
            }) => Some((session_id, &**configuration, *execution_mode)),
            Decision::Session(_)
            | Decision::Market(_)
            | Decision::Entry(_)
            | Decision::Order(_)
            | Decision::Truth(_)
            | Decision::Rules(_)
            | Decision::Closing(_) => None,
        };
        let context = starting.or_else(|| {
            let session = self.state.active()?;
            Some((&session.id, &session.configuration, session.execution_mode))
        });
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
