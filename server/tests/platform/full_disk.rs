//! A disk that is full: what was acknowledged is there, what was refused is not, and when there is room again
//! everything goes on. On a real file system.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use server::auth::{Accounts, Author};
use server::config::Config;
use server::health::{Condition, Health};
use server::store::telemetry::{Filter, Group, TelemetryStore};
use server::store::trading::{Entry, KeyedAnswer, TradingStore};
use server::store::{Db, DbFile, StoreError};
use server::tasks::Tasks;
use server::telling::Teller;
use sqlx::{Connection as _, SqliteConnection};
use telemetry::{Level, LogRecord, Source};

use crate::databases::{add, file, names, open};
use crate::support::small_disk::{self, SmallDisk};
use crate::support::told::Told;
use crate::support::{Console, PASSWORD, config};
use crate::trading::venue::Venue;

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
                assert!(why.contains("full") || why.contains("No space left"), "{why}");
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

/// Ids of the records in the log; no half ones.
async fn logged(store: &TelemetryStore) -> BTreeSet<String> {
    let lines = store.after(&Filter::default(), 0, 10_000).await.unwrap();
    let id = |(_, line): &(i64, String)| LogRecord::from_line(line).unwrap().event_id;
    assert_eq!(lines.len(), lines.iter().map(id).collect::<BTreeSet<_>>().len());
    lines.iter().map(id).collect()
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
    let store = TelemetryStore::own(disk.path(), teller(), &settings().database).await.unwrap();
    let acknowledged = drill(&disk, async |n| {
        let record = LogRecord {
            event_id: format!("n-{n}"),
            event: "cycle.started".into(),
            message: "x".repeat(3_000),
            ..LogRecord::default()
        };
        store.append(&Group::from_iter([record])).await.map_err(|error| error.to_string())
    })
    .await;
    assert_eq!(logged(&store).await, acknowledged);
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
    let store = TradingStore::open_beside(disk.path(), teller(), &settings().database).await.unwrap();
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
        store.append(&[std::sync::Arc::new(entry)], None).await.map_err(|error| error.to_string())
    })
    .await;
    let sql = "SELECT idempotency_key FROM idempotency";
    assert_eq!(found(&disk.path().join("trading.db"), sql).await, acknowledged);
}

fn is_down(health: &Health, part: &str) -> bool {
    matches!(health.parts()[part].condition, Condition::Down { .. })
}

/// Waits for an event that comes by itself within seconds.
async fn until(health: &Health, reached: impl Fn(&Health) -> bool) {
    tokio::time::timeout(Duration::from_secs(60), health.until(reached)).await.expect("it comes back");
}

#[tokio::test]
async fn accounts_on_a_full_disk_can_be_read_and_are_written_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let settings = settings();
    let accounts = Accounts::open(disk.path(), teller(), &settings.database, &settings.auth).await.unwrap();
    accounts.add("ann", Some("a long password".to_owned()), Author::CommandLine).await.unwrap();
    // In good order: the next start has to make the files beside it, for which there is no room.
    accounts.close().await;
    disk.fill();
    let health = Health::default();
    let told = Told::begin().await;
    let tasks = Tasks::new(told.teller.clone(), health.clone());
    let accounts = Accounts::keep(disk.path(), &settings.database, &settings.auth, &health, &tasks).await;
    assert!(is_down(&health, "console_store"), "{:?}", health.parts());
    assert!(health.ready(), "trading does without them");
    let unusable = told.until("db.unusable").await;
    assert_eq!((&unusable["payload"]["database"], &unusable["level"]), (&json!("console"), &json!("error")));
    let password = |word: &str| word.to_owned();
    assert!(accounts.verify("ann", password("a long password")).await.unwrap(), "they are read from a copy");
    assert!(!accounts.verify("ann", password("another one")).await.unwrap());
    let refused = accounts.add("bob", None, Author::CommandLine).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
    let cookie = accounts.start_session("ann").await;
    let session = accounts.session(&cookie).await.unwrap().expect("who is right is let in");
    assert_eq!(session.username, "ann");

    disk.free();
    until(&health, |health| health.parts()["console_store"].condition == Condition::Up).await;
    assert!(told.until("db.usable_again").await["payload"]["outage_ms"].is_u64());
    assert_eq!(accounts.session(&cookie).await.unwrap(), Some(session.clone()), "and stays in");
    assert!(accounts.add("bob", None, Author::CommandLine).await.unwrap());
    assert_eq!(accounts.list().await.unwrap(), ["ann", "bob"], "nothing was set aside");
    accounts.end_session(&session.token_hash).await;
    assert_eq!(accounts.session(&cookie).await.unwrap(), None);
    tasks.stop();
}

