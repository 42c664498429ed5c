//! What is known about the server's own parts: starting, up, or down with a reason. Readiness and the health
//! routes are read from here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// State of one part.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Condition {
    /// Not yet able to do its work; the server is not ready while any part is.
    Starting,
    Up,
    Down {
        why: String,
    },
}

/// Shared register of parts.
#[derive(Clone, Default)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<String, Condition>>>,
}

impl Health {
    /// Sets the state of a part.
    pub fn set(&self, part: &str, condition: Condition) {
        self.lock().insert(part.to_owned(), condition);
    }

    /// Marks a part as up.
    pub fn up(&self, part: &str) {
        self.set(part, Condition::Up);
    }

    /// Marks a part as down.
    pub fn down(&self, part: &str, why: impl Into<String>) {
        self.set(part, Condition::Down { why: why.into() });
    }

    /// All parts.
    #[must_use]
    pub fn parts(&self) -> BTreeMap<String, Condition> {
        self.lock().clone()
    }

    /// True when no part is still starting.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.lock().values().all(|condition| *condition != Condition::Starting)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Condition>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
