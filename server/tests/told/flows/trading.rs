//! Sessions at a venue with faults, over real sockets.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::console::{Console, PASSWORD};
use crate::told::Flow;
use crate::venue::Venue;

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Settings of a server that tells everything.
fn settings(venue: &Venue) -> Vec<(&'static str, &str)> {
    let mut settings = venue.settings();
    settings.extend([
        ("LOG_LEVEL", "trace"),
        ("DELTASCOPE__DATABASE__SLOW_STATEMENT_MS", "0"),
        ("DELTASCOPE__DATABASE__SLOW_ACQUIRE_MS", "0"),
    ]);
    settings
}

async fn signed_in(venue: &Venue) -> Console {
    let mut console = Console::start(&settings(venue)).await;
    console.sign_in(PASSWORD).await;
    console.ready().await;
    console
}

async fn act(console: &Console, path: &str, body: Value) -> Value {
    let key = uuid::Uuid::new_v4().to_string();
    let request = console.request(Method::POST, path).header("idempotency-key", key).json(&body);
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::ACCEPTED, "{path}");
    response.json().await.expect("JSON")
}

/// Acknowledges once the account is flat. A look after the end may find it open once more: then when it is flat again.
async fn acknowledge(console: &Console) {
    let of_account =
        |record: &&Value| record["event"] == "panic.verified_flat" && record["session_id"].is_null();
    let flat = || console.lines.records().iter().filter(of_account).count();
    for times in 1..=5 {
        let found = async {
            while flat() < times {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the account is flat");
        let key = uuid::Uuid::new_v4().to_string();
        let request = console.request(Method::POST, "/api/v1/panic/acknowledge");
        let request = request.header("idempotency-key", key).json(&json!({ "reason": "looked at it" }));
        match request.send().await.expect("an answer").status() {
            StatusCode::ACCEPTED => return,
            other => assert_eq!(other, StatusCode::CONFLICT),
        }
    }
    panic!("never flat for long enough to acknowledge it");
}

/// Waits until a record was told that fulfils the condition.
async fn until(console: &Console, what: &str, holds: impl Fn(&Value) -> bool) {
    let look = async {
        while !console.lines.records().iter().any(&holds) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, look).await.is_err() {
        let records = console.lines.records();
        let last: Vec<_> = records.iter().rev().take(30).map(|record| &record["message"]).collect();
        panic!("never told: {what}; latest first {last:#?}");
    }
}

fn named(event: &'static str) -> impl Fn(&Value) -> bool {
    move |record| record["event"] == event
}

/// One session from the click to the look after its end, and the same data directory in another process.
pub async fn session() -> Flow {
    let venue = Venue::start(
        "[[rule]]\nfault = \"reply_altered\"\nroute = \"POST /v2/orders\"\ntimes = 1\ndrop_fields = [\"unfilled_size\", \"size\"]\n\
         [[rule]]\nfault = \"frames_dropped\"\nchannels = [\"ob_l1\", \"ob_l2\", \"mark_price\", \"ticker\"]\nsymbol = \"C-BTC-*\"\nafter_s = 9\nuntil_s = 19\n",
    )
    .await;
    let console = signed_in(&venue).await;
    let started = act(&console, "/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    let session_id = started["session_id"].as_str().expect("an id").to_owned();
    until(&console, "the entry is complete", named("entry.completed")).await;
    until(&console, "a leg falls back", named("market.leg_fallback_entered")).await;
    until(&console, "it returns", named("market.leg_fallback_left")).await;
    let beats = |stream: &'static str| {
        move |record: &Value| record["event"] == "stream.heartbeat" && record["stream"] == stream
    };
    until(&console, "prices live", beats("prices")).await;
    until(&console, "orders live", beats("orders")).await;
    console.json(&format!("/api/v1/sessions/{session_id}")).await;
    console.json(&format!("/api/v1/sessions/{session_id}/decisions")).await;
    console.get(&format!("/sessions/{session_id}")).await;
    act(&console, &format!("/api/v1/sessions/{session_id}/stop"), json!({})).await;
    until(&console, "the third read", named("exit.audited")).await;
    until(&console, "its prices are given up", named("stream.unsubscribed")).await;
    let before = console.lines.clone();
    let console = console.restart().await;
    console.ready().await;
    console.json(&format!("/api/v1/sessions/{session_id}")).await;
    let (_, after) = console.stop().await;
    Flow { session_id, records: [before.records(), after].concat() }
}

/// Everything that goes wrong at the venue of this process.
const AMBUSH: &str = r#"
[[rule]]
fault = "socket_cut"
after_s = 3
every_s = 4
times = 2
socket = "any"

[[rule]]
fault = "undecodable_frame"
after_s = 1
every_s = 0.1
times = 100
socket = "any"

[[rule]]
fault = "socket_silent"
after_s = 14
for_s = 9
times = 1
socket = "public"

[[rule]]
fault = "frames_dropped"
channels = ["ob_updates"]
symbol = "*"
after_s = 10
times = 3

[[rule]]
fault = "trading_disrupted"
symbol = "*-BTC-*"
status = "disrupted_post_only"
after_s = 11
for_s = 1

[[rule]]
fault = "rest_status"
route = "GET /v2/positions*"
status = 503
after_s = 6
until_s = 13

[[rule]]
fault = "rest_status"
route = "GET /v2/products"
status = 503
times = 6

[[rule]]
fault = "rest_status"
route = "DELETE /v2/orders*"
status = 500
times = 1

[[rule]]
fault = "reply_lost"
route = "POST /v2/orders"
times = 1

[[rule]]
fault = "rest_status"
route = "POST /v2/heartbeat/create"
status = 503
times = 2
"#;

/// The embedded venue, where everything goes wrong, and a panic in the middle.
pub async fn ambush() -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let faults = folder.path().join("faults.toml");
    std::fs::write(&faults, AMBUSH).expect("a file");
    let file = faults.to_str().expect("a name").to_owned();
    let settings = [("LOG_LEVEL", "trace"), ("DELTASCOPE__SIMULATOR__FAULTS", file.as_str())];
    let mut console = Console::start(&settings).await;
    console.sign_in(PASSWORD).await;
    console.ready().await;
    act(&console, "/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    until(&console, "the entry is complete", named("entry.completed")).await;
    until(&console, "prices are polled", named("stream.fallback_entered")).await;
    until(&console, "and come again", named("stream.fallback_left")).await;
    act(&console, "/api/v1/panic", json!({})).await;
    acknowledge(&console).await;
    until(&console, "the latch is cleared", named("panic.acknowledged")).await;
    console.stop().await.1
}

/// A position whose journal is lost, and a press of PANIC that nobody can read.
pub async fn journal_lost() -> Vec<Value> {
    let venue = Venue::start("").await;
    let console = signed_in(&venue).await;
    act(&console, "/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    until(&console, "the entry is complete", named("entry.completed")).await;
    let data = console.data_dir().join("data");
    sql(&data, "ALTER TABLE journal_decisions RENAME TO hidden_decisions").await;
    until(&console, "the journal fails", named("db.journal_failed")).await;
    sql(&data, "ALTER TABLE hidden_decisions RENAME TO journal_decisions").await;
    until(&console, "it is written again", named("db.journal_restored")).await;
    console.settled().await;
    let before = console.lines.clone();
    let console = console
        .restart_after(async |dir| {
            for file in ["trading.db", "trading.db-wal", "trading.db-shm"] {
                // What is not there need not go.
                let _ = std::fs::remove_file(dir.join(file));
            }
            std::fs::write(dir.join("panic.latch"), b"{\"who\":\"an").expect("a file");
        })
        .await;
    until(&console, "sessions are lost", named("engine.sessions_lost")).await;
    until(&console, "the account is closed", |record| {
        record["event"] == "panic.verified_flat" && record["session_id"].is_null()
    })
    .await;
    [before.records(), console.stop().await.1].concat()
}

/// Another client has spent some of the account's quota; an entry meets a journal that does not take its order: it does not leave.
pub async fn entry_held() -> Vec<Value> {
    let venue = Venue::start("").await;
    for _ in 0..60 {
        venue.fills().await;
    }
    let console = signed_in(&venue).await;
    spend_until_it_is_seen(&venue, &console).await;
    let data = console.data_dir().join("data");
    let refuse = "CREATE TRIGGER refused BEFORE INSERT ON journal_decisions WHEN NEW.json LIKE '%submitted%' \
                  BEGIN SELECT RAISE(ABORT, 'refused by the test'); END";
    sql(&data, refuse).await;
    act(&console, "/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    until(&console, "an order is held", named("engine.command_held")).await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0), "nothing was opened");
    sql(&data, "DROP TRIGGER refused").await;
    until(&console, "the journal is written again", named("db.journal_restored")).await;
    console.stop().await.1
}

/// It is looked for once a minute, and a new window of the quota may just have begun.
async fn spend_until_it_is_seen(venue: &Venue, console: &Console) {
    let seen = until(console, "what another client spent is seen", named("venue.quota_read"));
    let mut seen = std::pin::pin!(seen);
    while tokio::time::timeout(Duration::from_secs(5), seen.as_mut()).await.is_err() {
        for _ in 0..20 {
            venue.fills().await;
        }
    }
}

/// A journal that the first version left behind, with a session in it that nobody ended.
pub async fn journal_of_before() -> Vec<Value> {
    let venue = Venue::start("").await;
    let console = signed_in(&venue).await;
    let before = console.lines.clone();
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("trading.db");
    first_format(&old).await;
    let console = console
        .restart_after(async |dir| {
            for file in ["trading.db-wal", "trading.db-shm"] {
                // What is not there need not go.
                let _ = std::fs::remove_file(dir.join(file));
            }
            std::fs::copy(&old, dir.join("trading.db")).expect("it is laid there");
        })
        .await;
    until(&console, "it cannot be read", named("engine.journal_unread")).await;
    console.settled().await;
    let told = console.lines.records();
    let unread = told.iter().find(|record| record["event"] == "engine.journal_unread").expect("it is told");
    assert_eq!(
        (&unread["payload"]["decisions"], &unread["level"]),
        (&json!(1), &json!("error")),
        "{unread:#}"
    );
    assert_eq!(unread["payload"]["sessions"], json!(["s-of-then"]), "{unread:#}");
    [before.records(), console.stop().await.1].concat()
}

async fn first_format(file: &std::path::Path) {
    use sqlx::Connection as _;
    let migrations = server::store::migrator(&[
        (1, "journal", include_str!("../../../migrations/trading/0001_journal.sql")),
        (2, "retention", include_str!("../../../migrations/trading/0002_retention.sql")),
    ]);
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("a connection");
    migrations.run(&mut connection).await.expect("the first version");
    for sql in [
        "INSERT INTO journal_decisions VALUES (1, 1, 1, 's-of-then', 'c', 'session.starting', 2, '{}')",
        "INSERT INTO sessions VALUES ('s-of-then', 'short_strangle', 'c', 'h', 'live', 'RUNNING', 1, NULL, NULL, 'c', 1, '{}')",
    ] {
        sqlx::query(sql).execute(&mut connection).await.expect("a row");
    }
    connection.close().await.expect("it is closed");
}

/// Behind the back of the server.
async fn sql(data: &std::path::Path, statement: &'static str) {
    use sqlx::Connection as _;
    let path = format!("sqlite://{}", data.join("trading.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.expect("a connection");
    sqlx::query(statement).execute(&mut connection).await.expect("it is done");
    connection.close().await.expect("it is closed");
}

/// Keys that the venue does not know.
pub async fn key_refused() -> Vec<Value> {
    let venue = Venue::start("").await;
    let mut settings = settings(&venue);
    settings.push(("DELTASCOPE__VENUE__API_KEY", "nobody's"));
    let console = Console::start(&settings).await;
    until(&console, "the key is refused", named("stream.sign_in_refused")).await;
    until(&console, "reads are refused", |record| record["payload"]["auth"] == "refused").await;
    console.stop().await.1
}

/// Half an hour of a tape that lacks a minute, played at its fastest.
pub async fn short_tape() -> Vec<Value> {
    let day = include_str!("../../../../tapes/btcusd-2022-01-05.csv");
    let (folder, mut rows) =
        (tempfile::tempdir().expect("a folder"), day.lines().take(25).collect::<Vec<_>>());
    rows.remove(12);
    let file = folder.path().join("btcusd-short.csv");
    std::fs::write(&file, rows.join("\n") + "\n").expect("a file");
    let tape = file.to_str().expect("a name");
    let settings = [
        ("DELTASCOPE__SIMULATOR__TAPE", tape),
        ("DELTASCOPE__SIMULATOR__SPEED", "600"),
        ("LOG_LEVEL", "debug"),
    ];
    let console = Console::start(&settings).await;
    until(&console, "the tape ends", named("simulator.tape_turned")).await;
    console.stop().await.1
}
