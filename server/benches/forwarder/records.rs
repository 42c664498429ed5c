//! A log with a backlog: records of a server that trades, not one of them delivered.

use std::path::Path;

use serde_json::{Value, json};
use server::config::DatabaseConfig;
use server::store::telemetry::{Group, TelemetryStore};
use server::telling::Teller;
use telemetry::{Level, LogRecord, Map, Source};

use crate::stub::now_us;

/// Ids of the records that are there before begin with it; their number follows.
pub const BOOT: &str = "019aa7c26b1e7c3e9f7e0d6f2b8f4a11-";
const GROUP: usize = 500;
/// So many are an error each.
pub const ERROR_EVERY: usize = 200;

/// Like those of a server that trades: one in two hundred an error, one in a thousand of the audit trail.
fn record(n: usize) -> LogRecord {
    const EVENTS: [&str; 6] = [
        "cycle.started",
        "venue.request",
        "order.submitted",
        "order.filled",
        "http.request",
        "rules.evaluated",
    ];
    let payload = [
        ("latency_us", telemetry::Value::from(n * 7_919 % 9_000)),
        ("symbol", telemetry::Value::from("C-BTC-48000-070122")),
        ("method", telemetry::Value::from("GET")),
        ("endpoint", telemetry::Value::from("/v2/positions/margined")),
    ];
    LogRecord {
        timestamp: server::clock::now(),
        level: if n.is_multiple_of(ERROR_EVERY) { Level::Error } else { Level::Info },
        source: if n % 1_000 == 1 { Source::Audit } else { Source::Backend },
        event: EVENTS[n % EVENTS.len()].into(),
        event_id: format!("{BOOT}{n}"),
        boot_id: BOOT.trim_end_matches('-').to_owned(),
        seq: n as u64,
        correlation_id: Some(format!("{:032x}", (n / 40) as u128 * 0x9e37_79b9_7f4a_7c15)),
        session_id: n.is_multiple_of(10).then(|| format!("s-{:06}", n / 20_000)),
        message: format!("Record {n} tells of something that happens all day, in {} µs", n * 7_919 % 9_000),
        payload: Map::from_iter(payload.map(|(key, value)| (key.to_owned(), value))),
        ..LogRecord::default()
    }
}

/// Writes so many into `dir/data`, with index and books; the forwarder's cursors stand before the first.
pub async fn prepare(dir: &Path, records: usize) {
    let data = dir.join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let config = DatabaseConfig { slow_statement_ms: 600_000, slow_acquire_ms: 600_000 };
    let store = TelemetryStore::own(&data, Teller::new(Level::Fatal, 16), &config).await.expect("a log");
    store.open_books().await.expect("books");
    for from in (0..records).step_by(GROUP) {
        let group = Group::from_iter((from..(from + GROUP).min(records)).map(record));
        store.append(&group).await.expect("written");
    }
    store.index_to_the_end().await.expect("indexed");
    while store.books().await.expect("books").offered < records as i64 {}
    store.close().await;
}

/// A browser's batch in which the first record is an error, told now.
pub fn batch(records: usize) -> Value {
    let told = |n: usize| {
        json!({ "d": n, "n": n, "l": if n == 1 { 17 } else { 9 }, "ev": "ui.fetch_finished", "g": "app::api",
            "cs": "src/api.rs:118", "m": format!("GET /api/v1/sessions/:id answered after {n} ms"), "k": "9f3c2a10",
            "tr": "4bf92f3577b34da6a3ce929d0e0e4736", "f": { "method": "GET", "status_code": 200, "sent_us": now_us() } })
    };
    let records: Vec<Value> = (1..=records).map(told).collect();
    json!({ "v": 1, "bid": uuid::Uuid::now_v7().to_string(), "bseq": 1, "sid": "0af7651916cd43dd8448eb211c80319c",
        "tid": "tab-1", "app": { "n": "web", "r": "0.1.0", "b": "beef", "e": "prod" },
        "ctx": { "route": "/control", "vis": "visible" }, "t0": server::clock::now().as_millis(), "recs": records })
}
