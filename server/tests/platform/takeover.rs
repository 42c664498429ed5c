//! A data directory of the old form, with its records as rows: at the first start they become lines, once each, and the
//! forwarder goes on where it was.

use std::collections::BTreeSet;
use std::path::Path;

use server::store::telemetry::{Filter, Lane, TelemetryStore};
use server::store::{StoreError, migrator};
use server::telling::Teller;
use sqlx::{Connection as _, SqliteConnection};
use telemetry::{Level, LogRecord, Micros, Source};

use crate::support::config;

const ROWS: i64 = 3_000;

fn record(n: i64) -> LogRecord {
    LogRecord {
        timestamp: Micros(1_763_880_000_000_000 + n * 60_000_000),
        level: if n % 100 == 0 { Level::Error } else { Level::Info },
        source: if n % 50 == 7 { Source::Audit } else { Source::Backend },
        event: "cycle.started".into(),
        event_id: format!("boot-{n}"),
        message: format!("Row {n}"),
        ..LogRecord::default()
    }
}

/// As version 0.1 left it: rows with gaps, lanes at different places, a dead letter, a batch, the journal's cursor.
async fn old_form(dir: &Path) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/telemetry");
    let text = |name: &str| -> &'static str { std::fs::read_to_string(folder.join(name)).unwrap().leak() };
    let steps = [
        (1, "records", text("0001_records.sql")),
        (2, "retention", text("0002_retention.sql")),
        (3, "journal", text("0003_journal.sql")),
        (4, "tabs", text("0004_tabs.sql")),
        (5, "groups", text("0005_groups.sql")),
    ];
    let url = format!("sqlite:{}?mode=rwc", dir.join("telemetry.db").display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    migrator(&steps).run_direct(None, &mut db, false).await.unwrap();
    let mut change = db.begin().await.unwrap();
    for n in 1..=ROWS {
        let record = record(n);
        sqlx::query(
            "INSERT INTO log_records (id, event_id, at_us, level, source, event, message, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(n * 3)
        .bind(&record.event_id)
        .bind(record.timestamp.0)
        .bind(record.level as i64)
        .bind(record.source.as_str())
        .bind(record.event.as_ref())
        .bind(&record.message)
        .bind(record.to_line())
        .execute(&mut *change)
        .await
        .unwrap();
    }
    for sql in [
        "INSERT INTO forwarder VALUES ('main', 6001, 3000, 0, 1999, 1, 0)",
        "INSERT INTO dead_letters (event_id, record_id, at_us, data_stream, status, reason, body) \
         SELECT event_id, id, at_us, 'logs', 400, 'no', body FROM log_records WHERE id = 300",
        "INSERT INTO seen_batches VALUES ('a-batch', 9000000000000000)",
        "INSERT INTO journal VALUES ('trading', 4711)",
    ] {
        sqlx::query(sql).execute(&mut *change).await.unwrap();
    }
    change.commit().await.unwrap();
    db.close().await.unwrap();
}

async fn own(dir: &Path) -> TelemetryStore {
    let settings = config(&tempfile::tempdir().unwrap(), &[]);
    TelemetryStore::own(dir, Teller::new(Level::Fatal, 16), &settings.database).await.unwrap()
}

/// Everything is there, once and in order, and what was still to be forwarded is what was not.
async fn is_whole(store: &TelemetryStore) {
    let lines = store.after(&Filter::default(), 0, 100_000).await.unwrap();
    let ids: Vec<String> =
        lines.iter().map(|(_, line)| LogRecord::from_line(line).unwrap().event_id).collect();
    assert_eq!(ids, (1..=ROWS).map(|n| format!("boot-{n}")).collect::<Vec<_>>());
    let mut held = BTreeSet::new();
    for position in store.positions().await.unwrap() {
        let mut after = position.cursor_id;
        loop {
            let backlog = store.backlog(position.lane, after, 500).await.unwrap();
            held.extend(backlog.records.iter().map(|record| record.event_id.clone()));
            after = backlog.end;
            if !backlog.more {
                break;
            }
        }
    }
    assert_eq!(held, (2_001..=ROWS).map(|n| format!("boot-{n}")).collect::<BTreeSet<_>>());
    let books = store.books().await.unwrap();
    assert_eq!((books.held, books.delivered, books.dead_letters), (1_000, 1_999, 1));
    assert_eq!(store.count_held().await.unwrap(), 1_000);
    assert!(store.seen("a-batch").unwrap());
    assert_eq!(store.journal_cursor().await.unwrap(), Some(4_711));
    store.replay_letters().await.unwrap();
    assert_eq!(store.backlog(Lane::Letters, 0, 10).await.unwrap().records[0].event_id, "boot-100");
}

#[tokio::test]
async fn rows_become_lines_once_and_in_order_and_the_forwarder_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    old_form(dir.path()).await;
    let settings = config(&tempfile::tempdir().unwrap(), &[]);
    let guest = TelemetryStore::open(dir.path(), Teller::new(Level::Fatal, 16), &settings.database).await;
    assert!(matches!(guest.err(), Some(StoreError::Down { .. })), "a guest takes nothing over");
    let size = std::fs::metadata(dir.path().join("telemetry.db")).unwrap().len();
    let store = own(dir.path()).await;
    is_whole(&store).await;
    store.close().await;
    assert!(
        std::fs::metadata(dir.path().join("telemetry.db")).unwrap().len() < size / 4,
        "the rows are gone"
    );
    let store = own(dir.path()).await;
    is_whole(&store).await;
    store.append(&[record(ROWS + 1)].into_iter().collect()).await.unwrap();
    let lines = store.after(&Filter::default(), 0, 100_000).await.unwrap();
    assert_eq!(lines.len(), ROWS as usize + 1, "what is new is behind them");
}

/// Whatever a process that was killed in the middle left, it is done again, and each record is there once.
#[tokio::test]
async fn killed_in_the_middle_it_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    old_form(dir.path()).await;
    let rows = std::fs::read(dir.path().join("telemetry.db")).unwrap();
    let store = own(dir.path()).await;
    let segments = store.log().segments();
    store.close().await;
    drop(store);
    // Half of the segments were in place, the others were being written, and the database was as before.
    for name in ["telemetry.db-wal", "telemetry.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    std::fs::write(dir.path().join("telemetry.db"), rows).unwrap();
    let waiting = dir.path().join("log/.taken");
    std::fs::create_dir(&waiting).unwrap();
    for (n, segment) in segments.iter().enumerate().skip(1) {
        std::fs::rename(&segment.path, waiting.join(format!("{n}"))).unwrap();
    }
    is_whole(&own(dir.path()).await).await;
}
