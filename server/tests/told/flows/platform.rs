//! People who sign in, files that are damaged, tasks that fail, and a log that is full.

use std::path::Path;

use serde_json::{Value, json};
use server::auth::Author;
use server::tasks::{Restart, Tasks};
use telemetry::{Context, Level, LogRecord};

use crate::console::{Console, Lines, PASSWORD};

/// Accounts: the one-time link, wrong passwords until it is enough, the right one, out again, users by command line.
pub async fn people() -> Vec<Value> {
    let settings = [("LOG_LEVEL", "debug"), ("DELTASCOPE__LOG__KEEP_MB", "16")];
    let mut console = Console::start_bare(&settings).await;
    let link = console.running.sign_in_link.clone().expect("a link");
    let (_, token) = link.split_once("?token=").expect("a token");
    let body = json!({ "token": token, "password": PASSWORD });
    console.post("/api/v1/set-password-by-link", &body).await;
    console.sign_in(PASSWORD).await;
    console.post("/api/v1/sign-out", &json!({})).await;
    let accounts = console.running.app.accounts.clone();
    let password = Some("another long password".to_owned());
    assert!(accounts.add("alice", password, Author::CommandLine).await.expect("a user"));
    assert!(accounts.remove("alice", Author::CommandLine).await.expect("no user"));
    let db = accounts.db().expect("a database");
    db.tell_commits();
    all_connections_held(&db).await;
    for _ in 0..11 {
        console.sign_in("wrong").await;
    }
    console.get("/health").await;
    let mut earlier = vec![console.lines.clone()];
    let console = console.restart_after(async |dir| harm(dir)).await;
    console.ready().await;
    earlier.push(console.lines.clone());
    let other = tempfile::tempdir().expect("a folder");
    let kept_open = another_log(other.path()).await;
    let console = console
        .restart_after(async |dir| {
            std::fs::remove_file(dir.join("page-token.key")).expect("a key");
            std::fs::create_dir(dir.join("page-token.key")).expect("a folder");
            std::fs::copy(other.path().join("other.db-wal"), dir.join("watch.db-wal")).expect("it is copied");
            an_old_day(dir);
        })
        .await;
    console.ready().await;
    drop(kept_open);
    until(&console, "db.records_forgotten").await;
    console.settled().await;
    let last = console.stop().await.1;
    earlier.iter().flat_map(Lines::records).chain(last).collect()
}

/// Files that trading does without: one is empty, one no database, one key is none, and the log ends in half a line.
fn harm(dir: &Path) {
    let segments = server::store::log::Log::guest(dir).segments();
    let last = segments.last().expect("a segment");
    let mut file = std::fs::File::options().append(true).open(&last.path).expect("a segment");
    std::io::Write::write_all(&mut file, b"{\"timestamp\":\"2026-11-2").expect("half a line");
    std::fs::write(dir.join("history.db"), b"this is no database at all").expect("a file");
    for file in ["telemetry.db", "telemetry.db-wal", "telemetry.db-shm"] {
        let _ = std::fs::remove_file(dir.join(file));
    }
    std::fs::write(dir.join("telemetry.db"), b"").expect("a file");
    std::fs::write(dir.join("page-token.key"), b"").expect("a file");
}

/// Whoever wants one more connection gives up after five seconds.
async fn all_connections_held(db: &server::store::Db) {
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(db.read().await.expect("a connection"));
    }
    assert!(db.read().await.is_err(), "all are held");
}

/// The write-ahead log of another file; laid beside one of ours as after a backup that was put back by halves.
async fn another_log(folder: &Path) -> sqlx::SqliteConnection {
    use sqlx::Connection as _;
    let url = format!("sqlite:{}?mode=rwc", folder.join("other.db").display());
    let mut other = sqlx::SqliteConnection::connect(&url).await.expect("a connection");
    for sql in
        ["PRAGMA journal_mode = WAL", "PRAGMA user_version = 1342177280", "CREATE TABLE other (word TEXT)"]
    {
        sqlx::query(sql).fetch_all(&mut other).await.expect("it is done");
    }
    other
}

/// More of the log than is to be kept, from long ago.
fn an_old_day(dir: &Path) {
    let line = LogRecord {
        event: "cycle.noted".into(),
        message: "x".repeat(20_000),
        timestamp: telemetry::Micros::parse_rfc3339("2026-01-05T12:00:00Z").expect("a time"),
        ..LogRecord::default()
    };
    let folder = dir.join("log/2026-01-05");
    std::fs::create_dir_all(&folder).expect("a folder");
    let lines = (line.to_line() + "\n").repeat(1_000);
    std::fs::write(folder.join("000001.ndjson"), lines).expect("a segment");
}

