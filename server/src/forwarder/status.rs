//! What the forwarder shows of itself besides its books.

use std::sync::{Arc, Mutex, PoisonError};

use super::machine::Machine;

/// State word and last error of one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneStatus {
    pub lane: &'static str,
    pub state: &'static str,
    pub last_error: Option<String>,
}

/// State word and last error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `idle`, `awaiting`, `resting`, `held`, or `down` when it cannot be set up.
    pub state: &'static str,
    pub last_error: Option<String>,
    pub lanes: Vec<LaneStatus>,
    /// When the oldest record happened that is being worked on, in microseconds.
    pub oldest_us: Option<i64>,
}

/// Shared between the driver and those who ask.
#[derive(Clone)]
pub struct Status {
    inner: Arc<Mutex<Snapshot>>,
}

impl Default for Status {
    fn default() -> Self {
        let idle = Snapshot { state: "idle", last_error: None, lanes: Vec::new(), oldest_us: None };
        Self { inner: Arc::new(Mutex::new(idle)) }
    }
}

impl Status {
    /// The present state.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It cannot be set up.
    pub fn down(&self, why: String) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.state, inner.last_error) = ("down", Some(why));
        inner.lanes.clear();
    }

    /// Shows what the machine is at.
    pub(super) fn follow(&self, machine: &Machine) {
        let lane =
            |(lane, state, error): (crate::store::telemetry::Lane, super::machine::State, Option<&str>)| {
                LaneStatus {
                    lane: lane.as_str(),
                    state: state.as_str(),
                    last_error: error.map(str::to_owned),
                }
            };
        let snapshot = Snapshot {
            state: machine.state().as_str(),
            last_error: machine.last_error().map(str::to_owned),
            lanes: machine.lanes().map(lane).collect(),
            oldest_us: machine.oldest_us(),
        };
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}
