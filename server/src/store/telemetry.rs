//! The log with what belongs to it: segments hold the records and are the truth, `telemetry.db` keeps books that are made
//! from them (batches seen, tabs, how far the journal was told, the forwarder), and an index a day finds lines. Trading
//! does without any of it.

mod append;
mod filter;
mod fold;
mod forwarding;
mod index;
mod lanes;
mod query;
mod retain;
mod search;
mod seen;
mod tabs;
mod takeover;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::migrate::Migrator;
use tokio::sync::{Notify, watch};

pub use append::{Commit, Group};
pub use filter::Filter;
pub use forwarding::{Backlog, Books, DeadLetter, Position, Settled, StoredRecord};
#[cfg(test)]
pub(crate) use index::MIGRATIONS as INDEX_MIGRATIONS;
pub use index::Reindexed;
pub use lanes::Lane;
pub use query::{Bucket, Cursor, ErrorGroup, Page};
pub use retain::{Forgotten, Keep};
pub use tabs::{TabBooks, TabEntry, TabPage};

use super::log::{self, Log};
use super::{Db, DbEvent, DbFile, Durability, Foreign, Hold, Slot, StoreError, migrator};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::{Restart, Tasks};
use crate::telling::{Teller, say};
use fold::Fold;
use index::Index;
use seen::Seen;

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "records", include_str!("../../migrations/telemetry/0001_records.sql")),
        (2, "retention", include_str!("../../migrations/telemetry/0002_retention.sql")),
        (3, "journal", include_str!("../../migrations/telemetry/0003_journal.sql")),
        (4, "tabs", include_str!("../../migrations/telemetry/0004_tabs.sql")),
        (5, "groups", include_str!("../../migrations/telemetry/0005_groups.sql")),
        (6, "lanes", include_str!("../../migrations/telemetry/0006_lanes.sql")),
        (7, "files", include_str!("../../migrations/telemetry/0007_files.sql")),
    ])
});
/// The health part that says whether records are stored.
const PART: &str = "telemetry_store";
/// Log records are in no hurry.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a start looks for damage. What it does not reach is announced by the statement that meets it.
const CHECK: Duration = Duration::from_millis(500);
/// What was written outlives a loss of power after this long, what is urgent at once.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Followers let lines come together for so long.
const TOGETHER: Duration = Duration::from_millis(20);
/// What failed is tried again after this long.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a reader of the books waits for them to follow the log.
const FRESH: Duration = Duration::from_secs(1);

/// Handle to the log and its books; cheap to clone.
#[derive(Clone)]
pub struct TelemetryStore {
    slot: Slot,
    log: Log,
    fold: Arc<Fold>,
    seen: Arc<Seen>,
    index: Arc<Index>,
    /// Something was written that must outlive a loss of power now.
    urgent: Arc<Notify>,
    teller: Teller,
}

impl TelemetryStore {
    /// Opens the log of the data directory for reading, also beside a server that runs on it.
    pub async fn open(dir: &Path, teller: Teller, config: &DatabaseConfig) -> Result<Self, StoreError> {
        takeover::refuse(dir).await?;
        let db = Db::open(file(dir, Hold::Guest, None), teller.clone(), config).await?;
        let log = Log::guest(dir);
        Ok(Self::assemble(Slot::fixed(db), log, Hold::Guest, teller, config))
    }

    /// Opens it for writing, without a task that follows: for who has the data directory for itself.
    pub async fn own(dir: &Path, teller: Teller, config: &DatabaseConfig) -> Result<Self, StoreError> {
        let (log, _) = Log::own(dir, log::SEGMENT_BYTES);
        let before = takeover::reserve(dir, &log).await;
        let db = Db::open(file(dir, Hold::Owner, before), teller.clone(), config).await?;
        let store = Self::assemble(Slot::fixed(db), log, Hold::Owner, teller, config);
        store.begin().await?;
        Ok(store)
    }

    /// Keeps one open in a data directory that is ours, whatever becomes of the files.
    pub async fn keep(dir: &Path, config: &DatabaseConfig, health: &Health, tasks: &Tasks) -> Self {
        let folder = dir.to_owned();
        let opening = tokio::task::spawn_blocking(move || Log::own(&folder, log::SEGMENT_BYTES));
        let (log, found) = opening.await.unwrap_or_else(|_| (Log::guest(dir), log::Found::default()));
        let before = takeover::reserve(dir, &log).await;
        let names = (PART, "telemetry_file");
        let opened = file(dir, Hold::Owner, before);
        let slot = Slot::keep(opened, names, false, None, config, health, tasks).await;
        let store = Self::assemble(slot, log, Hold::Owner, tasks.teller().clone(), config);
        store.tell_found(found);
        // Later, if the books cannot be read now.
        let _ = tokio::time::timeout(FRESH, store.begin()).await;
        store.follow(tasks);
        store
    }

