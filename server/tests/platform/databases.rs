//! `Db`: what its errors say, that a transaction happens whole or not at all, and that nothing waits on the threads
//! of the runtime.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use server::store::{Db, DbFile, Durability, Foreign, Hold, StoreError, migrator};
use server::telling::Teller;
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, SqliteConnection};
use telemetry::Level;

use crate::support::config;

pub static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "accounts", include_str!("../../migrations/console/0001_accounts.sql")),
        (2, "changes", include_str!("../../migrations/console/0002_changes.sql")),
    ])
});

pub fn file(dir: &Path, patience: Duration) -> DbFile {
    DbFile {
        path: dir.join("a.db"),
        name: "a",
        migrations: &MIGRATIONS,
        durability: Durability::Power,
        patience,
        hold: Hold::Owner,
        foreign: Foreign::SetAside,
        check: Duration::from_secs(1),
        before: None,
    }
}

pub async fn open(file: DbFile) -> Result<Db, StoreError> {
    let settings = config(&tempfile::tempdir().unwrap(), &[]);
    Db::open(file, Teller::new(Level::Fatal, 16), &settings.database).await
}

pub async fn add(db: &Db, name: &str) -> Result<(), StoreError> {
    let mut write = db.write().await?;
    let query = sqlx::query("INSERT INTO users (username, created_us) VALUES ($1, 0)").bind(name.to_owned());
    write.execute("add", query).await?;
    write.commit().await
}

pub async fn names(db: &Db) -> Vec<String> {
    let mut connection = db.read().await.unwrap();
    let query = sqlx::query_scalar("SELECT username FROM users ORDER BY username");
    db.timed("names", query.fetch_all(&mut *connection)).await.unwrap()
}

async fn other(dir: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", dir.join("a.db").display())).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn a_lock_of_another_program_is_told_as_busy_and_holds_up_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(file(dir.path(), Duration::from_millis(200))).await.unwrap();
    add(&db, "before").await.unwrap();
    let mut backup = other(dir.path()).await;
    run(&mut backup, "BEGIN IMMEDIATE").await;
    // One thread: if it waited, the readers would never have their turn before the writer gives up.
    let (write, reads) = tokio::join!(add(&db, "during"), async {
        let mut reads = 0;
        for _ in 0..20 {
            assert_eq!(names(&db).await, ["before"]);
            reads += 1;
        }
        reads
    });
    let error = write.unwrap_err();
    assert_eq!(
        (error.is_busy(), error.is_full(), error.is_damaged(), reads),
        (true, false, false, 20),
        "{error}"
    );
    run(&mut backup, "ROLLBACK").await;
    add(&db, "after").await.unwrap();
    assert_eq!(names(&db).await, ["after", "before"]);
}

#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(file(dir.path(), Duration::from_secs(1))).await.unwrap();
    let insert = |name: &'static str| {
        sqlx::query("INSERT INTO users (username, created_us) VALUES ($1, 0)").bind(name)
    };
    let mut dropped = db.write().await.unwrap();
    dropped.execute("add", insert("dropped")).await.unwrap();
    drop(dropped);

    let mut failed = db.write().await.unwrap();
    failed.execute("add", insert("failed")).await.unwrap();
    let error = failed.execute("add", insert("failed")).await.unwrap_err();
    assert!(!error.is_busy() && !error.is_full() && !error.is_damaged(), "{error}");
    // Whoever overlooks the failure must not commit half of it, nor write beside it.
    assert!(failed.execute("add", insert("beside")).await.is_err());
    assert!(failed.commit().await.is_err());

    let cut = async {
        let mut cut = db.write().await.unwrap();
        cut.execute("add", insert("cut")).await.unwrap();
        std::future::pending::<()>().await;
    };
    assert!(tokio::time::timeout(Duration::from_millis(50), cut).await.is_err());

    let mut whole = db.write().await.unwrap();
    whole.execute("add", insert("whole")).await.unwrap();
    for (pragma, expected) in [("PRAGMA synchronous", 2), ("PRAGMA journal_size_limit", 4 * 1024 * 1024)] {
        let (value,): (i64,) = whole.fetch_one("pragma", sqlx::query_as(pragma)).await.unwrap();
        assert_eq!(value, expected, "{pragma}: a new connection is as the first one was");
    }
    whole.commit().await.unwrap();
    assert_eq!(names(&db).await, ["whole"]);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path(), Duration::from_secs(1));
    open(file.clone()).await.unwrap().close().await;
    let bytes = std::fs::read(&file.path).unwrap();
    for (name, harm, damaged) in [
        ("first bytes", [&[0xA5; 15], &bytes[15..]].concat(), true),
        ("cut short", bytes[..bytes.len() / 2].to_vec(), true),
        ("pages", [&bytes[..4_096], &vec![0xA5; bytes.len() - 4_096]].concat(), true),
    ] {
        std::fs::write(&file.path, harm).unwrap();
        let error = open(file.clone()).await.err().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            (error.is_damaged(), error.is_foreign(), error.is_full()),
            (damaged, false, false),
            "{name}: {error}"
        );
    }
    std::fs::write(&file.path, &bytes).unwrap();
    let mut newer = other(dir.path()).await;
    run(&mut newer, "INSERT INTO _sqlx_migrations VALUES (9000, 'of tomorrow', 0, TRUE, x'00', 1)").await;
    newer.close().await.unwrap();
    let error = open(file).await.err().unwrap();
    assert!(error.is_foreign() && !error.is_damaged(), "{error}");
}

#[tokio::test]
async fn damage_that_a_statement_meets_is_announced() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path(), Duration::from_secs(1));
    let db = open(file.clone()).await.unwrap();
    for n in 0..500 {
        add(&db, &format!("user-{n}")).await.unwrap();
    }
    db.checkpoint().await.unwrap();
    let damage = db.damage();
    assert_eq!(*damage.borrow(), None);
    let bytes = std::fs::read(&file.path).unwrap();
    std::fs::write(&file.path, [&bytes[..4_096], &vec![0xA5; bytes.len() - 4_096]].concat()).unwrap();
    // A connection that has the pages in memory does not meet it; a new one does.
    for _ in 0..4 {
        let mut connection = db.read().await.unwrap();
        let query = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users WHERE password_hash IS NULL");
        let _ = db.timed("count", query.fetch_one(&mut *connection)).await;
        connection.close().await.unwrap();
    }
    let why = damage.borrow().clone();
    assert!(why.is_some_and(|why| why.contains("malformed")));
}
