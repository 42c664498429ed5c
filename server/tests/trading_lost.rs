//! A journal that cannot be continued from, and a press that cannot be read: nobody stays in a position because of
//! it, and nothing is shown as living that nobody watches.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/program.rs"]
mod program;
#[path = "trading_support/server.rs"]
mod server_support;
#[path = "trading_support/venue.rs"]
mod venue;

use std::path::Path;

use console::Console;
use program::{panic_all, spawn, stop};
use serde_json::{Value, json};
use sqlx::Connection as _;
use venue::Venue;

/// A session with both legs on at a venue of its own; then the process is killed. Gives its id.
async fn killed_with_a_position(dir: &Path, venue: &Venue) -> String {
    let (mut child, console) = spawn(dir, &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    child.kill().await.unwrap();
    assert_eq!(venue.position().await, -400);
    id
}

async fn execute(dir: &Path, sql: &'static str) -> u64 {
    let path = format!("sqlite://{}", dir.join("trading.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    done.rows_affected()
}

/// One letter of one row, somewhere before the first order was sent.
async fn tear(dir: &Path) {
    let sql = "UPDATE journal_decisions SET json = replace(json, '\"seq\"', '\"sew\"') \
               WHERE seq = (SELECT MIN(seq) FROM journal_decisions WHERE json LIKE '%submitted%')";
    assert_eq!(execute(dir, sql).await, 1);
    execute(dir, "DELETE FROM snapshots WHERE kind = 'rolling'").await;
}

/// Every line of the log.
fn lines(dir: &Path) -> Vec<Value> {
    let segments = server::store::log::Log::guest(dir).segments();
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let lines: Vec<String> = segments.iter().map(|segment| text(&segment.path)).collect();
    lines.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn panicked(console: &Console, venue: &Venue) {
    let mut feed = console.feed().await;
    let panic = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(panic.status, 202, "{panic:?}");
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
}

async fn listed(console: &Console, id: &str) -> Value {
    let list = console.get("/api/v1/sessions").await.body;
    let sessions = list["sessions"].as_array().expect("sessions").clone();
    sessions.into_iter().find(|session| session["session_id"] == id).expect("it is listed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_keeps_nobody_in_a_position() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    killed_with_a_position(dir.path(), &venue).await;
    tear(dir.path()).await;
    let (child, console) = spawn(dir.path(), &venue.settings()).await;
    let torn = console.logs_until("event=engine.journal_torn", |found| !found.is_empty()).await;
    assert_eq!(torn.len(), 1, "{torn:?}");
    panicked(&console, &venue).await;
    stop(child).await;

    let (_child, console) = spawn(dir.path(), &venue.settings()).await;
    let recovered = console.logs_until("event=engine.recovered", |found| found.len() >= 2).await;
    assert!(recovered.len() >= 2);
    assert_eq!(console.logs("event=engine.journal_torn").await.len(), 1, "it is behind us");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_closes_over_a_row_that_cannot_be_read() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    killed_with_a_position(dir.path(), &venue).await;
    tear(dir.path()).await;
    let (done, said) = panic_all(dir.path(), &venue.settings(), &["--patience", "60"]).await;
    assert!(done && said.contains("cannot be read from decision"), "{said}");
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_closes_beside_a_journal_of_another_version() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    killed_with_a_position(dir.path(), &venue).await;
    execute(dir.path(), "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
    let (done, said) = panic_all(dir.path(), &venue.settings(), &["--patience", "60"]).await;
    assert!(done && said.contains("There is no journal to continue from"), "{said}");
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0), "{said}");
    let told: Vec<Value> = lines(dir.path())
        .into_iter()
        .filter(|line| line["event"] == "engine.begun_without_journal")
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["level"] == "fatal" && told[0]["payload"]["error"].is_string(), "{told:?}");
    let left = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name());
    let left: Vec<String> = left.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(!left.iter().any(|name| name.starts_with("trading.db.")), "it is left alone: {left:?}");
    assert_eq!(
        execute(dir.path(), "UPDATE _sqlx_migrations SET checksum = x'01' WHERE version = 1").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_cannot_be_read_is_a_press() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    killed_with_a_position(dir.path(), &venue).await;
    std::fs::write(dir.path().join("panic.latch"), b"{\"who\":\"an").unwrap();
    let (_child, console) = spawn(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    let told = console.logs_until("event=engine.latch_unreadable", |found| !found.is_empty()).await;
    assert_eq!(told.len(), 1);
    let cleared = console.post("/api/v1/panic/acknowledge", json!({ "reason": "looked at the venue" })).await;
    assert_eq!(cleared.status, 202, "{cleared:?}");
    assert!(!dir.path().join("panic.latch").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_no_journal_knows_is_not_shown_as_living() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    let id = killed_with_a_position(dir.path(), &venue).await;
    for name in ["trading.db", "trading.db-wal", "trading.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let (_child, console) = spawn(dir.path(), &venue.settings()).await;
    let told = console.logs_until("event=engine.sessions_lost", |found| !found.is_empty()).await;
    assert_eq!(told.len(), 1);
    let lost = listed(&console, &id).await;
    assert_eq!(
        (&lost["lost"], &lost["lifecycle"], &lost["exposure"]),
        (&json!(true), &json!("NEEDS_OPERATOR"), &json!("UNKNOWN"))
    );
    let health = console.get("/health").await.body;
    assert_eq!(health["parts"]["journal_end"]["state"], "degraded", "{health:#}");
    assert_eq!(console.logs("event=engine.journal_behind").await.len(), 1);

    panicked(&console, &venue).await;
    loop {
        let ended = listed(&console, &id).await;
        if ended["lifecycle"] == "STOPPED" {
            assert_eq!((&ended["exposure"], &ended["summary"]["net"]), (&json!("FLAT"), &Value::Null));
            break;
        }
        tokio::task::yield_now().await;
    }
}
