//! The trading database: the journal of inputs and decisions, snapshots, and answers to keyed requests. What is
//! appended here is on disk before any command leaves; everything else that is known of trading is made from it.

mod append;
mod journal;
mod query;
mod retain;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use model::ids::SessionId;
use model::{DecisionRecord, Input, Stamp, TradingState};
use sqlx::migrate::Migrator;
use tokio::sync::watch;

pub use append::Rolling;
pub use journal::{JournaledInput, Page, Recovered, Snapshot, Torn, Unread};
pub use query::{DecisionPage, StoredAnswer};

use super::{Db, DbFile, Durability, Foreign, Hold, Slot, StoreError, migrator};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::Tasks;
use crate::telling::Teller;

/// Handle to the trading database; cheap to clone.
#[derive(Clone)]
pub struct TradingStore {
    slot: Slot,
    /// The number of the last decision on disk: readers by cursor wait on it.
    head: Arc<watch::Sender<u64>>,
}

/// What a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Trade,
    /// Closing everything, whatever has become of the journal.
    Close,
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
    pub decisions: Vec<Arc<DecisionRecord>>,
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

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "journal", include_str!("../../migrations/trading/0001_journal.sql")),
        (2, "retention", include_str!("../../migrations/trading/0002_retention.sql")),
        (3, "format 2", include_str!("../../migrations/trading/0003_format_2.sql")),
    ])
});
/// How long an append waits for another program's lock. A journal that is held up by somebody counts as failing, so
/// that exits leave.
const PATIENCE: Duration = Duration::from_millis(250);

impl TradingStore {
    /// Keeps `trading.db` open in a data directory that is ours. Every commit is synced to the disk. A damaged file is
    /// set aside, and one that cannot be opened for want of room is read from a copy: closing must be possible with
    /// whatever is there. One that a newer version wrote is an error, because nobody may trade on without knowing it;
    /// for whoever only closes it is left alone.
    pub async fn keep(
        dir: &Path,
        purpose: Purpose,
        config: &DatabaseConfig,
        health: &Health,
        tasks: &Tasks,
    ) -> Result<Self, StoreError> {
        let file = Self::file(dir, Hold::Owner);
        match Db::open(file.clone(), tasks.teller().clone(), config).await {
            Ok(db) => db.close().await,
            Err(error) if error.is_foreign() && purpose == Purpose::Trade => return Err(error),
            // The slot says so, and goes on trying.
            Err(_) => {}
        }
        let names = ("trading_store", "trading_file");
        let store = Self::at(Slot::keep(file, names, true, None, config, health, tasks).await);
        if let Ok(last) = store.last().await {
            store.head.send_replace(last);
        }
        Ok(store)
    }

    /// The same beside a server that may be running on it.
    pub async fn open_beside(
        dir: &Path,
        teller: Teller,
        config: &DatabaseConfig,
    ) -> Result<Self, StoreError> {
        let store = Self::at(Slot::fixed(Db::open(Self::file(dir, Hold::Guest), teller, config).await?));
        let last = store.last().await?;
        store.head.send_replace(last);
        Ok(store)
    }

    fn at(slot: Slot) -> Self {
        Self { slot, head: Arc::default() }
    }

    fn file(dir: &Path, hold: Hold) -> DbFile {
        DbFile {
            path: dir.join("trading.db"),
            name: "trading",
            migrations: &MIGRATIONS,
            durability: Durability::Power,
            patience: PATIENCE,
            hold,
            foreign: Foreign::Leave,
            // Whatever can still be read of a damaged journal is worth more than a clean refusal.
            check: Duration::ZERO,
            before: None,
        }
    }

    /// The database, for what it can tell about itself, while there is one.
    pub fn db(&self) -> Result<Db, StoreError> {
        self.slot.db()
    }

    /// Changes whenever another file stands here; it may be an empty one.
    #[must_use]
    pub fn opened(&self) -> watch::Receiver<u64> {
        self.slot.opened()
    }

    /// What it holds cannot be continued from: it is opened anew, and set aside should that not help.
    pub fn condemn(&self, why: &str) {
        if let Ok(db) = self.db() {
            db.condemn(why);
        }
    }

    /// Closes it; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.slot.close().await;
    }

    /// Changes whenever decisions were committed; the value is the number of the last.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }
}

/// A count as the databases keep it.
pub(crate) fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// JSON of a value of ours; such a value always has one.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable("json.write", error))
}

/// A row that is not what it was written as.
pub(crate) fn unreadable(statement: &'static str, error: serde_json::Error) -> StoreError {
    StoreError::Statement { database: "trading", statement, source: sqlx::Error::Decode(Box::new(error)) }
}
