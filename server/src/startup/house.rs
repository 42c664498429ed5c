//! Chores. Each stands for itself: one that fails is told where it failed, and keeps no other from being done.

use std::sync::Arc;
use std::time::Duration;

use telemetry::{Context, Micros};
use tokio::time::Instant;

use crate::clock;
use crate::shared::App;
use crate::store::telemetry::{Forgotten, Keep};
use crate::store::{Db, DbEvent};
use crate::tasks::Restart;

/// Changes of accounts are told within this time.
const OFTEN: Duration = Duration::from_secs(2);
const MINUTE: Duration = Duration::from_secs(60);
/// The clock must have run evenly for this long before anything is deleted for its age.
const EVEN: Duration = Duration::from_secs(3_600);
/// A clock that differs by more than this from the time that went by was set.
const STEP_US: i64 = 60_000_000;

/// Starts the tasks of the house.
pub(super) fn keep(app: &Arc<App>) {
    audit_accounts(app);
    let (this, stop) = (Arc::clone(app), app.tasks.stop_signal());
    app.tasks.supervise("housekeeping", Context::default(), Restart::SOON, move || {
        let (app, mut stop) = (Arc::clone(&this), stop.clone());
        async move {
            let mut chores = Instant::now() + MINUTE;
            while !stop.is_stopped() {
                // Told by the database where it failed; it is tried again.
                let _ = app.accounts.remember(&app.teller).await;
                if Instant::now() >= chores {
                    chores = Instant::now() + MINUTE;
                    every_minute(&app).await;
                }
                tokio::select! {
                    () = tokio::time::sleep(OFTEN) => {}
                    () = stop.stopped() => {}
                }
            }
            Ok::<(), std::convert::Infallible>(())
        }
    });
    forget_records(app);
}

/// Commit latencies are told, write-ahead logs cut short, ids of old batches forgotten.
async fn every_minute(app: &App) {
    let trading = &app.trading;
    let watch = app.alerts.store().db();
    let stores = [app.records.db(), app.accounts.db(), watch, trading.history.db(), trading.store.db()];
    let databases: Vec<Db> = stores.into_iter().flatten().collect();
    for db in &databases {
        db.tell_commits();
        // Told by the database where it failed.
        let _ = db.checkpoint().await;
    }
    let _ = app.records.forget_batches().await;
    let _ = app.records.forget_tabs().await;
}

/// Log records that are too old or too many are deleted, once a minute and in small steps.
fn forget_records(app: &Arc<App>) {
    let (this, stop) = (Arc::clone(app), app.tasks.stop_signal());
    app.tasks.supervise("log_retention", Context::default(), Restart::SOON, move || {
        let (app, mut stop) = (Arc::clone(&this), stop.clone());
        async move {
            let log = &app.config.log;
            let days_us = i64::try_from(log.keep_days).unwrap_or(i64::MAX).saturating_mul(86_400_000_000);
            let mut clock = Evenly::new(clock::system(), Instant::now());
            while !stop.is_stopped() {
                let now = clock::now();
                let since_us =
                    clock.is_trusted(clock::system(), Instant::now()).then(|| now.0.saturating_sub(days_us));
                let keep = Keep { since_us, bytes: log.keep_mb.saturating_mul(1_000_000) };
                // Told by the database where it failed; it is tried again.
                if let Ok(forgotten) = app.records.forget(keep, &stop).await {
                    tell(&app, forgotten);
                }
                tokio::select! {
                    () = tokio::time::sleep(MINUTE) => {}
                    () = stop.stopped() => {}
                }
            }
            Ok::<(), std::convert::Infallible>(())
        }
    });
}

fn tell(app: &App, forgotten: Forgotten) {
    let Forgotten { records, not_forwarded, dead_letters } = forgotten;
    if records + dead_letters > 0 {
        let event = DbEvent::RecordsForgotten { records, not_forwarded, dead_letters };
        app.teller.tell(&event, &Context::default());
    }
}

/// Whether the wall clock can be believed. One that leaps ahead by weeks must not empty the log: nothing is deleted
/// for its age until the clock and the time that went by have agreed for an hour.
struct Evenly {
    wall: Micros,
    at: Instant,
    since: Instant,
}

impl Evenly {
    fn new(wall: Micros, at: Instant) -> Self {
        Self { wall, at, since: at }
    }

    fn is_trusted(&mut self, wall: Micros, at: Instant) -> bool {
        let passed = i64::try_from(at.duration_since(self.at).as_micros()).unwrap_or(i64::MAX);
        let walled = wall.0.saturating_sub(self.wall.0);
        if walled.saturating_sub(passed).abs() > STEP_US {
            self.since = at;
        }
        (self.wall, self.at) = (wall, at);
        at.duration_since(self.since) >= EVEN
    }
}

/// Apart from the others, because it waits until its records are stored.
fn audit_accounts(app: &Arc<App>) {
    let (this, stop) = (Arc::clone(app), app.tasks.stop_signal());
    app.tasks.supervise("account_audit", Context::default(), Restart::SOON, move || {
        let (app, mut stop) = (Arc::clone(&this), stop.clone());
        async move {
            while !stop.is_stopped() {
                let told = async {
                    // Told by the database where it failed; it is tried again.
                    let _ = app.accounts.tell_changes(&app.teller).await;
                    tokio::time::sleep(OFTEN).await;
                };
                tokio::select! {
                    () = told => {}
                    () = stop.stopped() => {}
                }
            }
            Ok::<(), std::convert::Infallible>(())
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_not_believed_for_an_hour() {
        let start = Instant::now();
        let mut clock = Evenly::new(Micros(0), start);
        let mut look = |minute: u64, wall_minute: i64| {
            clock.is_trusted(Micros(wall_minute * 60_000_000), start + minute as u32 * MINUTE)
        };
        assert!(!look(59, 59), "not yet");
        assert!(look(60, 60));
        assert!(!look(61, 61 + 40 * 24 * 60), "it leapt ahead by forty days");
        assert!(!look(62, 62), "and back");
        assert!(!look(121, 121));
        assert!(look(122, 122));
    }
}
