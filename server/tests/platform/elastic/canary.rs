//! Secrets that are planted wherever one may get in, and searched for wherever something is kept or sent: in none.

use std::path::Path;

use reqwest::Method;
use serde_json::json;

use super::cutting::Cutting;
use super::engines::{all, browser_records, ids_of, tell};
use crate::support::{Console, PASSWORD, batch, now_ms};

/// Written so that no check of this repository takes them for real ones, and no part of one occurs by chance.
const CANARIES: [(&str, &str); 8] = [
    ("ELASTICSEARCH_URL", "CanaryUrlPassword7f3a9c"),
    ("DELTASCOPE__VENUE__API_SECRET", "CanaryVenueSecret7f3a9c"),
    ("DELTASCOPE__HTTP__METRICS_TOKEN", "CanaryMetricsToken7f3a9c"),
    ("header", "CanaryBearer7f3a9c"),
    ("payload", "CanaryPayloadKey7f3a9c"),
    ("browser", "CanaryBrowser7f3a9c"),
    ("password", "CanaryTypedPassword7f3a9c"),
    ("query", "CanaryQueryToken7f3a9c"),
];

fn canary(name: &str) -> &'static str {
    CANARIES.iter().find(|(known, _)| *known == name).map(|(_, canary)| *canary).expect("a canary")
}

/// Plants all of them; gives what was seen on stdout.
async fn plant(console: &mut Console) {
    let wrong = json!({ "username": "admin", "password": canary("password") });
    console.post("/api/v1/sign-in", &wrong).await;
    console.sign_in(PASSWORD).await;
    console
        .request(Method::GET, &format!("/api/v1/logs?api_key={}&token={0}", canary("query")))
        .header("authorization", format!("Bearer {}", canary("header")))
        .header("x-api-key", canary("header"))
        .send()
        .await
        .expect("an answer");
    let words = [
        format!("password={}", canary("browser")),
        format!("Authorization: Bearer {}", canary("browser")),
        format!("https://user:{}@host/path failed", canary("browser")),
        format!("{{\"api_secret\":\"{}\"}}", canary("browser")),
    ];
    let records: Vec<(u64, &str, String)> = words.iter().map(|text| (17, "ui.log", text.clone())).collect();
    let mut batch = batch("0b5a7b52-3a5e-4bb1-9d0c-9a1f0e7c2d11", now_ms(), &records);
    let keys = ["api_key", "secret", "signature", "authorization"];
    for (record, key) in batch["recs"].as_array_mut().expect("records").iter_mut().zip(keys) {
        record["f"] =
            json!({ (key): canary("payload"), "nested": { "list": [{ (key): canary("payload") }] } });
    }
    let sent = console
        .request(Method::POST, "/api/logs")
        .header("x-log-token", console.page_token().await)
        .header("sec-fetch-site", "same-origin")
        .header("origin", console.url(""))
        .header("x-sent-at", now_ms().to_string())
        .json(&batch)
        .send()
        .await
        .expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.status());
    let receipt: serde_json::Value = sent.json().await.expect("JSON");
    assert_eq!(receipt["ok"], 4, "{receipt}");
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
}

fn none_in(place: &str, bytes: &[u8]) {
    for (name, canary) in CANARIES {
        let at = bytes.windows(canary.len()).position(|window| window == canary.as_bytes());
        if let Some(at) = at {
            let around = String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + 60).min(bytes.len())]);
            panic!("the canary of {name} is in {place}: …{around}…");
        }
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn no_canary_is_in_files_on_the_wire_or_in_the_index() {
    for engine in all() {
        let proxy = Cutting::start(&engine.url, Vec::new(), []).await;
        let url = format!("http://elastic:{}@{}", canary("ELASTICSEARCH_URL"), proxy.address);
        let settings = [
            ("DELTASCOPE__VENUE__API_SECRET", canary("DELTASCOPE__VENUE__API_SECRET")),
            ("DELTASCOPE__HTTP__METRICS_TOKEN", canary("DELTASCOPE__HTTP__METRICS_TOKEN")),
        ];
        let mut console = engine.console_by(&url, &settings).await;
        plant(&mut console).await;
        let records = browser_records(20, "canary", |_, _| {});
        tell(&console, &records).await;
        engine.until(&ids_of(&records)).await;
        let shown = console.command(&["config", "show"]).await;
        none_in("config show", shown.as_bytes());
        let answer = console.get("/api/v1/logs?limit=1000").await.text().await.expect("text");
        none_in("the answers of the log", answer.as_bytes());
        engine.refresh().await;
        let body = json!({ "size": 5_000, "query": { "match_all": {} } });
        let found = engine.ask(Method::POST, &format!("/{}/_search", engine.streams()), Some(&body)).await;
        none_in("the index", found.to_string().as_bytes());
        let stdout: Vec<u8> =
            console.lines.records().iter().flat_map(|line| line.to_string().into_bytes()).collect();
        none_in("stdout", &stdout);
        let wire = proxy.wire.lock().unwrap().clone();
        assert!(wire.len() > 10_000, "the wire was listened to");
        none_in("what went to the engine", &wire);
        let mut kept = Vec::new();
        files(console.data_dir(), &mut kept);
        assert!(kept.iter().any(|(path, _)| path.ends_with("telemetry.db")));
        for (path, bytes) in &kept {
            none_in(path, bytes);
        }
        console.stop().await;
        engine.clean().await;
    }
}
