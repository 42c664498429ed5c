//! The trading database: the journal of inputs and decisions, snapshots, projections and idempotency keys. What is
//! appended here is on disk before any command leaves.

mod append;
mod journal;
mod project;
mod query;
mod retain;

use std::path::Path;
use std::time::Duration;

use model::ids::SessionId;
use model::{DecisionRecord, Input, Stamp, TradingState};
use sqlx::migrate::Migrator;

pub use journal::{JournaledInput, Recovered, Snapshot};
pub use query::{DecisionPage, SessionRow, StoredAnswer};

use super::{Db, DbFile, Durability, Hold, StoreError};
use crate::config::DatabaseConfig;
use crate::telling::Teller;

/// Handle to the trading database; cheap to clone.
#[derive(Clone)]
pub struct TradingStore {
    db: Db,
}

/// What may leave after an append: a failing logbook stops us from opening risk, never from closing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    All,
    ExitsOnly,
}

/// One step of the engine, to be appended.
#[derive(Clone, Debug)]
pub struct Entry {
    pub stamp: Stamp,
    pub input: Input,
    pub decisions: Vec<DecisionRecord>,
    /// The state before a session's start, kept so that the session can be replayed.
    pub origin: Option<Origin>,
    pub answer: Option<KeyedAnswer>,
}

/// Where a session's replay begins.
#[derive(Clone, Debug)]
pub struct Origin {
    pub session_id: SessionId,
    pub next_seq: u64,
    pub state: Box<TradingState>,
}

/// The answer to a keyed request, so that the same key gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAnswer {
    pub username: String,
    pub key: String,
    pub request_hash: String,
    pub status: u16,
    pub response: String,
}

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/trading");
/// How long an append waits for another program's lock.
const PATIENCE: Duration = Duration::from_secs(5);

impl TradingStore {
    /// Opens `trading.db` in a data directory that is ours. Every commit is synced to the disk.
    pub async fn open(dir: &Path, teller: Teller, config: &DatabaseConfig) -> Result<Self, StoreError> {
        Ok(Self { db: Db::open(Self::file(dir, Hold::Owner), teller, config).await? })
    }

    /// The same beside a server that may be running on it.
    pub async fn open_beside(
        dir: &Path,
        teller: Teller,
        config: &DatabaseConfig,
    ) -> Result<Self, StoreError> {
        Ok(Self { db: Db::open(Self::file(dir, Hold::Guest), teller, config).await? })
    }

    fn file(dir: &Path, hold: Hold) -> DbFile {
        DbFile {
            path: dir.join("trading.db"),
            name: "trading",
            migrations: &MIGRATIONS,
            durability: Durability::Power,
            patience: PATIENCE,
            hold,
            // Whatever can still be read of a damaged journal is worth more than a clean refusal.
            check: Duration::ZERO,
        }
    }

    /// The database, for what it can tell about itself.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }
}

/// A count as the databases keep it.
fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// JSON of a value of ours; such a value always has one.
fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable("json.write", error))
}

/// A row that is not what it was written as.
fn unreadable(statement: &'static str, error: serde_json::Error) -> StoreError {
    StoreError::Statement { database: "trading", statement, source: sqlx::Error::Decode(Box::new(error)) }
}
