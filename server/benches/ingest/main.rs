//! Browser batches a second: the server over HTTP with commit, and beside it in the same run a plain handler that
//! parses `serde_json::Value` and inserts rows one by one. Each is a process of its own, so that its CPU time is its
//! own; what judging a record alone costs, what browsers wait that send at a rate, and what bombs take.

mod bombs;
mod steady;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use telemetry::Micros;
use telemetry::ingest::{AdmitContext, Tier, admit};

const RECORDS: usize = 200;
const BATCHES: usize = 200;
/// Browsers that send at the same time, each waiting for its answer.
const CLIENTS: usize = 4;
const PASSWORD: &str = "correct horse";

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
    let process = ours(dir.path());
    runtime.block_on(bombs::run(&process));
    for records_a_second in [5_000, 10_000, 20_000] {
        runtime.block_on(steady::run(&process, records_a_second));
    }
    let ours = runtime.block_on(load(&process, "/api/logs"));
    drop(process);
    let plain_dir = tempfile::tempdir().expect("a folder");
    let plain = runtime.block_on(load(&plain_process(plain_dir.path()), "/"));
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

/// A process that serves, and what its requests carry.
struct Process {
    child: Child,
    base: String,
    headers: Vec<(&'static str, String)>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn started(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a process");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("its stderr")).read_line(&mut line).expect("the ready line");
    let base = line.split_once("ready on ").expect("the ready line").1.trim().to_owned();
    (child, base)
}

fn ours(dir: &Path) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deltascope"));
    command
        .env_clear()
        .current_dir(dir)
        .env("DELTASCOPE__DATA__DIR", dir.join("data"))
        .env("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0")
        .env("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", PASSWORD);
    for name in ["RECORDS_PER_MINUTE", "RECORDS_BURST", "KIB_PER_MINUTE", "KIB_BURST", "REQUESTS_PER_MINUTE"]
    {
        command.env(format!("DELTASCOPE__INGEST__{name}"), "1000000000");
    }
    let (child, base) = started(&mut command);
    Process { child, base, headers: Vec::new() }
}

fn plain_process(dir: &Path) -> Process {
    let itself = std::env::current_exe().expect("this program");
    let (child, base) = started(Command::new(itself).arg("--plain").arg(dir));
    Process { child, base, headers: Vec::new() }
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

/// A client, where it sends to, and what its requests carry.
async fn connected(process: &Process, path: &str) -> (reqwest::Client, String, Vec<(&'static str, String)>) {
    let http = reqwest::Client::new();
    let headers = if path == "/" { Vec::new() } else { sign_in(&http, &process.base).await };
    let headers = process.headers.iter().cloned().chain(headers).collect();
    (http, format!("{}{path}", process.base), headers)
}

async fn load(process: &Process, path: &str) -> Load {
    let (http, url, headers) = connected(process, path).await;
    let headers = Arc::new(headers);
    for _ in 0..20 {
        send(&http, &url, &headers).await;
    }
    let (began, cpu) = (Instant::now(), cpu_seconds(process.child.id()));
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
        per_core: records / (cpu_seconds(process.child.id()) - cpu).max(0.01),
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

async fn post(http: &reqwest::Client, url: &str, headers: &[(&'static str, String)], body: String) {
    let mut request = http.post(url).header("content-type", "application/json").body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.expect("an answer");
    assert!(response.status().is_success(), "{}", response.status());
    response.bytes().await.expect("the whole answer");
}

async fn sign_in(http: &reqwest::Client, base: &str) -> Vec<(&'static str, String)> {
    let body = json!({ "username": "admin", "password": PASSWORD });
    let response = http.post(format!("{base}/api/v1/sign-in")).json(&body).send().await.expect("an answer");
    let cookie =
        response.headers()["set-cookie"].to_str().expect("text").split(';').next().unwrap_or_default();
    let cookie = cookie.to_owned();
    let page = http.get(format!("{base}/login")).send().await.expect("a page").text().await.expect("text");
    let token = page.split_once("name=\"log-token\" content=\"").expect("a page token").1;
    let token = token.split('"').next().unwrap_or_default().to_owned();
    vec![("cookie", cookie), ("sec-fetch-site", "same-origin".to_owned()), ("x-log-token", token)]
}

/// User and system time of a process, from the kernel's table in hundredths of a second.
fn cpu_seconds(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
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
    let app = axum::Router::new().route("/", axum::routing::post(insert)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    eprintln!("ready on http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("a server");
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
