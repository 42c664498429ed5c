//! Replay: the recorded inputs of a session through a fresh engine, its decisions compared with the recorded ones
//! byte for byte.

use engine::Engine;

use crate::store::StoreError;
use crate::store::trading::TradingStore;

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

/// Replays a session from the state before its start to its last decision.
pub async fn replay(store: &TradingStore, session_id: &str) -> Result<Replay, ReplayError> {
    let unknown = || ReplayError::NoSession(session_id.to_owned());
    let origin = store.origin(session_id).await?.ok_or_else(unknown)?;
    let last = store.last_seq(session_id).await?.ok_or_else(unknown)?;
    let mut engine = Engine::new(origin.state, origin.next_seq);
    let mut done = Replay { inputs: 0, decisions: 0, difference: None };
    let mut next_input = origin.next_input_seq;
    while engine.next_seq() <= last {
        let inputs = store.inputs_from(next_input, CHUNK).await?;
        let from = engine.next_seq();
        let mut replayed = Vec::new();
        for journaled in inputs {
            if engine.next_seq() > last {
                break;
            }
            next_input = journaled.stamp.input_seq + 1;
            done.inputs += 1;
            for record in engine.step(journaled.stamp, journaled.input) {
                replayed.push(serde_json::to_string(&record)?);
            }
        }
        let to = engine.next_seq().saturating_sub(1).max(if replayed.is_empty() { last } else { 0 });
        let recorded = store.decision_bytes(from, to).await?;
        done.decisions += recorded.len() as u64;
        done.difference = first_difference(from, &recorded, &replayed);
        if done.difference.is_some() || replayed.is_empty() {
            break;
        }
    }
    Ok(done)
}

fn first_difference(from: u64, recorded: &[String], replayed: &[String]) -> Option<Difference> {
    (0..recorded.len().max(replayed.len())).find(|index| recorded.get(*index) != replayed.get(*index)).map(
        |index| Difference {
            decision_seq: from + index as u64,
            recorded: recorded.get(index).cloned(),
            replayed: replayed.get(index).cloned(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found_on_either_side() {
        let rows = |text: &[&str]| text.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        assert_eq!(first_difference(5, &rows(&["a", "b"]), &rows(&["a", "b"])), None);
        let changed = first_difference(5, &rows(&["a", "b"]), &rows(&["a", "x"])).unwrap();
        assert_eq!(changed.decision_seq, 6);
        let missing = first_difference(5, &rows(&["a", "b"]), &rows(&["a"])).unwrap();
        assert_eq!((missing.decision_seq, missing.replayed), (6, None));
        assert_eq!(first_difference(5, &[], &rows(&["a"])).unwrap().recorded, None);
    }
}
