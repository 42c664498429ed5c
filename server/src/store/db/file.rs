//! A database file and what lies beside it: how it is opened, and how it is put under another name.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::Durability;
use crate::clock;

/// After a checkpoint the write-ahead log is cut to this, when it is begun again.
const LOG_BYTES: &str = "4194304";
/// Copies of one damaged file that are kept; beyond it the oldest goes, so that a failing disk is not filled up.
const KEPT: usize = 3;
/// What SQLite puts beside a file.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Whether files may be moved: only by the one server that has locked the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The data directory is ours: a write-ahead log that does not belong to the file is set aside.
    Owner,
    /// A server may be running on it: nothing is moved.
    Guest,
}

/// What becomes of a sound file that a newer version or another program wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It is set aside like a damaged one.
    SetAside,
    /// It stays where it is, and is not used.
    Leave,
}

/// What has to be done with a file before its tables are brought up to date; only by its owner.
#[derive(Clone)]
pub struct Before(pub Arc<Preparing>);

type Preparing = dyn for<'c> Fn(&'c mut SqliteConnection) -> Prepared<'c> + Send + Sync;
type Prepared<'c> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'c>>;

impl std::fmt::Debug for Before {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Before")
    }
}

/// What is to be opened, and how.
#[derive(Clone, Debug)]
pub struct DbFile {
    pub path: PathBuf,
    /// Stands in records and errors.
    pub name: &'static str,
    pub migrations: &'static Migrator,
    pub durability: Durability,
    /// How long a write waits for the lock of another program before it fails as busy.
    pub patience: Duration,
    pub hold: Hold,
    pub foreign: Foreign,
    /// How long to look for damage when it is opened; zero: not at all.
    pub check: Duration,
    pub before: Option<Before>,
}

impl DbFile {
    /// Bytes of the write-ahead log.
    pub(super) fn wal_bytes(&self) -> u64 {
        std::fs::metadata(self.beside("-wal")).map_or(0, |log| log.len())
    }

    /// Device and number of the file, to know it again.
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(&self.path).ok().map(|file| (file.dev(), file.ino()))
    }

    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        with_suffix(&self.path, suffix)
    }

    pub(super) fn options(&self) -> SqliteConnectOptions {
        let synchronous = match self.durability {
            Durability::Power => SqliteSynchronous::Full,
            Durability::Process => SqliteSynchronous::Normal,
        };
        self.reading()
            .read_only(false)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .pragma("journal_size_limit", LOG_BYTES)
    }

    /// Opens nothing for writing: such a connection does not even fold the log into the file when it is closed.
    pub(super) fn reading(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .busy_timeout(self.patience)
            .disable_statement_logging()
    }

    /// Renames the file with everything beside it to `…damaged-<time>`, and gives the new name.
    pub(crate) fn set_aside(&self) -> io::Result<PathBuf> {
        let kept_as = self.free_name(&self.path, "damaged");
        std::fs::rename(&self.path, &kept_as).or_else(|error| match error.kind() {
            // The log may be there without its file.
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        for suffix in BESIDE {
            move_if_there(&self.beside(suffix), &with_suffix(&kept_as, suffix))?;
        }
        self.forget_oldest();
        Ok(kept_as)
    }

    /// Renames the write-ahead log alone. The shared memory beside it is made anew from any log.
    pub(super) fn set_log_aside(&self) -> io::Result<PathBuf> {
        let log = self.beside("-wal");
        let kept_as = self.free_name(&log, "stale");
        std::fs::rename(&log, &kept_as)?;
        match std::fs::remove_file(self.beside("-shm")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(kept_as),
        }
    }

    /// The opposite.
    pub(super) fn put_log_back(&self, kept_as: &Path) -> io::Result<()> {
        std::fs::rename(kept_as, self.beside("-wal"))
    }

    fn free_name(&self, path: &Path, word: &str) -> PathBuf {
        let time: String =
            clock::now().to_rfc3339().chars().take(19).filter(char::is_ascii_alphanumeric).collect();
        let named = |more: &str| with_suffix(path, &format!(".{word}-{time}{more}"));
        let first = named("");
        let mut others = (2..).map(|n| named(&format!(".{n}")));
        if first.exists() { others.find(|name| !name.exists()).unwrap_or(first) } else { first }
    }

    fn forget_oldest(&self) {
        let (Some(dir), Some(name)) = (self.path.parent(), self.path.file_name().and_then(|n| n.to_str()))
        else {
            return;
        };
        let prefix = format!("{name}.damaged-");
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut kept: Vec<String> = names
            .filter(|name| name.starts_with(&prefix) && !BESIDE.iter().any(|suffix| name.ends_with(suffix)))
            .collect();
        kept.sort();
        let oldest = kept.len().saturating_sub(KEPT);
        for name in &kept[..oldest] {
            let path = dir.join(name);
            // What cannot be removed stays; it harms nobody.
            let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
            for suffix in BESIDE {
                let _ = std::fs::remove_file(with_suffix(&path, suffix));
            }
        }
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
