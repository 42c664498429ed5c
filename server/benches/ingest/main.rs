//! Browser batches a second: the server over HTTP with commit, and beside it in the same run a plain handler that
//! parses `serde_json::Value` and inserts rows one by one. Each is a process of its own, so that its CPU time is its
//! own; what judging a record alone costs, what browsers wait that send at a rate, and what bombs take.

mod bombs;
#[path = "../support/process.rs"]
mod process;
mod steady;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use telemetry::Micros;
use telemetry::ingest::{AdmitContext, Tier, admit};

use process::{Process, connected, post};

const RECORDS: usize = 200;
const BATCHES: usize = 200;
/// Browsers that send at the same time, each waiting for its answer.
const CLIENTS: usize = 4;

fn main() {
    server::tls::install();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if let Some(dir) = std::env::args().skip_while(|word| word != "--plain").nth(1) {
        return runtime.block_on(plain(Path::new(&dir)));
    }
    println!("ingest: {CLIENTS} browsers, batches of {RECORDS} records, {BATCHES} each");
    let body = batch().to_string();
    let judged = support::time(|| {
        let admitted = admit(body.as_bytes(), &context()).expect("a batch");
        admitted.records.len()
    });
    support::line("judging one record, without HTTP and store", judged);
    let dir = tempfile::tempdir().expect("a folder");
    let process = Process::server(dir.path(), &[]);
    runtime.block_on(bombs::run(&process));
    let plain_dir = tempfile::tempdir().expect("a folder");
    let baseline = plain_process(plain_dir.path());
    for records_a_second in [5_000, 10_000, 20_000] {
        runtime.block_on(steady::run(&process, "/api/logs", records_a_second));
        runtime.block_on(steady::run(&baseline, steady::NOTHING, records_a_second));
    }
    let ours = runtime.block_on(load(&process, "/api/logs"));
    drop(process);
    let plain = runtime.block_on(load(&baseline, "/"));
    ours.print("server: judged, cleaned, committed, then 202");
    plain.print("baseline: Value and one INSERT a record");
    println!(
        "  {:<52} {:>9.2} ×",
        "records a second and core beside the baseline",
        ours.per_core / plain.per_core
    );
}

fn context() -> AdmitContext<'static> {
    AdmitContext {
        received_at: Micros(1_763_880_000_000_000),
        sent_at_ms: Some(1_763_880_000_000),
        user_id: Some("admin"),
        session_bound: true,
        tier: Tier::Session,
        clock_offset_ms: Some(0),
    }
}

fn batch() -> Value {
    batch_of(RECORDS)
}

/// As the browser tells: a message, five fields, a correlation id.
fn batch_of(records: usize) -> Value {
    let recs: Vec<Value> = (1..=records)
        .map(|n| {
            json!({ "d": n, "n": n, "l": 9, "ev": "ui.fetch_finished", "g": "app::api", "cs": "src/api.rs:118",
                "m": format!("GET /api/v1/sessions/:id answered 200 after {n} ms"), "k": "9f3c2a10",
                "tr": "4bf92f3577b34da6a3ce929d0e0e4736",
                "f": { "method": "GET", "route": "/api/v1/sessions/:id", "status_code": 200, "latency_us": n * 1000,
                       "response_bytes": 5_312 } })
        })
        .collect();
    json!({ "v": 1, "bid": uuid::Uuid::now_v7().to_string(), "bseq": 1, "sid": "0af7651916cd43dd8448eb211c80319c",
        "tid": "tab-1", "app": { "n": "web", "r": "0.1.0", "b": "beef", "e": "prod" },
        "ctx": { "route": "/control", "vis": "visible" }, "t0": server::clock::now().as_millis(), "recs": recs })
}

fn plain_process(dir: &Path) -> Process {
    let itself = std::env::current_exe().expect("this program");
    Process::start(Command::new(itself).arg("--plain").arg(dir))
}

struct Load {
    per_second: f64,
    per_core: f64,
    p50: Duration,
    p99: Duration,
}

impl Load {
    fn print(&self, name: &str) {
        println!(
            "  {name:<52} {:>9.0} records a second, {:.0} a second and core, p50 {:.1} ms, p99 {:.1} ms",
            self.per_second,
            self.per_core,
            self.p50.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3
        );
    }
}

async fn load(process: &Process, path: &str) -> Load {
    let (http, url, headers) = connected(process, path).await;
    let headers = Arc::new(headers);
    for _ in 0..20 {
        send(&http, &url, &headers).await;
    }
    let (began, cpu) = (Instant::now(), process.cpu_seconds());
    let clients = (0..CLIENTS).map(|_| {
        let (http, url, headers) = (http.clone(), url.clone(), Arc::clone(&headers));
        tokio::spawn(async move {
            let mut waits = Vec::with_capacity(BATCHES);
            for _ in 0..BATCHES {
                waits.push(send(&http, &url, &headers).await);
            }
            waits
        })
    });
    let mut waits: Vec<Duration> = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        waits.extend(client.await.expect("a client"));
    }
    let records = (waits.len() * RECORDS) as f64;
    waits.sort();
    Load {
        per_second: records / began.elapsed().as_secs_f64(),
        per_core: records / (process.cpu_seconds() - cpu).max(0.01),
        p50: waits[waits.len() / 2],
        p99: waits[waits.len() * 99 / 100],
    }
}

async fn send(http: &reqwest::Client, url: &str, headers: &[(&'static str, String)]) -> Duration {
    let body = batch().to_string();
    let began = Instant::now();
    post(http, url, headers, body).await;
    began.elapsed()
}

/// The baseline: what one writes first.
async fn plain(dir: &Path) {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("plain.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let pool = SqlitePool::connect_with(options).await.expect("a database");
    let table =
        "CREATE TABLE records (id INTEGER PRIMARY KEY, event TEXT, level INTEGER, message TEXT, body TEXT)";
    sqlx::query(table).execute(&pool).await.expect("a table");
    let waits: Waits = Arc::default();
    let told = Arc::clone(&waits);
    let told = move || async move { axum::Json(std::mem::take(&mut *told.lock().expect("no panic"))) };
    let app = axum::Router::new()
        .route("/", axum::routing::post(insert))
        .route(steady::NOTHING, axum::routing::post(nothing))
        .route_layer(axum::middleware::from_fn_with_state(waits, timed))
        .route("/waits", axum::routing::get(told))
        .with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    eprintln!("ready on http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("a server");
}

/// What each request took, in microseconds.
type Waits = Arc<std::sync::Mutex<Vec<u64>>>;

async fn timed(
    axum::extract::State(waits): axum::extract::State<Waits>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let began = Instant::now();
    let answer = next.run(request).await;
    let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    waits.lock().expect("no panic").push(took);
    answer
}

async fn nothing(body: axum::body::Bytes) -> axum::http::StatusCode {
    drop(body);
    axum::http::StatusCode::ACCEPTED
}

async fn insert(
    axum::extract::State(pool): axum::extract::State<SqlitePool>,
    axum::Json(body): axum::Json<Value>,
) -> axum::http::StatusCode {
    for record in body["recs"].as_array().into_iter().flatten() {
        let query = sqlx::query("INSERT INTO records (event, level, message, body) VALUES ($1, $2, $3, $4)")
            .bind(record["ev"].as_str())
            .bind(record["l"].as_i64())
            .bind(record["m"].as_str())
            .bind(record.to_string());
        query.execute(&pool).await.expect("an insert");
    }
    axum::http::StatusCode::ACCEPTED
}
