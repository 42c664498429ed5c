//! A data directory of the old form has its records as rows of `telemetry.db`. At the first start they become segments, in
//! their order and before anything new, and cursors and dead letters get the positions of their records. Killed in the
//! middle it is done again from the beginning: the rows go in the transaction that moves the cursors.

use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use futures_util::StreamExt as _;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use telemetry::{LogRecord, Micros};

use super::append::Group;
use crate::clock;
use crate::store::db::Before;
use crate::store::log::{Day, Log, Ordinal, Taken};
use crate::store::{StoreError, migrator};

/// The steps that lead to the old form.
static OLD: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "records", include_str!("../../../migrations/telemetry/0001_records.sql")),
        (2, "retention", include_str!("../../../migrations/telemetry/0002_retention.sql")),
        (3, "journal", include_str!("../../../migrations/telemetry/0003_journal.sql")),
        (4, "tabs", include_str!("../../../migrations/telemetry/0004_tabs.sql")),
        (5, "groups", include_str!("../../../migrations/telemetry/0005_groups.sql")),
        (6, "lanes", include_str!("../../../migrations/telemetry/0006_lanes.sql")),
    ])
});
/// The segments of a day from here on are for what is told while rows are taken over, and later.
const RESERVED: i64 = 8_192;
const FILES: &str = include_str!("../../../migrations/telemetry/0007_files.sql");

/// Whether there are records as rows.
async fn is_old(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    let Ok(mut connection) = options.connect().await else { return false };
    let old = has_rows(&mut connection).await.unwrap_or_default();
    // Opened for reading: whether it closes well says nothing.
    let _ = connection.close().await;
    old
}

async fn has_rows(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_records')";
    sqlx::query_scalar(sql).fetch_one(connection).await
}

/// A guest changes nothing.
pub(super) async fn refuse(dir: &Path) -> Result<(), StoreError> {
    if !is_old(&dir.join("telemetry.db")).await {
        return Ok(());
    }
    let why = "its records are of an older version; start the server once, which takes them over".to_owned();
    Err(StoreError::Down { database: "telemetry", why })
}

/// Keeps room in the order of positions for rows that are to be taken over; gives what does so before the database is
/// used. Without rows there is nothing to do.
pub(super) async fn reserve(dir: &Path, log: &Log) -> Option<Before> {
    if !is_old(&dir.join("telemetry.db")).await {
        return None;
    }
    let today = Day::of(clock::now());
    // What cannot be reserved fails again when it is written.
    let _ = log.raise(Ordinal::numbered(today, RESERVED).start());
    let log = log.clone();
    Some(Before(Arc::new(move |connection| {
        let log = log.clone();
        Box::pin(async move { take_over(connection, &log).await })
    })))
}

async fn take_over(connection: &mut SqliteConnection, log: &Log) -> Result<(), sqlx::Error> {
    if !has_rows(connection).await? {
        return Ok(());
    }
    // Damage and foreign tables are told apart by the steps that follow.
    if OLD.run_direct(None, connection, false).await.is_err() {
        return Ok(());
    }
    let cursors = cursors(connection).await?;
    let (taken, moved) = copy(connection, log, &cursors).await?;
    let last = taken.last();
    let (placing, into) = (taken, log.clone());
    tokio::task::spawn_blocking(move || placing.put_in_place(&into))
        .await
        .map_err(other)?
        .map_err(sqlx::Error::Io)?;
    let mut change = connection.begin().await?;
    for (old, new) in moved {
        for sql in [
            "UPDATE forwarder_lanes SET cursor_id = $1 WHERE cursor_id = $2",
            "UPDATE dead_letters SET record_id = $1 WHERE record_id = $2",
        ] {
            sqlx::query(sql).bind(new).bind(old).execute(&mut *change).await?;
        }
    }
    sqlx::raw_sql(FILES).execute(&mut *change).await?;
    sqlx::query("INSERT INTO log_applied (name, position) VALUES ('books', $1)")
        .bind(last)
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    // Gives back what the rows took; without room for it they are free pages.
    let _ = sqlx::raw_sql("VACUUM").execute(&mut *connection).await;
    Ok(())
}

/// Numbers that stand in cursors and dead letters, in order.
async fn cursors(connection: &mut SqliteConnection) -> Result<Vec<i64>, sqlx::Error> {
    let sql =
        "SELECT cursor_id AS id FROM forwarder_lanes UNION SELECT record_id FROM dead_letters ORDER BY id";
    sqlx::query_scalar(sql).fetch_all(connection).await
}

/// Rows as lines; and for each of the numbers the position of the last row that is not behind it.
async fn copy(
    connection: &mut SqliteConnection,
    log: &Log,
    cursors: &[i64],
) -> Result<(Taken, Vec<(i64, i64)>), sqlx::Error> {
    let mut taken = Taken::begin(log, Day::of(clock::now())).map_err(sqlx::Error::Io)?;
    let (mut moved, mut waiting) = (Vec::new(), cursors.iter().copied().peekable());
    let mut rows = sqlx::query("SELECT id, at_us, body FROM log_records ORDER BY id").fetch(connection);
    while let Some(row) = rows.next().await {
        let row = row?;
        while let Some(cursor) = waiting.next_if(|cursor| *cursor < row.get::<i64, _>("id")) {
            moved.push((cursor, taken.last()));
        }
        let at = Micros(row.get("at_us"));
        let (bytes, _) = Group::from_iter([record(row.get("body"), at)]).lines();
        taken.add(&bytes, Day::of(at)).map_err(sqlx::Error::Io)?;
    }
    moved.extend(waiting.map(|cursor| (cursor, taken.last())));
    Ok((taken, moved))
}

/// What cannot be read is kept as a text.
fn record(body: &str, at: Micros) -> LogRecord {
    LogRecord::from_line(body).unwrap_or_else(|_| LogRecord {
        timestamp: at,
        message: body.chars().take(8_000).collect(),
        ..LogRecord::default()
    })
}

fn other(error: tokio::task::JoinError) -> sqlx::Error {
    sqlx::Error::Io(io::Error::other(error))
}