    fn assemble(slot: Slot, log: Log, hold: Hold, teller: Teller, config: &DatabaseConfig) -> Self {
        let index = Index::new(log.clone(), hold, teller.clone(), config.clone());
        Self {
            slot,
            fold: Arc::new(Fold::new(log.end())),
            seen: Arc::default(),
            index: Arc::new(index),
            urgent: Arc::default(),
            log,
            teller,
        }
    }

    /// Changes whenever records were written; all of them lie at or before the value.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.log.committed()
    }

    /// So many days have an index.
    pub fn index_days(&self, days: u64) {
        self.index.keep_days(days);
    }

    /// The segments.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Bytes of lines that the books and the index have still to follow.
    #[must_use]
    pub fn lags(&self) -> (u64, u64) {
        let index = self.index.reached();
        (self.log.lag(self.applied_now()), self.log.lag(index))
    }

    /// The database, for what it can tell about itself, while there is one.
    pub fn db(&self) -> Result<Db, StoreError> {
        self.slot.db()
    }

    /// The writer of records says that they are refused, or (`None`) taken again.
    pub fn refuses(&self, why: Option<&str>) {
        self.slot.refuses(why);
    }

    /// Closes it: what was written outlives a loss of power, and the write-ahead logs are folded into their files.
    pub async fn close(&self) {
        let log = self.log.clone();
        let _ = tokio::task::spawn_blocking(move || log.sync()).await;
        let _ = tokio::time::timeout(FRESH, self.caught_up()).await;
        self.index.close().await;
        self.slot.close().await;
    }

    /// Waits until the books have followed the log to its present end, but not for long.
    async fn fresh(&self) {
        let _ = tokio::time::timeout(FRESH, self.caught_up()).await;
    }

    fn tell_found(&self, found: log::Found) {
        if let Some(kept_as) = found.set_aside {
            let reason = "it is no folder".to_owned();
            let event = DbEvent::SetAside { database: "log", file: log::FOLDER.to_owned(), kept_as, reason };
            self.slot.was_set_aside(&telemetry::Event::message(&event));
            self.tell(&event);
        }
        if let Some(failure) = found.failure {
            self.tell(&DbEvent::Unusable { database: "log", failure });
        }
        if found.cut > 0 {
            self.tell(&DbEvent::LogCut { bytes: found.cut });
        }
    }

    fn tell(&self, event: &DbEvent) {
        self.teller.tell(event, &telemetry::Context::default());
        say(&telemetry::Event::message(event));
    }

    fn follow(&self, tasks: &Tasks) {
        let (books, index, sync) = (self.clone(), self.clone(), self.clone());
        let supervise = |name: &'static str, work: fn(Self, crate::tasks::Stop) -> Work, store: Self| {
            let stop = tasks.stop_signal();
            tasks.supervise(name, telemetry::Context::default(), Restart::SOON, move || {
                let work = work(store.clone(), stop.clone());
                async move {
                    work.await;
                    Ok::<(), std::convert::Infallible>(())
                }
            });
        };
        supervise("log_books", |store, stop| Box::pin(store.follow_books(stop)), books);
        supervise("log_index", |store, stop| Box::pin(store.follow_index(stop)), index);
        supervise("log_sync", |store, stop| Box::pin(store.sync_often(stop)), sync);
    }

    async fn sync_often(self, mut stop: crate::tasks::Stop) {
        let mut told = false;
        while !stop.is_stopped() {
            tokio::select! {
                () = self.urgent.notified() => {}
                () = tokio::time::sleep(SYNC_EVERY) => {}
                () = stop.stopped() => {}
            }
            let log = self.log.clone();
            let synced =
                tokio::task::spawn_blocking(move || if log.is_dirty() { log.sync() } else { Ok(()) });
            let failure = synced.await.ok().and_then(Result::err);
            if let Some(error) = failure.as_ref().filter(|_| !told) {
                self.tell(&DbEvent::Unusable { database: "log", failure: error.to_string() });
            }
            told = failure.is_some();
        }
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn file(dir: &Path, hold: Hold, before: Option<super::db::Before>) -> DbFile {
    let check = match hold {
        Hold::Owner => CHECK,
        Hold::Guest => Duration::ZERO,
    };
    DbFile {
        path: dir.join("telemetry.db"),
        name: "telemetry",
        migrations: &MIGRATIONS,
        durability: Durability::Process,
        patience: PATIENCE,
        hold,
        foreign: Foreign::SetAside,
        check,
        before,
    }
}
