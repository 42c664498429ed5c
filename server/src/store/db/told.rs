//! What a database tells of itself, at most once a second and kind: telling goes to a database itself, so a slow
//! one must not be fed by its own complaints.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::DbEvent;
use crate::config::DatabaseConfig;
use crate::telling::Teller;
use crate::{clock, correlation};
use telemetry::Context;

/// Databases in which sessions stand.
const TRADED: [&str; 2] = ["trading", "history"];

/// What is running; the databases of trading work for the one session that runs.
pub(in crate::store) fn context(event: &DbEvent, teller: &Teller) -> Context {
    let running = correlation::context();
    if running.session_id.is_some() || !TRADED.contains(&event.database()) {
        return running;
    }
    let session = teller.sessions().at(clock::now(), &[], false);
    Context { correlation_id: running.correlation_id, ..session }
}

pub(super) struct Told {
    teller: Teller,
    pub slow_statement: Duration,
    pub slow_acquire: Duration,
    last: Mutex<HashMap<&'static str, (Instant, u64)>>,
    commits: Mutex<Commits>,
}

#[derive(Default)]
struct Commits {
    count: u64,
    sum_us: u64,
    max_us: u64,
}

impl Told {
    pub fn new(teller: Teller, config: &DatabaseConfig) -> Self {
        Self {
            teller,
            slow_statement: Duration::from_millis(config.slow_statement_ms),
            slow_acquire: Duration::from_millis(config.slow_acquire_ms),
            last: Mutex::default(),
            commits: Mutex::default(),
        }
    }

    pub fn tell(&self, event: &DbEvent) {
        self.teller.tell(event, &context(event, &self.teller));
    }

    /// The event is given how many of its kind were not told since the last one.
    pub fn tell_limited(&self, kind: &'static str, event: impl FnOnce(u64) -> DbEvent) {
        let now = Instant::now();
        let suppressed = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            match last.get_mut(kind) {
                Some((at, count)) if now.duration_since(*at) < Duration::from_secs(1) => {
                    *count += 1;
                    return;
                }
                Some((at, count)) => {
                    *at = now;
                    std::mem::take(count)
                }
                None => {
                    last.insert(kind, (now, 0));
                    0
                }
            }
        };
        self.tell(&event(suppressed));
    }

    pub fn note_commit(&self, us: u64) {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.count += 1;
        commits.sum_us = commits.sum_us.saturating_add(us);
        commits.max_us = commits.max_us.max(us);
    }

    /// The commits since the last call, if any.
    pub fn take_commits(&self, database: &'static str) -> Option<DbEvent> {
        let Commits { count, sum_us, max_us } =
            std::mem::take(&mut *self.commits.lock().unwrap_or_else(PoisonError::into_inner));
        (count > 0).then(|| DbEvent::CommitLatency {
            database,
            commits: count,
            mean_us: sum_us / count,
            max_us,
        })
    }
}
