//! What the forwarder shows of itself besides its books.

use std::sync::{Arc, Mutex, PoisonError};

/// State word and last error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `idle`, `awaiting`, `resting`, `held`, or `down` when it cannot be set up.
    pub state: &'static str,
    pub last_error: Option<String>,
}

/// Shared between the driver and those who ask.
#[derive(Clone)]
pub struct Status {
    inner: Arc<Mutex<Snapshot>>,
}

impl Default for Status {
    fn default() -> Self {
        Self { inner: Arc::new(Mutex::new(Snapshot { state: "idle", last_error: None })) }
    }
}

impl Status {
    /// The present state.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the state.
    pub fn set(&self, state: &'static str, last_error: Option<String>) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Snapshot { state, last_error };
    }
}
