//! The write-ahead log: it becomes short again after a reader held it up, and one that belongs to another file is
//! not read.

use server::store::telemetry::{Commit, Prepared, TelemetryStore};
use server::telling::Teller;
use sqlx::{Connection as _, SqliteConnection};
use telemetry::{Level, LogRecord};

use crate::support::config;

async fn store(dir: &std::path::Path) -> TelemetryStore {
    let settings = config(&tempfile::tempdir().unwrap(), &[]);
    TelemetryStore::open(dir, Teller::new(Level::Fatal, 16), &settings.database).await.unwrap()
}

async fn write(store: &TelemetryStore, name: &str, count: usize) {
    let record = |n: usize| LogRecord {
        event_id: format!("{name}-{n}"),
        event: "cycle.started".into(),
        message: "x".repeat(1_000),
        ..LogRecord::default()
    };
    let records = (0..count).map(|n| Prepared::from(record(n))).collect();
    store.append(&Commit { records, ..Commit::default() }).await.unwrap();
}

#[tokio::test]
async fn the_write_ahead_log_shrinks_when_its_reader_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let wal = || std::fs::metadata(dir.path().join("telemetry.db-wal")).unwrap().len();
    write(&store, "before", 10).await;
    let url = format!("sqlite:{}", dir.path().join("telemetry.db").display());
    let mut reader = SqliteConnection::connect(&url).await.unwrap();
    for sql in ["BEGIN", "SELECT COUNT(*) FROM log_records"] {
        sqlx::query(sql).fetch_all(&mut reader).await.unwrap();
    }
    for round in 0..20 {
        write(&store, &format!("held-{round}"), 500).await;
    }
    let held = wal();
    assert!(held > 20_000_000, "the reader holds it up: {held}");
    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    for round in 0..9 {
        write(&store, &format!("after-{round}"), 100).await;
    }
    assert!(wal() <= 8 * 1024 * 1024, "{} of {held}", wal());
}
