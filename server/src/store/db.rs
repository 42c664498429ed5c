//! One SQLite file: a single writing connection, a few readers, WAL. What takes too long is told, and damage that a
//! statement meets is announced.

mod check;
mod copy;
mod error;
mod file;
mod lineage;
mod migrations;
mod open;
mod search;
mod told;
mod write;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite};
use tokio::sync::watch;

use super::DbEvent;

pub use error::StoreError;
pub use file::{DbFile, Foreign, Hold};
pub use migrations::migrator;
pub(in crate::store) use told::context;
pub use write::Write;

use told::Told;

/// A file that is written gets a new mark this often, see `lineage`.
const MARK_EVERY: Duration = Duration::from_secs(5);
/// How long a checkpoint that holds up writers waits for readers.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(20);

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Loss of power: every commit syncs. For the journal and for accounts.
    Power,
    /// The end of the process. For telemetry.
    Process,
}

/// Handle to one database file; cheap to clone.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    file: DbFile,
    /// Of the file that was opened.
    identity: Option<(u64, u64)>,
    writer: SqlitePool,
    readers: SqlitePool,
    /// For questions that may take long.
    searchers: SqlitePool,
    told: Told,
    /// Why the file must be taken for damaged, once a statement has met it.
    damage: watch::Sender<Option<String>>,
    writable: bool,
    marked: Mutex<Option<Instant>>,
}

impl Db {
    /// Pools whose connections are never closed for their age: on a full disk the file could not be opened again,
    /// because the last connection takes the log with it.
    async fn assemble(file: DbFile, told: Told, writable: bool) -> Result<Self, sqlx::Error> {
        let pool = |size, patience: Duration| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(patience.max(Duration::from_secs(1)))
                .max_lifetime(None)
                .idle_timeout(None)
        };
        let readers = pool(4, Duration::from_secs(5)).connect_with(file.options()).await?;
        let writer = pool(1, file.patience).connect_with(file.options()).await?;
        let searchers = pool(search::AT_ONCE, search::PATIENCE).connect_lazy_with(file.options());
        let damage = watch::Sender::new(None);
        let identity = file.identity();
        Ok(Self {
            shared: Arc::new(Shared {
                file,
                identity,
                writer,
                readers,
                searchers,
                told,
                damage,
                writable,
                marked: Mutex::default(),
            }),
        })
    }

    /// The word for it in records and errors.
    #[must_use]
    pub fn database(&self) -> &'static str {
        self.shared.file.name
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.acquired(self.shared.readers.acquire()).await
    }

    /// A transaction on the one writing connection.
    pub async fn write(&self) -> Result<Write, StoreError> {
        if !self.shared.writable {
            return Err(StoreError::ReadOnly { database: self.database() });
        }
        self.still_there()?;
        let connection = self.acquired(self.shared.writer.acquire()).await?;
        Write::begin(self.clone(), connection).await
    }

    /// Runs one statement under a name; slow and failed ones are told, at most once a second and name.
    pub async fn timed<T>(
        &self,
        statement: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let result = work.await;
        let elapsed = started.elapsed();
        let database = self.database();
        match result {
            Ok(value) => {
                if elapsed > self.shared.told.slow_statement {
                    self.shared.told.tell_limited(statement, |suppressed| DbEvent::SlowStatement {
                        database,
                        statement,
                        latency_us: micros(elapsed),
                        suppressed,
                    });
                }
                Ok(value)
            }
            Err(source) => {
                let failure = source.to_string();
                self.shared.told.tell_limited(statement, |_| DbEvent::StatementFailed {
                    database,
                    statement,
                    failure,
                });
                Err(self.noted(StoreError::Statement { database, statement, source }))
            }
        }
    }

    /// Somebody found that what it holds is not what was written.
    pub fn condemn(&self, why: &str) {
        self.shared.damage.send_if_modified(|damage| {
            let first = damage.is_none();
            damage.get_or_insert_with(|| why.to_owned());
            first
        });
    }

    /// Set as soon as a statement meets damage; it never becomes sound again by itself.
    #[must_use]
    pub fn damage(&self) -> watch::Receiver<Option<String>> {
        self.shared.damage.subscribe()
    }

    /// Tells the commits since the last call, if any; called once a minute.
    pub fn tell_commits(&self) {
        if let Some(event) = self.shared.told.take_commits(self.database()) {
            self.shared.told.tell(&event);
        }
    }

    /// Bytes of the write-ahead log.
    #[must_use]
    pub fn wal_bytes(&self) -> u64 {
        self.shared.file.wal_bytes()
    }

    /// Folds the write-ahead log into the file and cuts it short; called once a minute. Most of the work is done
    /// beside the writers, and what is left holds them up for some milliseconds. A reader that stays in an old
    /// snapshot keeps the log as long as it is; the next call tries again.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if self.wal_bytes() == 0 || !self.shared.writable {
            return Ok(());
        }
        self.still_there()?;
        let options = self.shared.file.options().create_if_missing(false).busy_timeout(CHECKPOINT_PATIENCE);
        let mut connection = self.timed("checkpoint.open", options.connect()).await?;
        let mut fold = async |mode: &'static str| {
            let row = sqlx::query_as::<_, (i64, i64, i64)>(mode).fetch_one(&mut connection);
            self.timed("checkpoint", row).await
        };
        fold("PRAGMA wal_checkpoint(PASSIVE)").await?;
        fold("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        self.timed("checkpoint.close", connection.close()).await
    }

    /// What is written must go into the file that the next start opens, not into one that was removed or replaced.
    fn still_there(&self) -> Result<(), StoreError> {
        let identity = self.shared.file.identity();
        if identity == self.shared.identity {
            return Ok(());
        }
        let why = match identity {
            None => "its file was removed while the server runs",
            Some(_) => "its file was replaced while the server runs",
        };
        self.condemn(why);
        Err(StoreError::Damaged { database: self.database(), why: why.to_owned() })
    }

    /// Closes all connections; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.shared.writer.close().await;
        self.shared.searchers.close().await;
        self.shared.readers.close().await;
    }

    /// At most once in `MARK_EVERY`.
    fn mark_is_due(&self) -> bool {
        let mut marked = self.shared.marked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = marked.is_none_or(|at| at.elapsed() >= MARK_EVERY);
        if due {
            *marked = Some(Instant::now());
        }
        due
    }

    fn note_commit(&self, elapsed: Duration) {
        self.shared.told.note_commit(micros(elapsed));
    }

    async fn acquired<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        let started = Instant::now();
        let result = work.await;
        let (elapsed, database) = (started.elapsed(), self.database());
        let told = &self.shared.told;
        if let Err(sqlx::Error::PoolTimedOut) = result {
            told.tell_limited("exhausted", |_| DbEvent::PoolExhausted {
                database,
                latency_us: micros(elapsed),
            });
        } else if elapsed > told.slow_acquire {
            told.tell_limited("acquire", |_| DbEvent::PoolWait { database, latency_us: micros(elapsed) });
        }
        result.map_err(|source| self.noted(StoreError::Statement { database, statement: "acquire", source }))
    }

    fn noted(&self, error: StoreError) -> StoreError {
        if error.is_damaged() {
            self.condemn(&error.to_string());
        }
        error
    }
}

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}
