//! The tap: a copy of each record of this process that the rules of alerts watch, taken as it is told and before any level or
//! sampling leaves it out. Whoever tells never waits for it; what comes faster than it is taken is counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use telemetry::{Context, Event, LogRecord, Micros};
use tokio::sync::Notify;

use crate::alerts::{Sighting, is_watched};
use crate::correlation;

/// Records that may wait.
const ROOM: usize = 4_096;

/// Handle to the tap; cheap to clone.
#[derive(Clone, Default)]
pub struct Tap {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    open: AtomicBool,
    seen: Mutex<VecDeque<Sighting>>,
    lost: AtomicU64,
    wake: Notify,
}

impl Tap {
    /// From now on there is somebody who takes.
    pub fn open(&self) {
        self.shared.open.store(true, Ordering::Relaxed);
    }

    pub(super) fn watches(&self, name: &str) -> bool {
        self.shared.open.load(Ordering::Relaxed) && is_watched(name)
    }

    /// An event that is being told.
    pub(super) fn event(&self, event: &dyn Event, context: &Context, at: Micros) {
        let name = event.name();
        if self.watches(name) {
            let mut context = context.clone();
            context.correlation_id = context.correlation_id.or_else(correlation::current);
            self.put(Sighting {
                at,
                name: name.to_owned(),
                level: event.level(),
                message: event.message(),
                context,
                payload: event.payload(),
            });
        }
    }

    /// A record that was built elsewhere.
    pub(super) fn record(&self, record: &LogRecord) {
        if self.watches(&record.event) {
            self.put(Sighting::of(record));
        }
    }

    fn put(&self, sighting: Sighting) {
        {
            let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.len() >= ROOM {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
                return;
            }
            seen.push_back(sighting);
        }
        self.shared.wake.notify_one();
    }

    /// Waits until there may be something to take.
    pub async fn woken(&self) {
        self.shared.wake.notified().await;
    }

    /// Everything that waits, in the order in which it was told.
    #[must_use]
    pub fn take(&self) -> Vec<Sighting> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// What was lost since it was last asked.
    #[must_use]
    pub fn take_lost(&self) -> u64 {
        self.shared.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::Level;

    fn record(event: &'static str) -> LogRecord {
        LogRecord { event: event.into(), level: Level::Debug, ..LogRecord::default() }
    }

    #[test]
    fn what_is_watched_is_taken_and_what_is_too_much_is_counted() {
        let tap = Tap::default();
        tap.record(&record("ui.panic"));
        assert!(tap.take().is_empty(), "nobody takes yet");
        tap.open();
        tap.record(&record("ui.click"));
        tap.record(&record("alert.fired"));
        for _ in 0..ROOM + 7 {
            tap.record(&record("venue.request"));
        }
        assert_eq!((tap.take().len(), tap.take_lost(), tap.take_lost()), (ROOM, 7, 0));
    }
}
