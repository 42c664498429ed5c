//! What must not be lost: acknowledged batches over a kill -9, and records told while the store refuses them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::support::small_disk::{self, SmallDisk};
use crate::support::{Console, PASSWORD, batch, cookie_of, header, now_ms};

/// The binary on a data directory, signed in to over HTTP.
pub struct Process {
    child: Child,
    base: String,
    http: reqwest::Client,
}

impl Process {
    pub fn start(dir: &std::path::Path) -> Self {
        Self::start_with(dir, &[])
    }

    pub fn start_with(dir: &std::path::Path, settings: &[(&str, &str)]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .env_clear()
            .current_dir(dir)
            .env("DELTASCOPE__DATA__DIR", dir.join("data"))
            .env("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0")
            .env("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", PASSWORD)
            .env("LOG_LEVEL", "trace")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        server::tls::install();
        // Whole before it is asked anything: a failing test leaves nothing running.
        let mut process = Self { child, base: String::new(), http: reqwest::Client::new() };
        let mut words = BufReader::new(process.child.stderr.take().unwrap());
        // What a kill has cut off in the middle is told before.
        let mut said = String::new();
        while !said.contains("ready on ") {
            assert!(words.read_line(&mut said).unwrap() > 0, "it is not ready: {said}");
        }
        said.split_once("ready on ").unwrap().1.trim().clone_into(&mut process.base);
        process
    }

    pub async fn sign_in(&self) -> String {
        let body = json!({ "username": "admin", "password": PASSWORD });
        let response =
            self.http.post(format!("{}/api/v1/sign-in", self.base)).json(&body).send().await.unwrap();
        format!("__Host-session={}", cookie_of(&response).expect("signed in"))
    }

