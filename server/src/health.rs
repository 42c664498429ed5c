//! What is known about the server's own parts: starting, up, degraded or down with a reason, and how often each was
//! started again of late. Readiness and the health routes are read from here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Parts that trading and panic do without. Every other part is needed, also one that is not known here.
const DISPENSABLE: [&str; 24] = [
    "account_audit",
    "alerts",
    "clock_watch",
    "console_file",
    "console_store",
    "feed",
    "first_user",
    "forwarder",
    "history",
    "history_file",
    "history_store",
    "housekeeping",
    "journal_log",
    "log_levels",
    "log_retention",
    "page_tokens",
    "telemetry_file",
    "telemetry_store",
    "telemetry_writer",
    "trading_housekeeping",
    "venue",
    "venue_watch",
    "watch_file",
    "watch_store",
];
/// A part that was started again more often than this within `WINDOW` is down, whatever it says in between.
const RESTARTS: usize = 3;
const WINDOW: Duration = Duration::from_secs(60);

/// State of one part.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Condition {
    /// Not yet able to do its work; the server is not ready while a part that it needs is.
    Starting,
    Up,
    /// Does its work, and somebody should look at it.
    Degraded {
        why: String,
    },
    Down {
        why: String,
    },
}

/// What is shown of one part.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Part {
    #[serde(flatten)]
    pub condition: Condition,
    /// Whether trading needs it.
    pub needed: bool,
    /// How often it was started again within the last minute.
    pub restarts: usize,
}

/// All parts in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    Ok,
    /// Trading goes on; something else does not.
    Degraded,
    /// Something that trading needs is down.
    Down,
}

impl Overall {
    /// The word in the answers of the health routes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// Shared register of parts.
#[derive(Clone)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<String, Known>>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct Known {
    condition: Condition,
    restarts: VecDeque<Instant>,
    /// Why it was last started again.
    failure: String,
}

impl Default for Health {
    fn default() -> Self {
        Self { parts: Arc::default(), changes: Arc::new(watch::Sender::new(0)) }
    }
}

impl Health {
    /// Sets the state of a part.
    pub fn set(&self, part: &str, condition: Condition) {
        self.change(part, |known| known.condition = condition);
    }

    /// Marks a part as up.
    pub fn up(&self, part: &str) {
        self.set(part, Condition::Up);
    }

    /// Marks a part as working, with something that people should look at.
    pub fn degraded(&self, part: &str, why: impl Into<String>) {
        self.set(part, Condition::Degraded { why: why.into() });
    }

    /// Marks a part as down.
    pub fn down(&self, part: &str, why: impl Into<String>) {
        self.set(part, Condition::Down { why: why.into() });
    }

    /// Counts that a part failed and is started again.
    pub fn restarted(&self, part: &str, failure: &str) {
        self.restarted_at(part, failure, Instant::now());
    }

    fn restarted_at(&self, part: &str, failure: &str, at: Instant) {
        self.change(part, |known| {
            known.restarts.push_back(at);
            // No more than are needed to know that there were too many.
            while known.restarts.len() > 100 {
                known.restarts.pop_front();
            }
            known.failure = failure.to_owned();
        });
    }

    /// All parts.
    #[must_use]
    pub fn parts(&self) -> BTreeMap<String, Part> {
        let now = Instant::now();
        self.lock().iter().map(|(name, known)| (name.clone(), known.part(name, now))).collect()
    }

    /// True when every part that trading needs does its work.
    #[must_use]
    pub fn ready(&self) -> bool {
        let works = |condition: &Condition| match condition {
            Condition::Up | Condition::Degraded { .. } => true,
            Condition::Starting | Condition::Down { .. } => false,
        };
        self.parts().values().all(|part| !part.needed || works(&part.condition))
    }

    /// All in one word, and each reason behind the name of its part. What is still starting is no reason.
    #[must_use]
    pub fn overall(&self) -> (Overall, Vec<String>) {
        let (mut overall, mut reasons) = (Overall::Ok, Vec::new());
        for (name, part) in self.parts() {
            let (word, why) = match part.condition {
                Condition::Starting | Condition::Up => continue,
                Condition::Down { why } if part.needed => (Overall::Down, why),
                Condition::Down { why } | Condition::Degraded { why } => (Overall::Degraded, why),
            };
            overall = overall.max(word);
            reasons.push(format!("{name}: {why}"));
        }
        (overall, reasons)
    }

    /// Waits until `reached` holds; looks again at each change.
    pub async fn until(&self, reached: impl Fn(&Self) -> bool) {
        let mut changes = self.changes.subscribe();
        while !reached(self) {
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    fn change(&self, part: &str, change: impl FnOnce(&mut Known)) {
        {
            let mut parts = self.lock();
            change(parts.entry(part.to_owned()).or_insert_with(|| Known {
                condition: Condition::Up,
                restarts: VecDeque::new(),
                failure: String::new(),
            }));
        }
        self.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn part(&self, name: &str, now: Instant) -> Part {
        let restarts = self.restarts.iter().filter(|at| now.duration_since(**at) < WINDOW).count();
        let condition = match &self.condition {
            Condition::Starting | Condition::Up | Condition::Degraded { .. } if restarts > RESTARTS => {
                let failure = &self.failure;
                Condition::Down { why: format!("started again {restarts} times within a minute: {failure}") }
            }
            condition => condition.clone(),
        };
        Part { condition, needed: !DISPENSABLE.contains(&name), restarts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trading_needs_decides_and_the_rest_is_told() {
        let health = Health::default();
        health.set("recovery", Condition::Starting);
        assert_eq!((health.ready(), health.overall().0), (false, Overall::Ok), "starting is no fault");
        health.up("recovery");
        assert!(health.ready());
        for part in DISPENSABLE {
            health.down(part, "broken");
        }
        assert_eq!((health.ready(), health.overall().0), (true, Overall::Degraded));
        health.down("never heard of", "broken");
        let (overall, reasons) = health.overall();
        assert_eq!((health.ready(), overall), (false, Overall::Down));
        assert!(reasons.contains(&"never heard of: broken".to_owned()), "{reasons:?}");
    }

    #[test]
    fn a_part_that_is_started_again_and_again_is_down_until_it_has_been_quiet_for_a_minute() {
        let health = Health::default();
        let start = Instant::now();
        for second in [0, 1, 2] {
            health.restarted_at("trading", "overflow", start + Duration::from_secs(second));
            health.up("trading");
        }
        assert!(health.ready(), "three times may happen");
        health.restarted_at("trading", "overflow", start + Duration::from_secs(20));
        health.up("trading");
        assert!(!health.ready());
        let at = |second: u64| health.lock()["trading"].part("trading", start + Duration::from_secs(second));
        let why = "started again 4 times within a minute: overflow".to_owned();
        assert_eq!(at(59).condition, Condition::Down { why });
        assert_eq!((at(60).condition, at(60).restarts), (Condition::Up, 3));
        assert_eq!(at(80).restarts, 0);
    }
}