#[tokio::test]
async fn a_log_store_on_a_full_disk_is_down_and_comes_back_whole() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let settings = settings();
    let group = |id: &str| {
        let record =
            LogRecord { event_id: id.to_owned(), event: "cycle.started".into(), ..LogRecord::default() };
        Group::from_iter([record])
    };
    let store = TelemetryStore::own(disk.path(), teller(), &settings.database).await.unwrap();
    store.append(&group("before")).await.unwrap();
    store.close().await;
    disk.fill();
    let health = Health::default();
    let tasks = Tasks::new(teller(), health.clone());
    let store = TelemetryStore::keep(disk.path(), &settings.database, &health, &tasks).await;
    assert!(is_down(&health, "telemetry_store"));
    // A file may have room in its last block.
    let refused = async {
        let mut more = 0;
        loop {
            if let Err(error) = store.append(&group(&format!("during-{more}"))).await {
                return (more, error);
            }
            more += 1;
        }
    };
    let (more, error) = refused.await;
    assert!(error.is_full(), "{error}");
    disk.free();
    until(&health, |health| health.parts()["telemetry_store"].condition == Condition::Up).await;
    store.append(&group("after")).await.unwrap();
    let mut expected: BTreeSet<String> = ["before", "after"].map(str::to_owned).into();
    expected.extend((0..more).map(|n| format!("during-{n}")));
    assert_eq!(logged(&store).await, expected);
    tasks.stop();
}

