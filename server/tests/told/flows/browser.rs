//! A browser that tells everything that one can tell, in batches as it sends them.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use telemetry::Level;

use crate::console::{Console, PASSWORD, now_ms};

/// Numbers of OpenTelemetry, as they stand on the wire.
fn severity(level: Level) -> u8 {
    match level {
        Level::Trace => 1,
        Level::Debug => 5,
        Level::Info => 9,
        Level::Warn => 13,
        Level::Error => 17,
        Level::Fatal => 21,
    }
}

/// One record of each name, with its fields.
fn records() -> Vec<Value> {
    let mut names = BTreeMap::new();
    for entry in app::ui_catalogue() {
        names.entry(entry.name).or_insert(entry);
    }
    names
        .into_values()
        .enumerate()
        .map(|(n, entry)| {
            let fields: serde_json::Map<String, Value> =
                entry.payload_keys.iter().map(|key| (key.clone(), field(key))).collect();
            json!({ "d": n, "n": n + 1, "l": severity(entry.levels[0]), "ev": entry.name, "m": entry.message,
                "f": fields, "tr": "4bf92f3577b34da6a3ce929d0e0e4736" })
        })
        .collect()
}

/// A value of the kind that the key says.
fn field(key: &str) -> Value {
    if key.ends_with("_ms") || key.ends_with("_us") || ["attempt", "status_code"].contains(&key) {
        json!(7)
    } else {
        json!("a value")
    }
}

pub async fn batches() -> Vec<Value> {
    let mut console = Console::start(&[("LOG_LEVEL", "debug")]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    let send = |body: String| {
        console
            .request(Method::POST, "/api/logs")
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("x-log-token", &token)
            .header("x-sent-at", now_ms().to_string())
            .body(body)
            .send()
    };
    let batch = |recs: Vec<Value>, more: Value| {
        let mut body = json!({ "v": 1, "bid": uuid::Uuid::new_v4().to_string(), "bseq": 1,
            "sid": "0af7651916cd43dd8448eb211c80319c", "tid": "tab-1", "t0": now_ms(), "n0": 1, "recs": recs, "ctx": { "route": "/" } });
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        body.to_string()
    };
    let answer =
        send(batch(records(), json!({ "drops": [{ "l": 9, "why": "rate", "c": 3, "f": 0, "t": 5 }] }))).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::ACCEPTED);
    let refused = json!({ "d": 0, "n": 99, "l": 77, "ev": "ui.log", "m": "of no level" });
    let answer = send(batch(vec![refused], json!({}))).await;
    assert!(answer.expect("an answer").status().is_success());
    let change = console.post("/api/v1/logs/browsers", &json!({ "minutes": 30 })).await;
    assert!(change.status().is_success());
    console.stop().await.1
}
