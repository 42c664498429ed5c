//! What the driver tells of a turn of the run loop, after it.

use std::sync::Arc;

use model::{Decision, DecisionRecord, Micros};
use telemetry::{Level, LogRecord, Source};

use super::Driver;
use super::cycle::Turn;
use crate::telling::VERSION;

impl Driver {
    /// What a turn was, and to which sessions lines belong from now on. What was decided is told from the journal.
    pub(super) fn tell_turn(
        &mut self,
        started_at: Micros,
        latency_us: u64,
        decisions: &[Arc<DecisionRecord>],
    ) {
        let state = self.engine.state();
        let changes = |record: &Arc<DecisionRecord>| match &record.decision {
            Decision::Session(_) | Decision::Entry(_) => true,
            Decision::Account(_)
            | Decision::Market(_)
            | Decision::Order(_)
            | Decision::Truth(_)
            | Decision::Rules(_)
            | Decision::Closing(_) => false,
        };
        if decisions.iter().any(changes) {
            self.parts.sessions.note(state);
        }
        let debug = self.parts.teller.tells("cycle.completed", Source::Backend, Level::Debug);
        let said = self.cycles.on(&Turn { started_at, latency_us, state, decisions, debug });
        for (event, context) in said.cycles {
            if self.parts.teller.wants(&event) {
                let mut record = LogRecord::build(&event, &context, started_at, "", 0, VERSION);
                record.sample_rate = Some(1.0 / event.turns as f64);
                self.parts.teller.tell_record(record);
            }
        }
        for (event, context) in said.legs {
            self.parts.teller.tell_at(&event, &context, started_at);
        }
    }
}
