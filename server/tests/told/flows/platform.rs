//! People who sign in, files that are damaged, tasks that fail, and a log that is full.

use std::path::Path;

use serde_json::{Value, json};
use server::auth::Author;
use server::tasks::{Restart, Tasks};
use telemetry::{Context, Level, LogRecord};

use crate::console::{Console, Lines, PASSWORD};

/// Accounts: the one-time link, wrong passwords until it is enough, the right one, out again, users by command line.
pub async fn people() -> Vec<Value> {
    let mut console = Console::start_bare(&[("LOG_LEVEL", "debug")]).await;
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
    accounts.db().expect("a database").tell_commits();
    for _ in 0..11 {
        console.sign_in("wrong").await;
    }
    console.get("/health").await;
    let mut earlier = vec![console.lines.clone()];
    let console = console.restart_after(async |dir| harm(dir)).await;
    console.ready().await;
    earlier.push(console.lines.clone());
    let console = console
        .restart_after(async |dir| {
            std::fs::remove_file(dir.join("page-token.key")).expect("a key");
            std::fs::create_dir(dir.join("page-token.key")).expect("a folder");
        })
        .await;
    console.ready().await;
    console.settled().await;
    let last = console.stop().await.1;
    earlier.iter().flat_map(Lines::records).chain(last).collect()
}

/// Files that trading does without: one is empty, one no database, one key is none.
fn harm(dir: &Path) {
    std::fs::write(dir.join("history.db"), b"this is no database at all").expect("a file");
    for file in ["telemetry.db", "telemetry.db-wal", "telemetry.db-shm"] {
        let _ = std::fs::remove_file(dir.join(file));
    }
    std::fs::write(dir.join("telemetry.db"), b"").expect("a file");
    std::fs::write(dir.join("page-token.key"), b"").expect("a file");
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
    server::telling::install_tracing(teller.clone(), Level::Warn);
    tracing::warn!(target: "a_library", "connection reset");
    let db = app.trading.store.db().expect("a database");
    let mut write = db.write().await.expect("a turn");
    assert!(write.execute("test", sqlx::query("SELECT 1 FROM nothing")).await.is_err());
    drop(write);
    console.settled().await;
    console.stop().await.1
}
