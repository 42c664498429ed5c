//! The server as a process of its own, so that its processor time is its own, and a browser's way into it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

const PASSWORD: &str = "correct horse";

/// A process that serves, and what its requests carry.
pub struct Process {
    pub child: Child,
    pub base: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts it and waits for the line that says where it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a process");
        let mut told = BufReader::new(child.stderr.take().expect("its stderr"));
        let mut line = String::new();
        while !line.contains("ready on ") {
            line.clear();
            assert!(told.read_line(&mut line).expect("text") > 0, "it ended before it was ready");
        }
        // Whoever tells something later must not wait for a reader.
        std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        let base = line.split_once("ready on ").expect("the ready line").1.trim().to_owned();
        Self { child, base, headers: Vec::new() }
    }

    /// The server on `dir/data`, without limits for browsers, and with these settings besides.
    pub fn server(dir: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deltascope"));
        command
            .env_clear()
            .current_dir(dir)
            .env("DELTASCOPE__DATA__DIR", dir.join("data"))
            .env("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0")
            .env("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", PASSWORD)
            .envs(settings.iter().copied());
        let limits =
            ["RECORDS_PER_MINUTE", "RECORDS_BURST", "KIB_PER_MINUTE", "KIB_BURST", "REQUESTS_PER_MINUTE"];
        for name in limits {
            command.env(format!("DELTASCOPE__INGEST__{name}"), "1000000000");
        }
        Self::start(&mut command)
    }

    /// Processor time so far, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.child.id())
    }

    /// How long its threads were ready to run so far and had no processor, in seconds, by the kernel's own count.
    pub fn kept_waiting_seconds(&self) -> f64 {
        let threads =
            std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let waited = threads.filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().nth(1)?.parse::<f64>().ok()
        });
        waited.sum::<f64>() / 1e9
    }
}

/// A client, where it sends to, and what its requests carry.
pub async fn connected(
    process: &Process,
    path: &str,
) -> (reqwest::Client, String, Vec<(&'static str, String)>) {
    let http = reqwest::Client::new();
    let headers = if path.starts_with("/api") { sign_in(&http, &process.base).await } else { Vec::new() };
    let headers = process.headers.iter().cloned().chain(headers).collect();
    (http, format!("{}{path}", process.base), headers)
}

pub async fn post(http: &reqwest::Client, url: &str, headers: &[(&'static str, String)], body: String) {
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
pub fn cpu_seconds(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
