//! The engine: judges what to do. `Engine::step(stamp, input) -> Vec<DecisionRecord>` is the whole entry point;
//! there is one place where something happens (`record`), and judges are pure functions of the state.

use model::{DecisionRecord, Input, Stamp, TradingState};

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
    pub fn step(&mut self, _stamp: Stamp, _input: Input) -> Vec<DecisionRecord> {
        Vec::new()
    }
}
