//! One SQLite file: a single writing connection, a few readers, WAL. What takes too long is told.

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Sqlite, Transaction};

use super::DbEvent;
use crate::config::DatabaseConfig;
use crate::correlation;
use crate::telling::Teller;

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Loss of power: every commit syncs. For the journal and for accounts.
    Power,
    /// The end of the process. For telemetry.
    Process,
}

/// Why a database did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database {database} cannot be opened: {source}")]
    Open { database: &'static str, source: sqlx::Error },
    #[error("database {database} cannot be brought up to date: {source}")]
    Migrate { database: &'static str, source: sqlx::migrate::MigrateError },
    #[error("{statement} on {database}: {source}")]
    Statement { database: &'static str, statement: &'static str, source: sqlx::Error },
}

/// Handle to one database file; cheap to clone.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    writer: SqlitePool,
    readers: SqlitePool,
    teller: Teller,
    slow_statement: Duration,
    slow_acquire: Duration,
    told: Mutex<HashMap<&'static str, (Instant, u64)>>,
    commits: Mutex<Commits>,
}

#[derive(Default)]
struct Commits {
    count: u64,
    sum_us: u64,
    max_us: u64,
}

impl Db {
    /// Opens (or makes) the file and brings its tables up to date.
    pub async fn open(
        path: &Path,
        name: &'static str,
        migrations: &Migrator,
        durability: Durability,
        teller: Teller,
        config: &DatabaseConfig,
    ) -> Result<Self, StoreError> {
        let synchronous = match durability {
            Durability::Power => SqliteSynchronous::Full,
            Durability::Process => SqliteSynchronous::Normal,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let pool =
            |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(Duration::from_secs(5));
        let open = |source| StoreError::Open { database: name, source };
        let writer = pool(1).connect_with(options.clone()).await.map_err(open)?;
        migrations.run(&writer).await.map_err(|source| StoreError::Migrate { database: name, source })?;
        let readers = pool(4).connect_with(options).await.map_err(open)?;
        Ok(Self {
            shared: Arc::new(Shared {
                name,
                writer,
                readers,
                teller,
                slow_statement: Duration::from_millis(config.slow_statement_ms),
                slow_acquire: Duration::from_millis(config.slow_acquire_ms),
                told: Mutex::default(),
                commits: Mutex::default(),
            }),
        })
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.acquired(self.shared.readers.acquire()).await
    }

    /// A transaction on the one writing connection; dropped without `commit` it is rolled back.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.acquired(self.shared.writer.begin()).await
    }

    /// Commits and notes how long that took.
    pub async fn commit(&self, transaction: Transaction<'static, Sqlite>) -> Result<(), StoreError> {
        let started = Instant::now();
        self.timed("commit", transaction.commit()).await?;
        let us = micros(started.elapsed());
        let mut commits = self.shared.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.count += 1;
        commits.sum_us += us;
        commits.max_us = commits.max_us.max(us);
        Ok(())
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
        let database = self.shared.name;
        match result {
            Ok(value) => {
                if elapsed > self.shared.slow_statement {
                    self.tell_limited(statement, |suppressed| DbEvent::SlowStatement {
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
                self.tell_limited(statement, |_| DbEvent::StatementFailed { database, statement, failure });
                Err(StoreError::Statement { database, statement, source })
            }
        }
    }

    /// Tells the commits since the last call, if any; called once a minute.
    pub fn tell_commits(&self) {
        let commits =
            std::mem::take(&mut *self.shared.commits.lock().unwrap_or_else(PoisonError::into_inner));
        if commits.count > 0 {
            let event = DbEvent::CommitLatency {
                database: self.shared.name,
                commits: commits.count,
                mean_us: commits.sum_us / commits.count,
                max_us: commits.max_us,
            };
            self.shared.teller.tell(&event, &correlation::context());
        }
    }

    /// Closes all connections; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.shared.readers.close().await;
        self.shared.writer.close().await;
    }

    async fn acquired<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        let started = Instant::now();
        let result = work.await;
        let (elapsed, database) = (started.elapsed(), self.shared.name);
        if let Err(sqlx::Error::PoolTimedOut) = result {
            self.tell_limited("exhausted", |_| DbEvent::PoolExhausted {
                database,
                latency_us: micros(elapsed),
            });
        } else if elapsed > self.shared.slow_acquire {
            self.tell_limited("acquire", |_| DbEvent::PoolWait { database, latency_us: micros(elapsed) });
        }
        result.map_err(|source| StoreError::Statement { database, statement: "acquire", source })
    }

    /// Telling goes to a database itself, so a slow one must not be fed by its own complaints.
    fn tell_limited(&self, key: &'static str, event: impl FnOnce(u64) -> DbEvent) {
        let now = Instant::now();
        let suppressed = {
            let mut told = self.shared.told.lock().unwrap_or_else(PoisonError::into_inner);
            match told.get_mut(key) {
                Some((last, count)) if now.duration_since(*last) < Duration::from_secs(1) => {
                    *count += 1;
                    return;
                }
                Some((last, count)) => {
                    *last = now;
                    std::mem::take(count)
                }
                None => {
                    told.insert(key, (now, 0));
                    0
                }
            }
        };
        self.shared.teller.tell(&event(suppressed), &correlation::context());
    }
}

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}
