//! A server that is killed again and again (SIGKILL, nothing flushed) while it trades: each decision in the journal is
//! told in the log exactly once, but for those that sampling names, the numbers have no gap, and in the end the account
//! is flat.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/program.rs"]
mod program;
#[path = "trading_support/server.rs"]
#[allow(dead_code)]
mod server_support;
#[path = "trading_support/venue.rs"]
mod venue;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use server::store::log::{Head, Log};
use server::telling::samples_away;
use sqlx::Connection as _;
use venue::Venue;

const KILLS: u64 = 50;

/// One row of a query.
async fn rows(dir: &Path, file: &str, sql: &'static str) -> Vec<String> {
    let path = format!("sqlite://{}", dir.join(file).display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let rows = sqlx::query_scalar::<_, String>(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows
}

/// Levels of the journal's decisions by number.
async fn decided(dir: &Path) -> BTreeMap<u64, Value> {
    let rows = rows(dir, "trading.db", "SELECT json FROM journal_decisions ORDER BY seq").await;
    let read = |row: &String| serde_json::from_str::<Value>(row).unwrap();
    rows.iter().map(read).map(|record| (record["seq"].as_u64().unwrap(), record)).collect()
}

/// How often the log tells each decision.
fn told(dir: &Path) -> BTreeMap<u64, usize> {
    let log = Log::guest(dir);
    let (mut told, mut lines) = (BTreeMap::new(), log.after(0));
    while let Some((_, lines)) = lines.next(log.end()).unwrap() {
        for seq in lines.iter().filter_map(|(_, line)| Head::of(line)?.decision_seq) {
            *told.entry(seq).or_default() += 1;
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_told_once_whenever_the_server_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::start("").await;
    let settings = [venue.settings(), vec![("LOG_LEVEL", "trace")]].concat();
    for kill in 0..KILLS {
        let (mut child, console) = program::spawn(dir.path(), &settings).await;
        let mut feed = console.feed().await;
        let lifecycle = feed_lifecycle(&mut feed).await;
        match lifecycle.as_deref() {
            None | Some("STOPPED") => {
                console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
            }
            Some("PAUSED") if kill % 3 == 0 => {
                let id = feed.session["session_id"].as_str().unwrap().to_owned();
                console.post(&format!("/api/v1/sessions/{id}/resume"), json!({})).await;
            }
            Some("PAUSED") if kill % 3 == 1 => {
                let id = feed.session["session_id"].as_str().unwrap().to_owned();
                console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
            }
            Some(_) => {}
        }
        // Killed at another moment each time.
        for _ in 0..=(kill * 7 % 11) {
            feed.next().await;
        }
        child.kill().await.unwrap();
    }

    let (child, console) = program::spawn(dir.path(), &settings).await;
    let mut feed = console.feed().await;
    console.post("/api/v1/panic", json!({})).await;
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!(venue.position().await, 0);
    program::stop(child).await;

    let (decided, told) = (decided(dir.path()).await, told(dir.path()));
    let numbers: Vec<u64> = decided.keys().copied().collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no gap in the journal");
    assert!(numbers.len() > 500, "{} decisions", numbers.len());
    let mut left_out = 0;
    for (seq, record) in &decided {
        let read: model::DecisionRecord = serde_json::from_value(record.clone()).unwrap();
        let (event, level) =
            (telemetry::Event::name(&read.decision), telemetry::Event::level(&read.decision));
        let due = usize::from(!samples_away(event, level, *seq));
        let times = told.get(seq).copied().unwrap_or_default();
        assert_eq!(times, due, "decision {seq} in the log {times} times: {record:#}");
        left_out += 1 - due;
    }
    assert!(told.keys().all(|seq| decided.contains_key(seq)), "nothing is told that was not decided");
    assert_eq!(told.len() + left_out, decided.len());
    assert!(0 < left_out && left_out < decided.len() / 2, "{left_out} of {} are sampled away", decided.len());
}

/// What the first snapshot says of a session.
async fn feed_lifecycle(feed: &mut console::Feed) -> Option<String> {
    feed.until("a snapshot", |feed| feed.snapshots > 0).await;
    feed.session["lifecycle"].as_str().map(str::to_owned)
}
