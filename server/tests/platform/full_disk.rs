//! A disk that is full: what was acknowledged is there, what was refused is not, and when there is room again
//! everything goes on. On a real file system.

use std::collections::BTreeSet;
use std::path::Path;

use server::auth::{Accounts, Author};
use server::config::Config;
use server::store::telemetry::{Commit, Prepared, TelemetryStore};
use server::store::trading::{Entry, KeyedAnswer, TradingStore};
use server::telling::Teller;
use sqlx::{Connection as _, SqliteConnection};
use telemetry::{Level, LogRecord};

use crate::support::config;
use crate::support::small_disk::SmallDisk;

fn settings() -> Config {
    config(&tempfile::tempdir().unwrap(), &[])
}

fn teller() -> Teller {
    Teller::new(Level::Fatal, 16)
}

/// Writes until the disk refuses, goes on for a while, makes room and writes again. Gives the numbers that were
/// acknowledged.
async fn drill(disk: &SmallDisk, write: impl AsyncFn(u64) -> Result<(), String>) -> BTreeSet<String> {
    let (mut acknowledged, mut refused) = (BTreeSet::new(), 0);
    let mut number = 0;
    let mut rounds = |count: u64| {
        let from = number;
        number += count;
        from..number
    };
    for n in rounds(20) {
        write(n).await.unwrap();
        acknowledged.insert(format!("n-{n}"));
    }
    disk.fill();
    for n in rounds(40) {
        match write(n).await {
            Ok(()) => {
                acknowledged.insert(format!("n-{n}"));
            }
            Err(why) => {
                assert!(why.contains("full"), "{why}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "the disk was full");
    disk.free();
    for n in rounds(20) {
        write(n).await.unwrap_or_else(|why| panic!("{n} after room was made: {why}"));
        acknowledged.insert(format!("n-{n}"));
    }
    acknowledged
}

/// What a program of its own finds in the file.
async fn found(file: &Path, sql: &'static str) -> BTreeSet<String> {
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut other).await.unwrap();
    rows.into_iter().collect()
}

#[tokio::test]
async fn log_records_that_were_acknowledged_on_a_full_disk_are_there() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let store = TelemetryStore::open(disk.path(), teller(), &settings().database).await.unwrap();
    let acknowledged = drill(&disk, async |n| {
        let record = LogRecord {
            event_id: format!("n-{n}"),
            event: "cycle.started".into(),
            message: "x".repeat(3_000),
            ..LogRecord::default()
        };
        let commit = Commit { records: vec![Prepared::from(record)], ..Commit::default() };
        store.append(&commit).await.map(|_| ()).map_err(|error| error.to_string())
    })
    .await;
    let sql = "SELECT event_id FROM log_records";
    assert_eq!(found(&disk.path().join("telemetry.db"), sql).await, acknowledged);
}

#[tokio::test]
async fn users_that_were_added_on_a_full_disk_are_there() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let settings = settings();
    let accounts = Accounts::open(disk.path(), teller(), &settings.database, &settings.auth).await.unwrap();
    let acknowledged = drill(&disk, async |n| {
        let added = accounts.add(&format!("n-{n}"), None, Author::CommandLine).await;
        added.map(|added| assert!(added)).map_err(|error| error.to_string())
    })
    .await;
    let sql = "SELECT username FROM users";
    assert_eq!(found(&disk.path().join("console.db"), sql).await, acknowledged);
}

#[tokio::test]
async fn steps_that_were_journaled_on_a_full_disk_are_there() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let store = TradingStore::open(disk.path(), teller(), &settings().database).await.unwrap();
    let acknowledged = drill(&disk, async |n| {
        let answer = KeyedAnswer {
            username: "admin".to_owned(),
            key: format!("n-{n}"),
            request_hash: String::new(),
            status: 202,
            response: "x".repeat(3_000),
        };
        let stamp = model::Stamp {
            at: server::clock::now(),
            boot_id: "boot".to_owned(),
            input_seq: n + 1,
            correlation_id: telemetry::CorrelationId::from_bits(1),
            previous_step_us: None,
        };
        let entry = Entry {
            stamp,
            input: model::Input::Timer,
            decisions: vec![],
            origin: None,
            answer: Some(answer),
        };
        let state = model::TradingState::default();
        store.append(&[entry], &state, None).await.map_err(|error| error.to_string())
    })
    .await;
    let sql = "SELECT idempotency_key FROM idempotency";
    assert_eq!(found(&disk.path().join("trading.db"), sql).await, acknowledged);
}
