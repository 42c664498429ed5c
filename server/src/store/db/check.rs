//! Is a file sound? SQLite's own check, cut short after some time, and the tables as the migrations make them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::{DbFile, StoreError};

/// Instructions of SQLite between two looks at the clock; well below a millisecond.
const LOOK: i32 = 20_000;

/// Looks through the pages for at most `limit`. What was not reached in time is taken for sound; a statement that
/// meets damage there announces it.
pub(super) async fn pages(file: &DbFile, limit: Duration) -> Result<(), StoreError> {
    let database = file.name;
    let mut connection =
        file.reading().connect().await.map_err(|source| StoreError::Open { database, source })?;
    let statement = |source| StoreError::Statement { database, statement: "quick_check", source };
    let until = Instant::now() + limit;
    connection
        .lock_handle()
        .await
        .map_err(statement)?
        .set_progress_handler(LOOK, move || Instant::now() < until);
    let found: Result<String, sqlx::Error> =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await;
    // Opened for reading: whether it closes well says nothing about the file.
    let _ = connection.close().await;
    match found {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(why) => Err(StoreError::Damaged { database, why: why.replace('\n', " ") }),
        Err(source) if StoreError::is_interrupted(&source) => Ok(()),
        Err(source) => Err(statement(source)),
    }
}

/// Compares the tables and indexes with those that the migrations make in memory.
pub(super) async fn tables(file: &DbFile, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let database = file.name;
    let statement = |source| StoreError::Statement { database, statement: "schema", source };
    let here = schema(connection).await.map_err(statement)?;
    let mut made = SqliteConnectOptions::new()
        .in_memory(true)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(statement)?;
    let migrated = file.migrations.run_direct(None, &mut made, false).await;
    migrated.map_err(|source| StoreError::Migrate { database, source })?;
    for (name, sql) in schema(&mut made).await.map_err(statement)? {
        let why = match here.get(&name) {
            Some(found) if *found == sql => continue,
            Some(_) => format!("{name} is another than the one that this version made"),
            None => format!("{name} is missing"),
        };
        return Err(StoreError::Damaged { database, why });
    }
    Ok(())
}

/// Statements by the name of what they made; SQLite's own and the list of migrations are left out.
async fn schema(connection: &mut SqliteConnection) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let sql =
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}
