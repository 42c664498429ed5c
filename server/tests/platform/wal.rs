//! The write-ahead log: it becomes short again after a reader held it up, and one that belongs to another file is
//! not read.

use std::path::Path;
use std::time::Duration;

use server::store::{Db, DbFile, Hold};
use sqlx::{Connection as _, SqliteConnection};

use crate::databases::{add, file, names, open};

async fn write(db: &Db, name: &str, count: usize) {
    let mut write = db.write().await.unwrap();
    for n in 0..count {
        let query = sqlx::query("INSERT INTO users (username, created_us) VALUES ($1, 0)")
            .bind(format!("{name}-{n}-{}", "x".repeat(1_000)));
        write.execute("add", query).await.unwrap();
    }
    write.commit().await.unwrap();
}

/// A reader in a snapshot, while many rows are written.
async fn held_up(dir: &Path, db: &Db) -> SqliteConnection {
    write(db, "before", 10).await;
    let url = format!("sqlite:{}", dir.join("a.db").display());
    let mut reader = SqliteConnection::connect(&url).await.unwrap();
    for sql in ["BEGIN", "SELECT COUNT(*) FROM users"] {
        sqlx::query(sql).fetch_all(&mut reader).await.unwrap();
    }
    for round in 0..20 {
        write(db, &format!("held-{round}"), 500).await;
    }
    reader
}

#[tokio::test]
async fn the_write_ahead_log_shrinks_when_its_reader_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(file(dir.path(), Duration::from_secs(1))).await.unwrap();
    let mut reader = held_up(dir.path(), &db).await;
    let held = db.wal_bytes();
    assert!(held > 20_000_000, "the reader holds it up: {held}");
    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    for round in 0..9 {
        write(&db, &format!("after-{round}"), 100).await;
    }
    assert!(db.wal_bytes() <= 8 * 1024 * 1024, "by itself: {} of {held}", db.wal_bytes());
}

#[tokio::test]
async fn a_checkpoint_passes_by_a_reader_and_folds_everything_when_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(file(dir.path(), Duration::from_secs(1))).await.unwrap();
    let reader = held_up(dir.path(), &db).await;
    let held = db.wal_bytes();
    // Neither the reader nor a writer that is at work makes it fail or wait.
    let mut write = db.write().await.unwrap();
    write
        .execute("touch", sqlx::query("UPDATE users SET created_us = 1 WHERE username = 'nobody'"))
        .await
        .unwrap();
    db.checkpoint().await.unwrap();
    write.commit().await.unwrap();
    assert!(db.wal_bytes() >= held);
    reader.close().await.unwrap();
    db.checkpoint().await.unwrap();
    assert_eq!(db.wal_bytes(), 0);
}

/// The files as a kill would leave them.
fn killed(dir: &Path) -> (Vec<u8>, Vec<u8>) {
    (std::fs::read(dir.join("a.db")).unwrap(), std::fs::read(dir.join("a.db-wal")).unwrap())
}

fn lay(dir: &Path, file: &[u8], log: &[u8]) {
    std::fs::write(dir.join("a.db"), file).unwrap();
    std::fs::write(dir.join("a.db-wal"), log).unwrap();
}

fn logs_set_aside(dir: &Path) -> usize {
    let names =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("a.db-wal.stale-")).count()
}

#[tokio::test]
async fn a_killed_process_finds_its_own_log() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(file(dir.path(), Duration::from_secs(1))).await.unwrap();
    for name in ["ann", "bob"] {
        add(&db, name).await.unwrap();
    }
    let (main, log) = killed(dir.path());
    let next = tempfile::tempdir().unwrap();
    lay(next.path(), &main, &log);
    let again = open(file(next.path(), Duration::from_secs(1))).await.unwrap();
    assert_eq!(names(&again).await, ["ann", "bob"]);
    assert_eq!(logs_set_aside(next.path()), 0);
}

#[tokio::test]
async fn the_log_of_another_file_is_set_aside_and_the_file_is_as_it_was_put_back() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let db = open(file(ours.path(), Duration::from_secs(1))).await.unwrap();
    add(&db, "ours").await.unwrap();
    db.close().await;
    let backup = std::fs::read(ours.path().join("a.db")).unwrap();
    let db = open(file(theirs.path(), Duration::from_secs(1))).await.unwrap();
    for n in 0..200 {
        add(&db, &format!("theirs-{n}")).await.unwrap();
    }
    let (_, log) = killed(theirs.path());
    lay(ours.path(), &backup, &log);
    let db = open(file(ours.path(), Duration::from_secs(1))).await.unwrap();
    assert_eq!(names(&db).await, ["ours"]);
    assert_eq!(logs_set_aside(ours.path()), 1);
    add(&db, "then").await.unwrap();
    db.close().await;
    let db = open(file(ours.path(), Duration::from_secs(1))).await.unwrap();
    assert_eq!(names(&db).await, ["ours", "then"]);
}

/// A page that is nowhere (SQLite's error 522, again and again), and pages that do not belong together.
#[tokio::test]
async fn a_backup_that_its_mark_does_not_give_away_is_opened_without_a_log_that_damages_it() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(file(dir.path(), Duration::from_secs(1))).await.unwrap();
    add(&db, "early").await.unwrap();
    db.close().await;
    let early = std::fs::read(dir.path().join("a.db")).unwrap();
    let db = open(file(dir.path(), Duration::from_secs(1))).await.unwrap();
    for n in 0..2_000 {
        add(&db, &format!("later-{n}")).await.unwrap();
    }
    db.checkpoint().await.unwrap();
    for n in 0..50 {
        add(&db, &format!("last-{n}")).await.unwrap();
    }
    let (main, log) = killed(dir.path());
    let mut short = early.clone();
    short[60..64].copy_from_slice(&main[60..64]);
    let mut padded = short.clone();
    padded.resize(main.len(), 0);
    for backup in [short, padded] {
        let next = tempfile::tempdir().unwrap();
        lay(next.path(), &backup, &log);
        let db = open(file(next.path(), Duration::from_secs(1))).await.unwrap();
        assert_eq!(names(&db).await, ["early"]);
        assert_eq!(logs_set_aside(next.path()), 1);
    }
}

/// Whoever looks beside a running server must not take its log away, whatever it looks like just now.
#[tokio::test]
async fn a_guest_moves_nothing_and_mixes_nothing() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    open(file(ours.path(), Duration::from_secs(1))).await.unwrap().close().await;
    let db = open(file(theirs.path(), Duration::from_secs(1))).await.unwrap();
    add(&db, "theirs").await.unwrap();
    let (_, log) = killed(theirs.path());
    let main = std::fs::read(ours.path().join("a.db")).unwrap();
    lay(ours.path(), &main, &log);
    let guest = DbFile { hold: Hold::Guest, ..file(ours.path(), Duration::from_secs(1)) };
    let error = open(guest.clone()).await.err().expect("it is for the owner to set it aside");
    assert!(error.is_damaged(), "{error}");
    assert_eq!(logs_set_aside(ours.path()), 0);
    assert_eq!(killed(ours.path()), (main, log), "both as they were");
    open(file(ours.path(), Duration::from_secs(1))).await.unwrap().close().await;
    assert_eq!(logs_set_aside(ours.path()), 1);
    open(guest).await.unwrap();
}