    pub async fn page_token(&self) -> String {
        let page = self.http.get(format!("{}/login", self.base)).send().await.unwrap().text().await.unwrap();
        page.split_once("name=\"log-token\" content=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    pub async fn send(&self, cookie: &str, body: &Value) -> Value {
        let token = self.page_token().await;
        self.try_send(cookie, &token, body).await.expect("an answer")
    }

    /// `None`: no answer came.
    pub async fn try_send(&self, cookie: &str, token: &str, body: &Value) -> Option<Value> {
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

    /// A POST under a fresh key; gives its status.
    pub async fn post_keyed(&self, cookie: &str, path: &str, body: &Value) -> u16 {
        let key = uuid::Uuid::new_v4().to_string();
        let request = self.http.post(format!("{}{path}", self.base)).header("cookie", cookie);
        let request = request.header("idempotency-key", key).header("origin", &self.base).json(body);
        request.send().await.unwrap().status().as_u16()
    }

    pub async fn get(&self, cookie: &str, path: &str) -> Value {
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
    /// In good order: everything that was told is stored.
    pub fn end(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        self.child.wait().unwrap();
    }

    /// The next one, once this is gone: a process that is only being killed may still hold the directory.
    pub fn again(self, dir: &std::path::Path) -> Self {
        drop(self);
        Self::start(dir)
    }

    /// Kills it while others still hold on to it.
    pub fn kill(&self) {
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
            process = process.again(dir.path());
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
pub fn numbered<const RECORDS: usize>(number: usize) -> Value {
    let records: Vec<(u64, &str, String)> =
        (0..RECORDS).map(|n| (9, "ui.log", format!("record {number}/{n}"))).collect();
    let mut body = batch(&uuid::Uuid::now_v7().to_string(), now_ms(), &records);
    for n in 0..RECORDS {
        body["recs"][n]["n"] = json!(number * RECORDS + n + 1);
    }
    body
}

/// A server whose data directory lies on a disk that is full.
async fn on_a_full_disk() -> Option<(Console, SmallDisk)> {
    let (disk, console) = small_disk::console(&[]).await?;
    disk.fill();
    Some((console, disk))
}

#[tokio::test]
async fn a_store_that_takes_nothing_asks_browsers_to_come_back() {
    let Some((console, disk)) = on_a_full_disk().await else { return };
    let token = console.page_token().await;
    // A file may have room in its last block: batches are taken as long as it has.
    let (mut number, refused) = (0, Duration::from_secs(60));
    let (body, response) = tokio::time::timeout(refused, async {
        loop {
            let body = numbered::<3>(number);
            number += 1;
            let sent =
                crate::browser_log::send(&console, &token, now_ms()).body(body.to_string()).send().await;
            let response = sent.unwrap();
            if response.status() != StatusCode::ACCEPTED {
                return (body, response);
            }
        }
    })
    .await
    .expect("the disk is full");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let again_s: u64 = header(&response, "retry-after").parse().unwrap();
    assert!((5..=30).contains(&again_s));
    disk.free();
    console.settled().await;
    let send = || crate::browser_log::send(&console, &token, now_ms()).body(body.to_string()).send();
    let receipt: Value = send().await.unwrap().json().await.unwrap();
    assert_eq!(receipt["dup"], json!(true), "it was kept and stored meanwhile");
    let page = console.json("/api/v1/logs?source=frontend&limit=1000").await;
    assert_eq!(page["records"].as_array().unwrap().len(), number * 3);
    // The outage lasted longer than a browser waits: nothing was printed twice, and every number is told or declared.
    let (_, records) = console.stop().await;
    let ids: std::collections::BTreeSet<&str> =
        records.iter().filter_map(|record| record["event_id"].as_str()).collect();
    assert_eq!(ids.len(), records.len(), "printed once");
    let seqs: Vec<u64> = records.iter().filter_map(|record| record["seq"].as_u64()).collect();
    let declared = records
        .iter()
        .filter(|record| record["event"] == "telemetry.dropped" || record["event"] == "telemetry.suppressed");
    let declared: u64 = declared.filter_map(|record| record["payload"]["count"].as_u64()).sum();
    assert_eq!(seqs.len() as u64 + declared, *seqs.iter().max().unwrap());
}

#[tokio::test]
async fn records_told_while_the_store_refuses_are_kept_and_the_outage_is_told() {
    let Some((console, disk)) = on_a_full_disk().await else { return };
    let down = async {
        let mut number = 0;
        loop {
            let told = console
                .request(Method::GET, "/health")
                .header("x-correlation-id", format!("outage-{number:03}"));
            let response = told.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "nothing waits for the store");
            let health: Value = response.json().await.unwrap();
            number += 1;
            if health["parts"]["telemetry_store"]["state"] == "down" {
                return number;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(90), down).await.expect("health says so");
    disk.free();
    console.settled().await;
    for number in 0..told {
        let trace = console.json(&format!("/api/v1/traces/outage-{number:03}")).await;
        assert_eq!(trace["records"].as_array().unwrap().len(), 1, "kept");
    }
    let (_, records) = console.stop().await;
    let has = |name: &str| records.iter().any(|record| record["event"] == name);
    assert!(has("telemetry.store_failed") && has("telemetry.store_recovered"));
    // What is urgent was written before its turn.
    let mut seqs: Vec<u64> = records.iter().filter_map(|record| record["seq"].as_u64()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "nothing was lost");
}

/// Another program holds the books: records and batches are taken all the same, and the books follow.
#[tokio::test]
async fn books_that_are_locked_hold_up_no_record() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    console.settled().await;
    let path = console.data_dir().join("data/telemetry.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let body = numbered::<3>(0);
    let send = || crate::browser_log::send(&console, &token, now_ms()).body(body.to_string()).send();
    for dup in [false, true] {
        let response = send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.json::<Value>().await.unwrap()["dup"], json!(dup));
    }
    let page = console.json("/api/v1/logs?source=frontend").await;
    assert_eq!(page["records"].as_array().unwrap().len(), 3);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let followed = async {
        while console.json("/api/v1/pipeline").await["clients"]["delivered"] != json!(3) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), followed).await.expect("the books follow");
    let console = console.restart().await;
    let books = console.json("/api/v1/pipeline").await["clients"].clone();
    assert_eq!((&books["delivered"], &books["unexplained_loss"]), (&json!(3), &json!(0)));
}

/// A batch of which nothing is kept counts once all the same: it stands in the log.
#[tokio::test]
async fn a_batch_of_drops_alone_is_remembered_over_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(dir.path());
    let cookie = process.sign_in().await;
    let mut body = numbered::<1>(0);
    body["recs"] = json!([]);
    body["drops"] = json!([{ "l": 9, "why": "rate", "c": 7, "f": 0, "t": 0 }]);
    let first = process.send(&cookie, &body).await;
    assert_eq!(first["dup"], json!(false), "{first}");
    drop(process);
    // Its books are gone, the log is there.
    for file in ["telemetry.db", "telemetry.db-wal", "telemetry.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join("data").join(file));
    }
    let process = Process::start(dir.path());
    assert_eq!(process.send(&cookie, &body).await["dup"], json!(true));
    let books = process.get(&cookie, "/api/v1/pipeline").await["clients"].clone();
    assert_eq!(books["drops"]["rate"], json!(7), "{books}");
}
