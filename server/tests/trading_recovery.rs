//! The server is killed (SIGKILL, nothing flushed) with a position on, and comes back knowing it: with the embedded
//! venue, and with a separate one. Panic then ends verified flat.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/program.rs"]
mod program;
#[path = "trading_support/server.rs"]
mod server_support;
#[path = "trading_support/venue.rs"]
mod venue;

use std::path::Path;

use program::{panic_all, spawn};
use serde_json::{Value, json};
use venue::Venue;

/// What must be the same after the crash.
fn held(session: &Value) -> Value {
    let legs: Vec<Value> = session["legs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|leg| json!([leg["symbol"], leg["qty"], leg["average_price"]]))
        .collect();
    let mut orders: Vec<String> = session["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| format!("{} {} {}", order["client_order_id"], order["status"], order["filled_qty"]))
        .collect();
    orders.sort();
    json!({ "legs": legs, "orders": orders, "fills": session["fills"].as_array().unwrap().len() })
}

async fn survives_a_kill(dir: &Path, settings: &[(&str, &str)]) {
    let (mut child, console) = spawn(dir, settings).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    let before = console.get(&format!("/api/v1/sessions/{id}")).await.body;
    child.kill().await.unwrap();

    let (mut child, console) = spawn(dir, settings).await;
    let mut feed = console.feed().await;
    feed.lifecycle("PAUSED").await;
    assert_eq!(feed.session["session_id"], id.as_str());
    feed.until("the position is known again", |feed| feed.session["exposure"] == "OPEN").await;
    assert_eq!(held(&feed.session), held(&before));
    let ready = console.get("/health/ready").await;
    assert_eq!((ready.status, ready.body["status"].as_str()), (200, Some("ready")), "{ready:?}");

    let resumed = console.post(&format!("/api/v1/sessions/{id}/resume"), json!({})).await;
    assert_eq!(resumed.status, 202, "{resumed:?}");
    feed.lifecycle("RUNNING").await;
    let panic = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(panic.status, 202, "{panic:?}");
    feed.lifecycle("STOPPED").await;
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_with_its_embedded_venue() {
    let dir = tempfile::tempdir().unwrap();
    survives_a_kill(dir.path(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_to_a_separate_venue() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::start("").await;
    survives_a_kill(dir.path(), &venue.settings()).await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn panic_from_the_command_line_closes_everything_when_the_server_is_dead() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::start("").await;
    let settings = venue.settings();
    let (mut child, console) = spawn(dir.path(), &settings).await;
    let mut feed = console.feed().await;
    console.start().await;
    feed.entered().await;
    let (done, said) = panic_all(dir.path(), &settings, &[]).await;
    assert!(!done && said.contains("a server is running on"), "a living server keeps its directory: {said}");
    child.kill().await.unwrap();
    assert_eq!(venue.position().await, -400);

    let (done, said) = panic_all(dir.path(), &settings, &[]).await;
    assert!(done && said.contains("verified flat by two reads"), "{said}");
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    let (_child, console) = spawn(dir.path(), &settings).await;
    let refused = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    assert_eq!(refused.status, 409, "the latch stays until somebody clears it: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_words_say_what_stays_open() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::start("").await;
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    let words = running.stop().await;
    assert!(words.contains(&id) && words.contains("-200 C-BTC") && words.contains("-200 P-BTC"), "{words}");
    assert_eq!(venue.position().await, -400, "positions stay as they are");

    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    feed.lifecycle("PAUSED").await;
    let replayed = server::replay::replay(&running.app.trading.store, &id).await.unwrap();
    assert!(replayed.is_identical(), "over the restart too: {:?}", replayed.difference);
    console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    feed.lifecycle("STOPPED").await;
    assert_eq!(venue.position().await, 0);
    running.stop().await;
}

/// Hides or shows the journal's table behind the server's back: every append then fails.
async fn hide_journal(dir: &Path, hidden: bool) {
    use sqlx::Connection as _;
    let path = format!("sqlite://{}", dir.join("trading.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let sql = if hidden {
        "ALTER TABLE journal_decisions RENAME TO hidden_decisions"
    } else {
        "ALTER TABLE hidden_decisions RENAME TO journal_decisions"
    };
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_journal_stops_entries_and_never_exits() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::start("").await;
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    hide_journal(dir.path(), true).await;
    let panic = console.post(&format!("/api/v1/sessions/{id}/panic"), json!({})).await;
    assert_eq!(panic.status, 202, "a panic is accepted without a logbook: {panic:?}");
    feed.lifecycle("STOPPED").await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0), "exits left");
    let refused = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    assert_eq!(refused.status, 503, "nothing is promised that is not on disk: {refused:?}");
    let health = console.get("/health").await.body;
    assert_eq!(health["parts"]["journal"]["state"], "down", "{health:#}");

    hide_journal(dir.path(), false).await;
    let body = json!({ "preset": "quick-strangle" });
    let mut again = console.post("/api/v1/sessions", body.clone()).await;
    while again.status == 503 {
        again = console.post("/api/v1/sessions", body.clone()).await;
    }
    assert_eq!(again.status, 202, "{again:?}");
    let next = again.body["session_id"].clone();
    feed.until("the next session is on", |feed| {
        feed.session["session_id"] == next && feed.session["exposure"] == "OPEN"
    })
    .await;
    let restored = console.logs("event=db.journal_restored").await;
    assert_eq!(restored.len(), 1, "{restored:?}");
    let replayed = server::replay::replay(&running.app.trading.store, &id).await.unwrap();
    assert!(replayed.is_identical(), "no step was lost: {:?}", replayed.difference);
    running.stop().await;
}

/// The figures of orders over a kill, with the file that keeps them and without it: the journal has them all.
#[tokio::test(flavor = "multi_thread")]
async fn figures_of_orders_outlive_a_kill_and_are_made_again_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, console) = spawn(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    child.kill().await.unwrap();
    // As soon as every order of the session has ended in the figures.
    let ended = async |console: &console::Console| {
        loop {
            let known = console.get(&format!("/api/v1/sessions/{id}")).await.body;
            let orders = console.get("/api/v1/kpis").await.body["orders"].clone();
            let n = |key: &str| orders[key].as_u64().unwrap_or_default();
            let ended = n("filled") + n("canceled") + n("rejected") + n("denied") + n("never_sent");
            let count = known["orders"].as_array().map_or(0, Vec::len) as u64;
            if count > 0 && (n("submitted"), ended) == (count, count) {
                return orders;
            }
            // The journal is looked at once a second.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let (mut child, console) = spawn(dir.path(), &[]).await;
    let entered = ended(&console).await;
    assert_eq!((&entered["submitted"], entered["timelines"].as_array().unwrap().len()), (&json!(2), 2));
    let mut feed = console.feed().await;
    feed.lifecycle("PAUSED").await;
    console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    feed.lifecycle("STOPPED").await;
    child.kill().await.unwrap();
    let (mut child, console) = spawn(dir.path(), &[]).await;
    let closed = ended(&console).await;
    let lives = closed["timelines"].as_array().unwrap().len() as u64;
    assert_eq!(Some(lives), closed["submitted"].as_u64(), "no life is lost");
    child.kill().await.unwrap();
    for file in ["kpis.ndjson", "kpis.running"] {
        // What was never kept need not go.
        let _ = std::fs::remove_file(dir.path().join(file));
    }
    let (mut child, console) = spawn(dir.path(), &[]).await;
    assert_eq!(ended(&console).await, closed, "from the journal alone");
    child.kill().await.unwrap();
}
