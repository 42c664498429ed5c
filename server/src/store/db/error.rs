//! What may go wrong with a database, and how it can be told apart: in use, full, damaged, of another version.

use std::io::ErrorKind;

use sqlx::migrate::MigrateError;

/// Why a database did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database {database} cannot be opened: {source}")]
    Open { database: &'static str, source: sqlx::Error },
    #[error("database {database} cannot be opened, there is no room left: {source}")]
    Full { database: &'static str, source: sqlx::Error },
    #[error("database {database} cannot be brought up to date: {source}")]
    Migrate { database: &'static str, source: MigrateError },
    #[error("database {database} is damaged: {why}")]
    Damaged { database: &'static str, why: String },
    #[error("{statement} on {database}: {source}")]
    Statement { database: &'static str, statement: &'static str, source: sqlx::Error },
    /// There is none at present; it is tried again in the background.
    #[error("database {database} is down: {why}")]
    Down { database: &'static str, why: String },
    /// Only a copy could be opened, for reading.
    #[error("database {database} is a copy and cannot be written")]
    ReadOnly { database: &'static str },
    /// A file of the log.
    #[error("{what} on the log: {source}")]
    Log { what: &'static str, source: std::io::Error },
}

// Result codes of SQLite, the low byte of an extended code, and extended codes that mean more than their low byte.
const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const INTERRUPT: i32 = 9;
const IO: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;
const IO_READ: i32 = IO | 1 << 8;
const IO_SHORT_READ: i32 = IO | 2 << 8;
/// The shared-memory file beside the log cannot grow.
const IO_SHARED_MEMORY_SIZE: i32 = IO | 19 << 8;
const IO_CORRUPT_FILE_SYSTEM: i32 = IO | 33 << 8;

impl StoreError {
    /// Another program or task holds the lock; nothing is wrong with the file.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let timed_out = matches!(self.source(), Some(sqlx::Error::PoolTimedOut));
        timed_out || matches!(self.kind(), Some(BUSY | LOCKED))
    }

    /// It took longer than a search may.
    #[must_use]
    pub fn took_too_long(&self) -> bool {
        self.kind() == Some(INTERRUPT) || self.file_kind() == Some(ErrorKind::TimedOut)
    }

    /// The disk or the quota has no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
            || self.kind() == Some(FULL)
            || self.code() == Some(IO_SHARED_MEMORY_SIZE)
            || matches!(self.file_kind(), Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    }

    /// The file is not what was written: no database, or one whose pages do not belong together.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
            || matches!(self.kind(), Some(CORRUPT | NOT_A_DATABASE))
            || matches!(self.code(), Some(IO_READ | IO_SHORT_READ | IO_CORRUPT_FILE_SYSTEM))
    }

    /// The file is sound, but has tables that this version does not know: a newer one wrote it, or another program.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        let Self::Migrate { source, .. } = self else { return false };
        match source {
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) | MigrateError::Dirty(_) => {
                true
            }
            MigrateError::Execute(_) | MigrateError::ExecuteMigration(..) => self.kind() == Some(ERROR),
            _ => false,
        }
    }

    /// A statement that was cut short by our own time limit.
    pub(super) fn is_interrupted(source: &sqlx::Error) -> bool {
        code_of(source).map(kind_of) == Some(INTERRUPT)
    }

    /// Errors of the file system that may have any cause; a look at the file itself says more.
    pub(super) fn is_vague(source: &sqlx::Error) -> bool {
        matches!(code_of(source).map(kind_of), Some(IO | CANNOT_OPEN))
    }

    fn file_kind(&self) -> Option<ErrorKind> {
        let Self::Log { source, .. } = self else { return None };
        Some(source.kind())
    }

    fn kind(&self) -> Option<i32> {
        self.code().map(kind_of)
    }

    fn code(&self) -> Option<i32> {
        self.source().and_then(code_of)
    }

    fn source(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Open { source, .. } | Self::Full { source, .. } | Self::Statement { source, .. } => {
                Some(source)
            }
            Self::Migrate { source, .. } => match source {
                MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => Some(source),
                _ => None,
            },
            Self::Damaged { .. } | Self::Down { .. } | Self::ReadOnly { .. } | Self::Log { .. } => None,
        }
    }
}

fn kind_of(code: i32) -> i32 {
    code & 0xFF
}

fn code_of(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}
