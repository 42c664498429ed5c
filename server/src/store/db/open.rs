//! Opening: a log that is not its own is set aside, damage is looked for, the tables are brought up to date.

use std::path::Path;
use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::super::DbEvent;
use super::told::Told;
use super::{Db, DbFile, Hold, StoreError, check, lineage};
use crate::config::DatabaseConfig;
use crate::telling::{Teller, say};

/// A file that comes with the log of a killed process is looked at for this long in any case.
const LOOK_AT_LEAST: Duration = Duration::from_millis(300);
/// How often a guest looks at what seems to be wrong, and after how long.
const LOOKS: usize = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Db {
    /// Opens (or makes) the file and brings its tables up to date. What is found wrong is told apart by the
    /// error; except for a log that does not belong to it, nothing is moved.
    pub async fn open(file: DbFile, teller: Teller, config: &DatabaseConfig) -> Result<Self, StoreError> {
        let told = Told::new(teller, config);
        look(&file, &told).await?;
        Self::open_checked(file, told, true).await
    }

    pub(super) async fn open_checked(file: DbFile, told: Told, writable: bool) -> Result<Self, StoreError> {
        let database = file.name;
        let first = up_to_date(&file).await?;
        let db = match Self::assemble(file.clone(), told, writable).await {
            Ok(db) => db,
            Err(source) => return Err(refused(&file, source).await),
        };
        // Only now: the last connection would take the log with it, which a full disk does not give back.
        first.close().await.map_err(|source| StoreError::Open { database, source })?;
        Ok(db)
    }
}

/// Before anything may write: SQLite would fold a stranger's log into the file.
async fn look(file: &DbFile, told: &Told) -> Result<(), StoreError> {
    let mut with_log = file.wal_bytes() > 0;
    if with_log && let Some(why) = stranger(file).await {
        match file.hold {
            Hold::Owner => set_log_aside(file, told, &why).await,
            Hold::Guest => return unless_it_changes(file, why).await,
        }
        with_log = false;
    }
    with_log &= file.hold == Hold::Owner;
    if (!with_log && file.check.is_zero()) || !file.path.exists() {
        return Ok(());
    }
    let limit = if with_log { file.check.max(LOOK_AT_LEAST) } else { file.check };
    match check::pages(file, limit).await {
        Err(error) if error.is_damaged() => {
            let mended = with_log && sound_without_log(file, told).await;
            if mended || file.check.is_zero() { Ok(()) } else { Err(error) }
        }
        // Whatever else is wrong shows itself again when it is opened for writing, with a better word for it.
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn stranger(file: &DbFile) -> Option<String> {
    let (path, log) = (file.path.clone(), file.beside("-wal"));
    // A log that cannot be read is left to SQLite, which says so.
    off_thread(move || lineage::stranger(&path, &log).ok().flatten()).await
}

/// A guest moves nothing. Beside a server that writes, file and log may be of two moments: it looks again.
async fn unless_it_changes(file: &DbFile, first: String) -> Result<(), StoreError> {
    let mut why = first;
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK_AGAIN).await;
        match stranger(file).await {
            Some(again) => why = again,
            None => return Ok(()),
        }
    }
    let why =
        format!("the write-ahead log beside it belongs to another file ({why}); the server sets it aside");
    Err(StoreError::Damaged { database: file.name, why })
}

/// Whether the file is sound once the log beside it is gone; if so, it stays gone.
async fn sound_without_log(file: &DbFile, told: &Told) -> bool {
    let moving = file.clone();
    let Some(kept_as) = off_thread(move || moving.set_log_aside().ok()).await else { return false };
    if check::pages(file, LOOK_AT_LEAST).await.is_ok() {
        announce(file, told, &kept_as, "with it the file is damaged, and without it it is sound");
        return true;
    }
    let moving = file.clone();
    // If even that fails it lies beside the file, which is announced as damaged.
    off_thread(move || moving.put_log_back(&kept_as).ok()).await;
    false
}

async fn set_log_aside(file: &DbFile, told: &Told, why: &str) {
    let moving = file.clone();
    if let Some(kept_as) = off_thread(move || moving.set_log_aside().ok()).await {
        announce(file, told, &kept_as, why);
    }
}

fn announce(file: &DbFile, told: &Told, kept_as: &Path, reason: &str) {
    let kept_as = kept_as.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let database = file.name;
    let event = DbEvent::LogSetAside { database, kept_as, reason: reason.to_owned() };
    told.tell(&event);
    say(&telemetry::Event::message(&event));
}

/// Brings the tables up to date, on a connection of its own: one that failed half-way is not used again.
async fn up_to_date(file: &DbFile) -> Result<SqliteConnection, StoreError> {
    let database = file.name;
    let mut connection = match file.options().connect().await {
        Ok(connection) => connection,
        Err(source) => return Err(refused(file, source).await),
    };
    if let Some(before) = &file.before
        && file.hold == Hold::Owner
    {
        let prepared = (before.0)(&mut connection).await;
        prepared.map_err(|source| StoreError::Statement { database, statement: "before", source })?;
    }
    let migrated = file.migrations.run_direct(None, &mut connection, false).await;
    migrated.map_err(|source| StoreError::Migrate { database, source })?;
    if !file.check.is_zero() {
        check::tables(file, &mut connection).await?;
    }
    if file.hold == Hold::Owner {
        // On a full disk the mark that stands must do.
        let _ = lineage::advance(&mut connection).await;
    }
    Ok(connection)
}

/// Some errors of opening say nothing but that there was one; then a look at the disk tells whether it is full.
async fn refused(file: &DbFile, source: sqlx::Error) -> StoreError {
    let (database, probe) = (file.name, file.beside(".probe"));
    let full = StoreError::is_vague(&source) && off_thread(move || has_no_room(&probe)).await;
    if full { StoreError::Full { database, source } } else { StoreError::Open { database, source } }
}

fn has_no_room(probe: &Path) -> bool {
    let written = std::fs::write(probe, [0; 64 * 1_024]);
    // What could not be made is not there.
    let _ = std::fs::remove_file(probe);
    written.is_err_and(|error| {
        matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
    })
}

/// Files are read and moved off the async threads.
async fn off_thread<T: Send + Default + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}
