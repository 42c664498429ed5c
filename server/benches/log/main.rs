//! The log as files beside the log as rows of SQLite, which is how it was stored before: writing, indexing, and asking a
//! big one. `DELTASCOPE_LOG_RECORDS` says how big (one million; 20000000 takes an hour, most of it for the rows).

mod questions;
mod rows;

use std::path::Path;
use std::time::{Duration, Instant};

use server::config::DatabaseConfig;
use server::store::telemetry::{Group, TelemetryStore};
use server::telling::Teller;
use telemetry::{Level, LogRecord, Map, Micros, Source, Value};

use rows::Rows;

/// Records of one group, about what comes together in three milliseconds of a busy second.
const GROUP: usize = 500;
const DAY_US: i64 = 86_400_000_000;
/// Days that a big log is spread over.
const DAYS: i64 = 10;

/// The day after the last record.
fn now() -> Micros {
    Micros::parse_rfc3339("2026-11-24T00:00:00Z").unwrap_or_default()
}

/// Like those of a server that trades: one in two hundred an error, one in ten of a session.
fn record(n: usize, of: usize) -> LogRecord {
    const EVENTS: [&str; 8] = [
        "cycle.started",
        "market.quote_accepted",
        "venue.request",
        "order.submitted",
        "order.filled",
        "http.request",
        "rules.evaluated",
        "db.commit_latency",
    ];
    let payload = [("latency_us", Value::from(n % 9_000)), ("symbol", Value::from("C-BTC-48000-070122"))];
    LogRecord {
        timestamp: Micros(now().0 - DAYS * DAY_US + (DAYS * DAY_US) / of as i64 * n as i64),
        level: if n.is_multiple_of(200) { Level::Error } else { Level::Info },
        source: if n % 1_000 == 1 { Source::Audit } else { Source::Backend },
        event: EVENTS[n % EVENTS.len()].into(),
        event_id: format!("019aa7c26b1e7c3e9f7e0d6f2b8f4a11-{n}"),
        boot_id: "019aa7c26b1e7c3e9f7e0d6f2b8f4a11".to_owned(),
        seq: n as u64,
        correlation_id: Some(format!("{:032x}", (n / 40) as u128 * 0x9e37_79b9_7f4a_7c15)),
        session_id: n.is_multiple_of(10).then(|| format!("s-{:06}", n / 20_000)),
        message: match n % 100_003 {
            77_777 => format!("A needle lies in record {n} of the haystack"),
            _ => format!("Record {n} tells of something that happens all day, in {} µs", n % 9_000),
        },
        payload: Map::from_iter(payload.map(|(key, value)| (key.to_owned(), value))),
        ..LogRecord::default()
    }
}

fn config() -> DatabaseConfig {
    DatabaseConfig { slow_statement_ms: 600_000, slow_acquire_ms: 600_000 }
}

async fn open(dir: &Path) -> TelemetryStore {
    TelemetryStore::own(dir, Teller::new(Level::Fatal, 16), &config())
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn per_second(records: usize, took: Duration) -> String {
    format!("{:>10.0} a second", records as f64 / took.as_secs_f64())
}

/// Highest use of memory so far, in MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1_024
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap_or_else(|error| panic!("{error}")).block_on(async {
        append().await;
        ask().await;
    });
}

/// Building and encoding is in both; three rounds, the best.
async fn append() {
    const RECORDS: usize = 100_000;
    println!("log: {RECORDS} records in groups of {GROUP}, built, encoded and written");
    let (mut files, mut rows) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let store = open(dir.path()).await;
        let began = Instant::now();
        for group in 0..RECORDS / GROUP {
            let records = (group * GROUP..(group + 1) * GROUP).map(|n| record(n, RECORDS));
            store.append(&Group::from_iter(records)).await.unwrap_or_else(|error| panic!("{error}"));
        }
        store.log().sync().unwrap_or_else(|error| panic!("{error}"));
        files = files.min(began.elapsed());

        let began = Instant::now();
        let mut table = Rows::make(&dir.path().join("rows.db")).await;
        for group in 0..RECORDS / GROUP {
            let records = (group * GROUP..(group + 1) * GROUP).map(|n| record(n, RECORDS));
            table.append(records).await;
        }
        rows = rows.min(began.elapsed());
    }
    println!("  appended to segments, with fdatasync at the end        {}", per_second(RECORDS, files));
    println!("  baseline: row by row in one transaction a group        {}", per_second(RECORDS, rows));
    println!(
        "  segments beside rows                                   {:>10.1} ×",
        rows.as_secs_f64() / files.as_secs_f64()
    );
}

async fn ask() {
    let records =
        std::env::var("DELTASCOPE_LOG_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    println!("log of {records} records over {DAYS} days, files and rows");
    let store = open(dir.path()).await;
    let began = Instant::now();
    for from in (0..records).step_by(GROUP) {
        let (bytes, _) =
            Group::from_iter((from..(from + GROUP).min(records)).map(|n| record(n, records))).lines();
        let at = record(from, records).timestamp;
        store.log().append(&bytes, at).unwrap_or_else(|error| panic!("{error}"));
    }
    println!(
        "  written                                                {}",
        per_second(records, began.elapsed())
    );
    let began = Instant::now();
    store.index_to_the_end().await.unwrap_or_else(|error| panic!("{error}"));
    println!(
        "  indexed                                                {}",
        per_second(records, began.elapsed())
    );
    store.close().await;
    drop(store);
    let began = Instant::now();
    let store = open(dir.path()).await;
    println!("  started on it in {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
    let began = Instant::now();
    let mut rows = Rows::make(&dir.path().join("rows.db")).await;
    for from in (0..records).step_by(GROUP * 20) {
        rows.append((from..(from + GROUP * 20).min(records)).map(|n| record(n, records))).await;
    }
    println!(
        "  rows written                                           {}",
        per_second(records, began.elapsed())
    );
    questions::ask(&store, &mut rows, now()).await;
    let mb = |bytes: u64| bytes / 1_000_000;
    let index: u64 = std::fs::read_dir(store.log().dir().join("index"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|file| file.len())
        .sum();
    println!(
        "  on disk: segments {} MB, index {} MB; rows {} MB; most memory {} MB",
        mb(store.log().bytes()),
        mb(index),
        mb(rows.bytes()),
        memory()
    );
}
