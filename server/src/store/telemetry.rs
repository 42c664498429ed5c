//! The telemetry database: log records, seen batches, the forwarder's cursor and books, dead letters.

mod append;
mod forwarding;
mod query;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

pub use append::{Commit, Prepared};
pub use forwarding::{Books, DeadLetter, Settled, StoredRecord};
pub use query::{Bucket, Cursor, ErrorGroup, Filter};

use super::{Db, Durability, StoreError};
use crate::config::DatabaseConfig;
use crate::telling::Teller;

/// Handle to the telemetry database; cheap to clone.
#[derive(Clone)]
pub struct TelemetryStore {
    db: Db,
    /// The highest committed `id`: readers by cursor wait on it.
    committed: Arc<watch::Sender<i64>>,
}

impl TelemetryStore {
    /// Opens `telemetry.db` in the data directory.
    pub async fn open(dir: &Path, teller: Teller, config: &DatabaseConfig) -> Result<Self, StoreError> {
        let path = dir.join("telemetry.db");
        let migrations = sqlx::migrate!("./migrations/telemetry");
        let db = Db::open(&path, "telemetry", &migrations, Durability::Process, teller, config).await?;
        let store = Self { db, committed: Arc::new(watch::Sender::new(0)) };
        let last = store.last_id().await?;
        store.committed.send_replace(last);
        Ok(store)
    }

    /// Changes whenever records were committed; the value is the highest `id`.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.committed.subscribe()
    }

    /// The database, for what it can tell about itself.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The highest id ever given: that of a record, or of the forwarder's cursor when the records are gone.
    async fn last_id(&self) -> Result<i64, StoreError> {
        let mut connection = self.db.read().await?;
        let sql = "SELECT MAX(last) FROM (SELECT COALESCE(MAX(id), 0) AS last FROM log_records \
                   UNION ALL SELECT COALESCE(MAX(cursor_id), 0) AS last FROM forwarder) AS ids";
        self.db.timed("records.last_id", sqlx::query_scalar(sql).fetch_one(&mut *connection)).await
    }
}
