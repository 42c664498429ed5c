//! Alerts and log levels: a panic that fires, is told by a webhook that refuses at first, is acknowledged and ends; a rule
//! that is silenced, a channel that cannot be used, a test, and a level for a while.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use telemetry::Micros;

use crate::console::receivers::Receiver;
use crate::console::{Console, PASSWORD};

async fn act(console: &Console, method: Method, path: &str, body: Value) -> StatusCode {
    let key = uuid::Uuid::new_v4().to_string();
    let request = console.request(method, path).header("idempotency-key", key).json(&body);
    request.send().await.expect("an answer").status()
}

async fn until(console: &Console, name: &str) {
    while !console.lines.records().iter().any(|record| record["event"] == name) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn soon() -> String {
    Micros(server::clock::now().0 + 600_000_000).to_rfc3339()
}

pub async fn alerts() -> Vec<Value> {
    let mut receiver = Receiver::start(&[(502, "bad gateway")], "taken").await;
    let url = format!("http://{}/", receiver.address);
    let mut console = Console::start(&[
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", &url),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", "a secret"),
        ("DELTASCOPE__NOTIFY__MAIL_TO", "desk@example.org"),
    ])
    .await;
    console.sign_in(PASSWORD).await;
    console.ready().await;
    let silence = json!({ "until": soon(), "reason": "it is restarted" });
    for (path, body) in
        [("forwarder/silence", silence), ("forwarder/end-silence", json!({})), ("test", json!({}))]
    {
        let path = format!("/api/v1/alerts/{path}");
        assert_eq!(act(&console, Method::POST, &path, body).await, StatusCode::ACCEPTED, "{path}");
    }
    let level =
        json!({ "target": "http", "level": "warn", "expires_at": soon(), "reason": "too many lines" });
    for body in [level, json!({ "target": "http", "level": null })] {
        assert_eq!(act(&console, Method::PUT, "/api/v1/log-levels", body).await, StatusCode::OK);
    }
    assert_eq!(act(&console, Method::POST, "/api/v1/panic", json!({})).await, StatusCode::ACCEPTED);
    while receiver.next().await.json()["kind"] != "fired" {}
    let alerts = console.json("/api/v1/alerts").await;
    let id = alerts["firing"][0]["id"].as_str().expect("an alert").to_owned();
    let path = format!("/api/v1/alerts/{id}/acknowledge");
    assert_eq!(act(&console, Method::POST, &path, json!({})).await, StatusCode::ACCEPTED);
    until(&console, "panic.verified_flat").await;
    let reason = json!({ "reason": "looked at it" });
    while act(&console, Method::POST, "/api/v1/panic/acknowledge", reason.clone()).await
        != StatusCode::ACCEPTED
    {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    until(&console, "alert.resolved").await;
    console.stop().await.1
}