/// What the file system lets SQLite do, see `store/db/copy.rs`.
#[tokio::test]
async fn a_database_on_a_full_disk_says_so_and_can_be_read_from_a_copy() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let patience = Duration::from_millis(200);
    let at = |dir: &Path| DbFile { check: Duration::ZERO, ..file(dir, patience) };
    let copied = async |dir: &str| {
        let into = elsewhere.path().join(dir);
        std::fs::create_dir(&into).unwrap();
        let copy = Db::open_copy(&at(disk.path()), &into, teller(), &settings().database).await.unwrap();
        assert!(matches!(copy.write().await, Err(StoreError::ReadOnly { .. })));
        names(&copy).await
    };
    let db = open(at(disk.path())).await.unwrap();
    add(&db, "in the file").await.unwrap();
    db.close().await;
    disk.fill();
    let error = open(at(disk.path())).await.err().expect("there is no room for what lies beside it");
    assert!(error.is_full() && !error.is_damaged() && !error.is_busy(), "{error}");
    assert_eq!(copied("closed").await, ["in the file"]);

    disk.free();
    let db = open(at(disk.path())).await.unwrap();
    add(&db, "in the log").await.unwrap();
    disk.fill();
    assert_eq!(copied("in use").await, ["in the file", "in the log"]);
    let error = add(&db, "too much").await.unwrap_err();
    assert!(error.is_full() && !error.is_damaged() && !error.is_busy(), "{error}");
    // The connection that failed is replaced where the files beside it are there.
    assert!(add(&db, "too much").await.unwrap_err().is_full());
    assert_eq!(names(&db).await, ["in the file", "in the log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_in_and_panic_is_taken_while_the_disk_is_full() {
    let Some(disk) = SmallDisk::mount(24 * 1_024) else { return };
    let venue = Venue::start("").await;
    let data = disk.path().join("data").display().to_string();
    let mut settings = vec![("DELTASCOPE__DATA__DIR", data.as_str())];
    settings.extend(venue.settings());
    let mut console = Console::start(&settings).await;
    console.ready().await;
    assert_eq!(console.sign_in(PASSWORD).await.status(), StatusCode::OK);
    let before = console.cookie.clone();
    console.settled().await;
    disk.fill();
    // Whatever room the logs have left is taken up by the records of these requests.
    let health = console.running.app.health.clone();
    let full = async {
        while !is_down(&health, "telemetry_store") {
            console.get("/login").await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), full).await.expect("the log store is full");
    let me = console.json("/api/v1/me").await;
    assert_eq!(me["username"], "admin", "who was signed in stays so");
    console.cookie = None;
    assert_eq!(console.sign_in(PASSWORD).await.status(), StatusCode::OK, "and others get in");
    assert_ne!(console.cookie, before);
    assert_eq!(console.json("/api/v1/me").await["username"], "admin");
    let second = std::mem::replace(&mut console.cookie, before);
    assert_eq!(console.post("/api/v1/sign-out", &json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::UNAUTHORIZED, "and out");
    console.cookie = second;
    let panic = console
        .request(reqwest::Method::POST, "/api/v1/panic")
        .header("idempotency-key", "panic-on-a-full-disk")
        .header("origin", format!("http://{}", console.running.address))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(panic.status(), StatusCode::ACCEPTED);
    disk.free();
    until(&health, |health| !is_down(health, "telemetry_store")).await;
    console.ready().await;
    console.settled().await;
    let page = console.json("/api/v1/logs?event=panic.started").await;
    assert_eq!(page["records"].as_array().unwrap().len(), 1, "{page}");
}

/// What was told while nothing could be written: audit records and errors are all there, and what went in their place is
/// counted.
#[tokio::test]
async fn audit_records_and_errors_keep_their_share_while_the_disk_is_full() {
    let settings = [("DELTASCOPE__LOG__QUEUE_RECORDS", "1024")];
    let Some((disk, console)) = small_disk::console(&settings).await else { return };
    disk.fill();
    let app = console.running.app.clone();
    let tell = |event: &'static str, level: Level, source: Source| {
        app.teller.tell_record(LogRecord {
            event: event.into(),
            message: "x".repeat(200),
            level,
            source,
            ..LogRecord::default()
        });
    };
    let full = async {
        while !is_down(&app.health, "telemetry_store") {
            tell("cycle.filler", Level::Info, Source::Backend);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), full).await.expect("it is full");
    for n in 0..4_000 {
        tell("cycle.noted", Level::Info, Source::Backend);
        if n % 40 == 0 {
            tell("auth.noted", Level::Info, Source::Audit);
            tell("task.noted", Level::Error, Source::Backend);
        }
    }
    disk.free();
    console.settled().await;
    let count = async |event: &str| {
        let filter = Filter { event: Some(event.to_owned()), ..Filter::default() };
        app.records.after(&filter, 0, 100_000).await.unwrap()
    };
    assert_eq!((count("auth.noted").await.len(), count("task.noted").await.len()), (100, 100));
    // The last losses are declared within a second of it.
    let declared = async {
        loop {
            let told = count("telemetry.dropped").await;
            let dropped = |(_, line): &(i64, String)| {
                LogRecord::from_line(line).unwrap().payload["count"].as_u64().unwrap()
            };
            let lost: u64 = told.iter().map(dropped).sum();
            if lost > 0 && count("cycle.noted").await.len() as u64 + lost >= 4_000 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), declared).await.expect("every loss is declared");
    let (_, records) = console.stop().await;
    let seqs: BTreeSet<u64> = records.iter().filter_map(|record| record["seq"].as_u64()).collect();
    let lost: u64 = records
        .iter()
        .filter(|record| record["event"] == "telemetry.dropped" || record["event"] == "telemetry.suppressed")
        .filter_map(|record| record["payload"]["count"].as_u64())
        .sum();
    assert_eq!(seqs.len() as u64 + lost, *seqs.last().unwrap(), "each number is told or declared");
}
