//! The same to real engines, as far as they are there: how fast they take it is theirs, what it costs to send it is ours.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::Process;
use crate::records;
use crate::rsyslog::{self, Rsyslog};
use crate::{Run, stub::now_us};

/// Addresses with a comma between them, from `cargo xtask bench`.
const ENGINES: &str = "DELTASCOPE_BENCH_ENGINES";
const RECORDS: usize = 100_000;
/// Beyond that a shipper has lost some.
const PATIENCE: Duration = Duration::from_secs(300);

pub async fn run() {
    let urls = std::env::var(ENGINES).unwrap_or_default();
    let urls: Vec<&str> = urls.split(',').filter(|url| !url.is_empty()).collect();
    if urls.is_empty() {
        println!("forwarder: no real engine, which `cargo xtask bench` starts where it can");
        return;
    }
    for url in urls {
        let engine: Value = get(&format!("{url}/")).await;
        let version = &engine["version"];
        let name = version["distribution"].as_str().unwrap_or("elasticsearch");
        println!("forwarder: {RECORDS} records to {name} {}", version["number"].as_str().unwrap_or_default());
        let dir = tempfile::tempdir().expect("a folder");
        records::prepare(dir.path(), RECORDS).await;
        let theirs = shipped(url, dir.path()).await;
        let ours = forwarded(url, dir.path()).await;
        ours.print("the server, all of it", "");
        match theirs {
            Some(theirs) => {
                theirs.print("baseline: rsyslog", "");
                ours.beside(&theirs);
            }
            None => println!("  rsyslog with its output for Elasticsearch is not installed: no baseline"),
        }
    }
}

async fn get(url: &str) -> Value {
    let answer = reqwest::get(url).await.expect("an answer").text().await.expect("text");
    serde_json::from_str(&answer).unwrap_or_default()
}

fn namespace() -> String {
    format!("bench{}", now_us())
}

async fn forwarded(url: &str, dir: &Path) -> Run {
    let namespace = namespace();
    let settings = [("ELASTICSEARCH_URL", url), ("DELTASCOPE__ELASTICSEARCH__NAMESPACE", namespace.as_str())];
    let server = Process::server(dir, &settings);
    let began = (Instant::now(), server.cpu_seconds());
    let took = indexed(url, &namespace, began.0).await;
    Run {
        per_second: RECORDS as f64 / took.as_secs_f64(),
        cpu_us: (server.cpu_seconds() - began.1) * 1e6 / RECORDS as f64,
    }
}

/// The templates stand in the engine first: the server's own set-up puts them.
async fn shipped(url: &str, dir: &Path) -> Option<Run> {
    let program = rsyslog::program()?;
    let set_up = std::process::Command::new(env!("CARGO_BIN_EXE_deltascope"))
        .args(["elastic", "setup"])
        .env("ELASTICSEARCH_URL", url)
        .current_dir(dir)
        .output()
        .expect("the program");
    assert!(set_up.status.success(), "{}", String::from_utf8_lossy(&set_up.stderr));
    let namespace = namespace();
    let shipper = Rsyslog::start(&program, dir, url, &namespace);
    let took = indexed(url, &namespace, Instant::now()).await;
    let records = RECORDS as f64;
    Some(Run { per_second: records / took.as_secs_f64(), cpu_us: shipper.cpu_seconds() * 1e6 / records })
}

/// Waits until the streams of a namespace have all of the records.
async fn indexed(url: &str, namespace: &str, began: Instant) -> Duration {
    let count = format!(
        "{url}/logs-deltascope.*-{namespace}/_stats/indexing?filter_path=_all.primaries.indexing.index_total"
    );
    loop {
        let answer = get(&count).await;
        let there = answer["_all"]["primaries"]["indexing"]["index_total"].as_u64().unwrap_or_default();
        if there >= RECORDS as u64 {
            return began.elapsed();
        }
        assert!(began.elapsed() < PATIENCE, "{there} of {RECORDS} after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