/// Waits until a record of that name was told.
async fn until(console: &Console, event: &str) {
    let told = async {
        while !console.lines.records().iter().any(|record| record["event"] == event) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(90), told).await;
    assert!(found.is_ok(), "{event} was never told");
}

/// A reader of stdout that stands still: the log has everything, and what he missed is told by its number.
pub async fn stalled() -> Vec<Value> {
    let console = Console::start(&[("LOG_LEVEL", "info")]).await;
    console.settled().await;
    console.lines.hold(true);
    // One chunk is being written, so many wait, and these are more.
    for number in 0..300 {
        console.running.app.teller.tell_record(LogRecord {
            level: Level::Info,
            event: "cycle.noted".into(),
            message: format!("number {number}"),
            service: telemetry::SERVICE.into(),
            timestamp: server::clock::now(),
            ..LogRecord::default()
        });
        console.settled().await;
    }
    console.lines.hold(false);
    let data = console.data_dir().join("data");
    let boot_id = console.lines.records()[0]["boot_id"].clone();
    // Told in the log: on stdout the line that says so may be one of those that had no room.
    let declared = async {
        while declared_of(&records_of(&data, &boot_id)) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(90), declared).await.expect("told in the end");
    let first = console.lines.clone();
    let again = console.restart().await;
    let (printed, logged) = (first.records(), records_of(&data, &boot_id));
    again.stop().await;
    let is_printed = |line: &&Value| printed.iter().any(|record| record["event_id"] == line["event_id"]);
    let missed = logged.iter().filter(|line| !is_printed(line)).count() as u64;
    assert!(missed > 0 && missed == declared_of(&logged), "{missed} missed: {logged:#?}");
    logged
}

/// How many lines are declared not to have reached stdout.
fn declared_of(records: &[Value]) -> u64 {
    let stalled = records.iter().filter(|record| record["event"] == "telemetry.output_stalled");
    stalled.filter_map(|record| record["payload"]["lines"].as_u64()).sum()
}

/// Lines that a process has in the log.
fn records_of(data: &Path, boot_id: &Value) -> Vec<Value> {
    let segments = server::store::log::Log::guest(data).segments();
    let lines = segments.iter().flat_map(|segment| {
        let text = std::fs::read_to_string(&segment.path).expect("a segment");
        text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record")).collect::<Vec<_>>()
    });
    lines.filter(|line| line["boot_id"] == *boot_id).collect()
}

/// More of what alerts look at than they can look at at once.
async fn flooded(console: &Console) {
    for _ in 0..300 {
        for _ in 0..20_000 {
            let event = "venue.request".into();
            console.running.app.teller.tell_record(LogRecord {
                level: Level::Trace,
                event,
                ..LogRecord::default()
            });
        }
        if console.lines.records().iter().any(|record| record["event"] == "alert.sightings_lost") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("it was never told");
}

/// What would disturb other flows: tasks that fail, a panic, a storm of records.
pub async fn alone() -> Vec<Value> {
    let console = Console::start(&[("LOG_LEVEL", "debug"), ("DELTASCOPE__LOG__QUEUE_RECORDS", "1024")]).await;
    let app = &console.running.app;
    let teller = app.teller.clone();
    server::telling::install_panic_hook(teller.clone());
    let tasks = Tasks::new(teller.clone(), server::health::Health::default());
    let soon = Restart::Backoff {
        first: std::time::Duration::from_millis(1),
        most: std::time::Duration::from_millis(1),
    };
    let mut runs = 0;
    let failing = tasks.supervise("worker", Context::default(), soon, move || {
        runs += 1;
        async move {
            assert!(runs > 1, "the worker has a bad day");
            Ok::<(), String>(())
        }
    });
    failing.await.expect("it ends by itself in the end");
    let name = "cycle.noted";
    for level in [Level::Debug, Level::Info] {
        for number in 0..20_000 {
            let message = format!("record {number} of a storm");
            let (service, timestamp) = (telemetry::SERVICE.into(), server::clock::now());
            let event = name.into();
            teller.tell_record(LogRecord {
                level,
                event,
                message,
                service,
                timestamp,
                ..LogRecord::default()
            });
        }
    }
    flooded(&console).await;
    server::telling::install_tracing(teller.clone(), Level::Warn);
    tracing::warn!(target: "a_library", "connection reset");
    let db = app.trading.store.db().expect("a database");
    let mut write = db.write().await.expect("a turn");
    assert!(write.execute("test", sqlx::query("SELECT 1 FROM nothing")).await.is_err());
    drop(write);
    console.settled().await;
    console.stop().await.1
}
