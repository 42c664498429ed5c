//! What must not be lost: acknowledged batches over a kill -9, and records told while the store refuses them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::support::{Console, PASSWORD, batch, cookie_of, header, now_ms};

/// The binary on a data directory, signed in to over HTTP.
struct Process {
    child: Child,
    base: String,
    http: reqwest::Client,
}

impl Process {
    fn start(dir: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .env_clear()
            .current_dir(dir)
            .env("DELTASCOPE__DATA__DIR", dir.join("data"))
            .env("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0")
            .env("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_once("ready on ").expect("the ready line").1.trim().to_owned();
        server::tls::install();
        Self { child, base, http: reqwest::Client::new() }
    }

    async fn sign_in(&self) -> String {
        let body = json!({ "username": "admin", "password": PASSWORD });
        let response =
            self.http.post(format!("{}/api/v1/sign-in", self.base)).json(&body).send().await.unwrap();
        format!("__Host-session={}", cookie_of(&response).expect("signed in"))
    }

    async fn page_token(&self) -> String {
        let page = self.http.get(format!("{}/login", self.base)).send().await.unwrap().text().await.unwrap();
        page.split_once("name=\"log-token\" content=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    async fn send(&self, cookie: &str, body: &Value) -> Value {
        let token = self.page_token().await;
        self.try_send(cookie, &token, body).await.expect("an answer")
    }

    /// `None`: no answer came.
    async fn try_send(&self, cookie: &str, token: &str, body: &Value) -> Option<Value> {
        let request = self
            .http
            .post(format!("{}/api/logs", self.base))
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("x-log-token", token)
            .json(body);
        let response = request.send().await.ok()?;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        response.json().await.ok()
    }

    async fn get(&self, cookie: &str, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.base)).header("cookie", cookie);
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// SIGKILL: nothing is flushed, and a failing test leaves nothing running.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// The same while others still hold on to it.
    fn kill(&self) {
        let killed = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn an_acknowledged_batch_survives_a_kill_and_is_still_known() {
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(dir.path());
    let cookie = process.sign_in().await;
    let bid = uuid::Uuid::now_v7().to_string();
    let records: Vec<(u64, &str, String)> = (0..50).map(|n| (9, "ui.log", format!("record {n}"))).collect();
    let body = batch(&bid, now_ms(), &records);
    assert_eq!(process.send(&cookie, &body).await["dup"], json!(false));
    drop(process);
    let process = Process::start(dir.path());
    assert_eq!(
        process.send(&cookie, &body).await["dup"],
        json!(true),
        "the lock is free, session and batch are known"
    );
    let page = process.get(&cookie, "/api/v1/logs?source=frontend&limit=1000").await;
    assert_eq!(page["records"].as_array().unwrap().len(), 50);
    drop(process);
}

/// Whether the store or only the answer was cut off nobody can know; the same bytes again settle it.
#[tokio::test]
async fn batches_on_their_way_at_a_kill_are_stored_once() {
    const RECORDS: usize = 25;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(dir.path());
    let (cookie, token) = (process.sign_in().await, process.page_token().await);
    let mut open: Vec<Value> = (0..38).map(numbered::<RECORDS>).collect();
    let mut repeats = 0;
    for answers_until_the_kill in [3, 9, 1, usize::MAX] {
        let sent = open
            .iter()
            .map(|body| async { (process.try_send(&cookie, &token, body).await, body["bid"].clone()) });
        let mut answers = futures_util::stream::iter(sent).buffer_unordered(12);
        let mut settled = Vec::new();
        while let Some((answer, bid)) = answers.next().await {
            let Some(answer) = answer else { continue };
            repeats += usize::from(answer["dup"] == json!(true));
            settled.push(bid);
            if settled.len() == answers_until_the_kill {
                process.kill();
            }
        }
        drop(answers);
        open.retain(|body| !settled.contains(&body["bid"]));
        if answers_until_the_kill != usize::MAX {
            process = Process::start(dir.path());
        }
    }
    assert!(open.is_empty(), "all are acknowledged in the end; {repeats} were stored and not acknowledged");
    let page = process.get(&cookie, "/api/v1/logs?source=frontend&limit=1000").await;
    let records = page["records"].as_array().unwrap();
    let ids: std::collections::BTreeSet<&str> =
        records.iter().filter_map(|record| record["event_id"].as_str()).collect();
    assert_eq!((records.len(), ids.len()), (38 * RECORDS, 38 * RECORDS), "none twice, none missing");
    let books = process.get(&cookie, "/api/v1/pipeline").await["clients"].clone();
    assert_eq!((&books["delivered"], &books["unexplained_loss"]), (&json!(38 * RECORDS), &json!(0)));
}

/// A batch of the tab's calls from `number` times its size on.
fn numbered<const RECORDS: usize>(number: usize) -> Value {
    let records: Vec<(u64, &str, String)> =
        (0..RECORDS).map(|n| (9, "ui.log", format!("record {number}/{n}"))).collect();
    let mut body = batch(&uuid::Uuid::now_v7().to_string(), now_ms(), &records);
    for n in 0..RECORDS {
        body["recs"][n]["n"] = json!(number * RECORDS + n + 1);
    }
    body
}

#[tokio::test]
async fn a_store_that_takes_nothing_asks_browsers_to_come_back() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    console.settled().await;
    let path = console.data_dir().join("data/telemetry.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let body = numbered::<3>(0);
    let send = || crate::browser_log::send(&console, &token, now_ms()).body(body.to_string()).send();
    let response = send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let again_s: u64 = header(&response, "retry-after").parse().unwrap();
    assert!((5..=30).contains(&again_s));
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    console.settled().await;
    let receipt: Value = send().await.unwrap().json().await.unwrap();
    assert_eq!(receipt["dup"], json!(true), "it was kept and stored meanwhile");
    let page = console.json("/api/v1/logs?source=frontend").await;
    assert_eq!(page["records"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn records_told_while_the_store_refuses_are_kept_and_the_outage_is_told() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    console.settled().await;
    let path = console.data_dir().join("data/telemetry.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    // Another writer holds the file for longer than our own patience.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let told = console.request(Method::GET, "/health").header("x-correlation-id", "during-outage-1");
    assert_eq!(told.send().await.unwrap().status(), StatusCode::OK, "nothing waits for the store");
    let down = async {
        while console.json("/health").await["parts"]["telemetry_store"]["state"] != "down" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), down).await.expect("health says so");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    console.settled().await;
    let trace = console.json("/api/v1/traces/during-outage-1").await;
    assert_eq!(trace["records"].as_array().unwrap().len(), 1, "kept");
    let (_, records) = console.stop().await;
    let has = |name: &str| records.iter().any(|record| record["event"] == name);
    assert!(has("telemetry.store_failed") && has("telemetry.store_recovered"));
    let seqs: Vec<u64> = records.iter().filter_map(|record| record["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "nothing was lost");
}
