//! The index: one SQLite file a day beside the segments, made from them by a cursor. It says when, of which level, event,
//! session and correlation id a line is, and where; no text. It can be deleted at any time: lines that it does not cover
//! are looked at one by one, and it is made again.

mod minutes;
mod read;
mod rows;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::migrate::Migrator;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

pub(super) use read::{ErrorPart, Match};

use crate::clock;
use crate::config::DatabaseConfig;
use crate::store::log::{Day, Log};
use crate::store::{Db, DbFile, Durability, Foreign, Hold, StoreError, migrator};
use crate::telling::Teller;

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "records", include_str!("../../../migrations/log_index/0001_records.sql")),
        (2, "minutes", include_str!("../../../migrations/log_index/0002_minutes.sql")),
    ])
});
const NAME: &str = "log_index";
/// Its folder beside the days.
const FOLDER: &str = "index";
/// Days that are open at once.
const OPEN: usize = 12;
/// Days that have one, unless somebody says otherwise.
const KEPT: u64 = 30;
/// Searches at once, and how long the next one waits for its turn.
const AT_ONCE: usize = 2;
const TURN: Duration = Duration::from_secs(10);

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reindexed {
    pub days: u64,
    pub records: u64,
}

pub(super) struct Index {
    log: Log,
    hold: Hold,
    teller: Teller,
    config: DatabaseConfig,
    days: Mutex<BTreeMap<Day, Arc<OneDay>>>,
    turns: Arc<Semaphore>,
    /// Days that have an index.
    kept: AtomicU64,
    /// How far that of the latest day has followed.
    reached: AtomicI64,
}

/// The open index of a day.
pub(super) struct OneDay {
    pub day: Day,
    pub db: Db,
    /// Numbers of words, as far as they were asked for.
    pub words: Mutex<HashMap<String, i64>>,
}

impl Index {
    pub fn new(log: Log, hold: Hold, teller: Teller, config: DatabaseConfig) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self {
            log,
            hold,
            teller,
            config,
            days: Mutex::default(),
            turns,
            kept: AtomicU64::new(KEPT),
            reached: AtomicI64::default(),
        }
    }

    pub fn keep_days(&self, days: u64) {
        self.kept.store(days, Ordering::Relaxed);
    }

    /// The oldest day that has one.
    pub fn since(&self) -> Day {
        Day::of(clock::now()).before(i64::try_from(self.kept.load(Ordering::Relaxed)).unwrap_or(i64::MAX))
    }

    pub fn reached(&self) -> i64 {
        self.reached.load(Ordering::Relaxed)
    }

    /// Waits until a search may begin: they share the machine with those who write.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let why = || "too many searches at once".to_owned();
        turn.ok().and_then(Result::ok).ok_or_else(|| StoreError::Down { database: NAME, why: why() })
    }

    /// The index of a day; `None`: there is none, and whoever asks is not the one who makes it.
    pub async fn day(&self, day: Day, make: bool) -> Result<Option<Arc<OneDay>>, StoreError> {
        let mut days = self.days.lock().await;
        if let Some(open) = days.get(&day) {
            if open.db.damage().borrow().is_none() {
                return Ok(Some(Arc::clone(open)));
            }
            days.remove(&day);
            self.remove(day);
        }
        let path = self.path(day);
        if !path.exists() && !make {
            return Ok(None);
        }
        if make && let Some(folder) = path.parent() {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|source| StoreError::Log { what: "index", source })?;
        }
        let db = match self.open(path.clone()).await {
            // It can be made again: nothing of it is worth keeping.
            Err(error) if make && (error.is_damaged() || error.is_foreign()) => {
                self.remove(day);
                self.open(path).await?
            }
            opened => opened?,
        };
        while days.len() >= OPEN {
            // Whoever uses it goes on; it is closed with its last user.
            if days.pop_first().is_none() {
                break;
            }
        }
        let open = Arc::new(OneDay { day, db, words: Mutex::default() });
        days.insert(day, Arc::clone(&open));
        Ok(Some(open))
    }

    async fn open(&self, path: PathBuf) -> Result<Db, StoreError> {
        let file = DbFile {
            path,
            name: NAME,
            migrations: &MIGRATIONS,
            durability: Durability::Process,
            patience: Duration::from_secs(2),
            hold: self.hold,
            foreign: Foreign::SetAside,
            check: Duration::ZERO,
            before: None,
        };
        Db::open(file, self.teller.clone(), &self.config).await
    }

    /// Removes that of a day; whoever has it open finds out.
    pub fn remove(&self, day: Day) -> bool {
        let path = self.path(day);
        let there = path.exists();
        for suffix in ["-wal", "-shm", ""] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            // What is not there need not be removed; what cannot be is not used.
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
        there
    }

    /// The days that have one.
    pub fn days_there(&self) -> Vec<Day> {
        let entries = std::fs::read_dir(self.log.dir().join(FOLDER)).into_iter().flatten().flatten();
        let name = |entry: std::fs::DirEntry| entry.file_name().into_string().ok();
        let mut days: Vec<Day> =
            entries.filter_map(name).filter_map(|name| Day::parse(name.strip_suffix(".db")?)).collect();
        days.sort_unstable();
        days
    }

    pub async fn close(&self) {
        for (_, day) in std::mem::take(&mut *self.days.lock().await) {
            day.db.close().await;
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> u64 {
        let entries = std::fs::read_dir(self.log.dir().join(FOLDER)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
    }

    fn path(&self, day: Day) -> PathBuf {
        self.log.dir().join(FOLDER).join(format!("{}.db", day.text()))
    }
}
