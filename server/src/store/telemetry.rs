//! The telemetry database: log records, seen batches, the forwarder's cursor, books and dead letters. Trading does
//! without it: a damaged file is set aside, and while there is none every call fails and is repeated later.

mod append;
mod forwarding;
mod lanes;
mod query;
mod retain;
mod tabs;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::migrate::Migrator;
use tokio::sync::watch;

pub use append::{BatchCommit, Commit, Prepared};
pub use forwarding::{Backlog, Books, DeadLetter, Position, Settled, StoredRecord};
pub use lanes::Lane;
pub use query::{Bucket, Cursor, ErrorGroup, Filter};
pub use retain::{Forgotten, Keep};
pub use tabs::{TabBooks, TabEntry, TabPage};

use super::{Db, DbFile, Durability, Foreign, Hold, Slot, StoreError, migrator};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::Tasks;
use crate::telling::Teller;

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "records", include_str!("../../migrations/telemetry/0001_records.sql")),
        (2, "retention", include_str!("../../migrations/telemetry/0002_retention.sql")),
        (3, "journal", include_str!("../../migrations/telemetry/0003_journal.sql")),
        (4, "tabs", include_str!("../../migrations/telemetry/0004_tabs.sql")),
        (5, "groups", include_str!("../../migrations/telemetry/0005_groups.sql")),
        (6, "lanes", include_str!("../../migrations/telemetry/0006_lanes.sql")),
    ])
});
/// The health part that says whether records are stored.
const PART: &str = "telemetry_store";
/// Log records are in no hurry.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a start looks for damage. What it does not reach is announced by the statement that meets it.
const CHECK: Duration = Duration::from_millis(500);

/// Handle to the telemetry database; cheap to clone.
#[derive(Clone)]
pub struct TelemetryStore {
    slot: Slot,
    /// The highest committed `id`: readers by cursor wait on it.
    committed: Arc<watch::Sender<i64>>,
    /// Whether there must be books, also in a file that was just begun.
    forwarding: Arc<AtomicBool>,
}

impl TelemetryStore {
    /// Opens `telemetry.db` in the data directory, also beside a server that runs on it.
    pub async fn open(dir: &Path, teller: Teller, config: &DatabaseConfig) -> Result<Self, StoreError> {
        let db = Db::open(file(dir, Hold::Guest), teller, config).await?;
        let store = Self::at(Slot::fixed(db));
        let last = store.last_id().await?;
        store.committed.send_replace(last);
        Ok(store)
    }

    /// Keeps one open in a data directory that is ours, whatever becomes of the file.
    pub async fn keep(dir: &Path, config: &DatabaseConfig, health: &Health, tasks: &Tasks) -> Self {
        let names = (PART, "telemetry_file");
        Self::at(Slot::keep(file(dir, Hold::Owner), names, false, None, config, health, tasks).await)
    }

    fn at(slot: Slot) -> Self {
        Self { slot, committed: Arc::new(watch::Sender::new(0)), forwarding: Arc::default() }
    }

    /// Changes whenever records were committed; the value is the highest `id`.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.committed.subscribe()
    }

    /// The database, for what it can tell about itself, while there is one.
    pub fn db(&self) -> Result<Db, StoreError> {
        self.slot.db()
    }

    /// The writer of records says that they are refused, or (`None`) taken again.
    pub fn refuses(&self, why: Option<&str>) {
        self.slot.refuses(why);
    }

    /// Closes it; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.slot.close().await;
    }

    async fn last_id(&self) -> Result<i64, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_as::<_, (i64,)>(LAST_ID).fetch_one(&mut *connection);
        Ok(db.timed("records.last_id", query).await?.0)
    }
}

/// The highest id ever given: that of a record, or of a lane's cursor when the records are gone.
const LAST_ID: &str = "SELECT MAX(last) FROM (SELECT COALESCE(MAX(id), 0) AS last FROM log_records \
                       UNION ALL SELECT COALESCE(MAX(cursor_id), 0) AS last FROM forwarder_lanes) AS ids";

fn file(dir: &Path, hold: Hold) -> DbFile {
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
    }
}
