//! What must not be lost: acknowledged batches over a kill -9, and records told while the store refuses them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::support::{Console, PASSWORD, batch, cookie_of, now_ms};

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

    async fn send(&self, cookie: &str, body: &Value) -> Value {
        let page = self.http.get(format!("{}/login", self.base)).send().await.unwrap().text().await.unwrap();
        let token =
            page.split_once("name=\"log-token\" content=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let request = self
            .http
            .post(format!("{}/api/logs", self.base))
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("x-log-token", token)
            .json(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        response.json().await.unwrap()
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
