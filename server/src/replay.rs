//! Replay: the recorded inputs of a session through a fresh engine, its decisions compared with the recorded ones
//! byte for byte.

use engine::Engine;
use model::decision::MarketDecision;
use model::market::MarketEvent;
use model::{Decision, DecisionRecord};

use crate::store::StoreError;
use crate::store::trading::{JournaledInput, TradingStore};

/// Inputs that are read at once.
const CHUNK: i64 = 1_000;

/// Why a replay says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("there is no session {0} in the journal")]
    NoSession(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a decision cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    pub inputs: u64,
    pub decisions: u64,
    /// The first decision that differs.
    pub difference: Option<Difference>,
}

/// A decision as recorded and as replayed; `None`: there is none on that side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub decision_seq: u64,
    pub recorded: Option<String>,
    pub replayed: Option<String>,
}

impl Replay {
    /// Whether every decision is identical.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.difference.is_none()
    }
}

/// Replays a session from the state before its start to its last decision. The prices that were looked at stand in
/// the decisions that they led to; the engine hears them before it is asked again.
pub async fn replay(store: &TradingStore, session_id: &str) -> Result<Replay, ReplayError> {
    let unknown = || ReplayError::NoSession(session_id.to_owned());
    let origin = store.origin(session_id).await?.ok_or_else(unknown)?;
    let last = store.last_seq(session_id).await?.ok_or_else(unknown)?;
    let mut engine = Engine::new(origin.state, origin.next_seq);
    let mut done = Replay { inputs: 0, decisions: 0, difference: None };
    let mut next_input = origin.next_input_seq;
    while engine.next_seq() <= last && done.is_identical() {
        let inputs = store.inputs_from(next_input, CHUNK).await?;
        let Some(JournaledInput { stamp, .. }) = inputs.last() else { break };
        next_input = stamp.input_seq + 1;
        let recorded = store.decisions_of(inputs[0].stamp.input_seq, stamp.input_seq).await?;
        step_all(&mut engine, inputs, &recorded, last, &mut done)?;
    }
    Ok(done)
}

/// Steps the engine through some inputs and compares; stops at the first difference and after the last decision.
fn step_all(
    engine: &mut Engine,
    inputs: Vec<JournaledInput>,
    recorded: &[(u64, String)],
    last: u64,
    done: &mut Replay,
) -> Result<(), ReplayError> {
    let mut rest = recorded;
    for JournaledInput { stamp, input } in inputs {
        if engine.next_seq() > last {
            break;
        }
        let count = rest.iter().take_while(|(input_seq, _)| *input_seq == stamp.input_seq).count();
        let (of_input, after) = rest.split_at(count);
        rest = after;
        let recorded: Vec<&str> = of_input.iter().map(|(_, json)| json.as_str()).collect();
        if let Some(events) = recorded.first().and_then(|json| seen(json)) {
            engine.take_in(events);
        }
        let from = engine.next_seq();
        let mut replayed = Vec::new();
        for record in engine.step(stamp, input) {
            replayed.push(serde_json::to_string(&record)?);
        }
        done.inputs += 1;
        done.decisions += recorded.len() as u64;
        done.difference = first_difference(from, &recorded, &replayed);
        if done.difference.is_some() {
            break;
        }
    }
    Ok(())
}

/// The prices that a decision says were looked at.
fn seen(json: &str) -> Option<Vec<MarketEvent>> {
    match serde_json::from_str::<DecisionRecord>(json).ok()?.decision {
        Decision::Market(MarketDecision::Seen { events, .. }) => Some(events),
        Decision::Market(MarketDecision::LinkChanged(_) | MarketDecision::Restricted(_))
        | Decision::Account(_)
        | Decision::Session(_)
        | Decision::Entry(_)
        | Decision::Order(_)
        | Decision::Truth(_)
        | Decision::Rules(_)
        | Decision::Closing(_) => None,
    }
}

fn first_difference(from: u64, recorded: &[&str], replayed: &[String]) -> Option<Difference> {
    let differs = |index: &usize| recorded.get(*index).copied() != replayed.get(*index).map(String::as_str);
    (0..recorded.len().max(replayed.len())).find(differs).map(|index| Difference {
        decision_seq: from + index as u64,
        recorded: recorded.get(index).map(|json| (*json).to_owned()),
        replayed: replayed.get(index).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found_on_either_side() {
        let rows = |text: &[&str]| text.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        assert_eq!(first_difference(5, &["a", "b"], &rows(&["a", "b"])), None);
        let changed = first_difference(5, &["a", "b"], &rows(&["a", "x"])).unwrap();
        assert_eq!(changed.decision_seq, 6);
        let missing = first_difference(5, &["a", "b"], &rows(&["a"])).unwrap();
        assert_eq!((missing.decision_seq, missing.replayed), (6, None));
        assert_eq!(first_difference(5, &[], &rows(&["a"])).unwrap().recorded, None);
    }
}
