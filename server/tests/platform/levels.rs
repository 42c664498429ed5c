//! Log levels at run time: who sets one, what it tells and leaves out, that it outlives a restart and goes back by the clock.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use telemetry::Micros;

use crate::support::{Console, PASSWORD};

async fn signed_in(settings: &[(&str, &str)]) -> Console {
    let mut console = Console::start(settings).await;
    console.sign_in(PASSWORD).await;
    console
}

fn within(seconds: i64) -> String {
    Micros(server::clock::now().0 + seconds * 1_000_000).to_rfc3339()
}

async fn put(console: &Console, key: &str, body: &Value) -> (StatusCode, Value) {
    let request =
        console.request(Method::PUT, "/api/v1/log-levels").header("idempotency-key", key).json(body);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

fn of<'a>(records: &'a [Value], event: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["event"] == event).collect()
}

#[tokio::test]
async fn a_family_is_told_in_less_detail_for_a_while_and_audit_as_before() {
    let console = signed_in(&[]).await;
    let body =
        json!({ "target": "http", "level": "error", "expires_at": within(600), "reason": "too many lines" });
    let (status, answer) = put(&console, "l-1", &body).await;
    assert_eq!((status, &answer["by"]), (StatusCode::OK, &json!("admin")), "{answer}");
    assert_eq!(put(&console, "l-1", &body).await, (status, answer), "the same answer");
    assert_eq!(
        put(&console, "l-1", &json!({ "target": "http", "level": null })).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let quiet =
        json!({ "target": "audit", "level": "fatal", "expires_at": within(600), "reason": "no audit" });
    assert_eq!(put(&console, "l-2", &quiet).await.0, StatusCode::OK);
    console.get("/api/v1/presets").await;

    let console = console.restart().await;
    let levels = console.json("/api/v1/log-levels").await;
    assert_eq!(
        (&levels["default"], &levels["levels"][1]["target"]),
        (&json!("info"), &json!("http")),
        "{levels}"
    );
    console.get("/api/v1/presets").await;
    assert_eq!(put(&console, "l-3", &json!({ "target": "http", "level": null })).await.0, StatusCode::OK);
    console.get("/api/v1/presets").await;
    let (_, records) = console.stop().await;
    let lines = of(&records, "http.request");
    let presets: Vec<_> = lines.iter().filter(|line| line["payload"]["route"] == "/api/v1/presets").collect();
    assert_eq!(presets.len(), 1, "only the last, after the level was taken back: {presets:?}");
    let reverted = of(&records, "telemetry.level_reverted");
    assert_eq!(
        (reverted.len(), &reverted[0]["source"]),
        (1, &json!("audit")),
        "told although audit is at fatal"
    );
    assert_eq!(reverted[0]["payload"]["user"], "admin");
}

#[tokio::test]
async fn a_level_goes_back_by_the_clock() {
    let console = signed_in(&[("LOG_LEVEL", "warn")]).await;
    let body =
        json!({ "target": "http.request", "level": "info", "expires_at": within(1), "reason": "a look" });
    assert_eq!(put(&console, "l-1", &body).await.0, StatusCode::OK);
    console.get("/api/v1/presets").await;
    loop {
        let levels = console.json("/api/v1/log-levels").await;
        if levels["levels"].as_array().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    console.get("/api/v1/analytics").await;
    let (_, records) = console.stop().await;
    let routes: Vec<_> =
        of(&records, "http.request").iter().map(|line| line["payload"]["route"].clone()).collect();
    assert!(
        routes.contains(&json!("/api/v1/presets")) && !routes.contains(&json!("/api/v1/analytics")),
        "{routes:?}"
    );
}

#[tokio::test]
async fn what_is_no_target_or_lasts_too_long_is_refused() {
    let console = signed_in(&[]).await;
    for (body, code) in [
        (
            json!({ "target": "nothing", "level": "warn", "expires_at": within(60), "reason": "x" }),
            "NO_SUCH_TARGET",
        ),
        (
            json!({ "target": "venue", "level": "debug", "expires_at": within(5 * 3_600), "reason": "x" }),
            "EXPIRY_TOO_LONG",
        ),
        (
            json!({ "target": "venue", "level": "warn", "expires_at": within(-1), "reason": "x" }),
            "EXPIRY_PAST",
        ),
        (json!({ "target": "venue", "level": "warn", "reason": "x" }), "INVALID"),
        (json!({ "target": "venue", "level": "warn", "expires_at": within(60), "reason": " " }), "INVALID"),
        (json!({ "target": "venue", "level": null }), "NOT_SET"),
    ] {
        let (status, answer) = put(&console, &uuid::Uuid::new_v4().to_string(), &body).await;
        assert_eq!(answer["error"]["code"], code, "{status} {answer}");
    }
    let page = console.get("/settings").await.text().await.unwrap();
    assert!(page.contains("Log levels") && page.contains("LOG_LEVEL="), "{page}");
    let runbook = console.get("/runbook").await.text().await.unwrap();
    assert!(runbook.contains("id=\"alert-panic-started\""));
}

/// Secrets of the settings are in nothing that is kept or told.
#[tokio::test]
async fn no_canary_is_in_any_file_or_line() {
    let console = signed_in(&[
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", "http://127.0.0.1:9/canary-hook"),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", "canary-secret"),
        ("TELEGRAM_BOT_TOKEN", "123:canary-token"),
        ("DELTASCOPE__NOTIFY__TELEGRAM_CHAT_ID", "-1"),
        ("DELTASCOPE__NOTIFY__TELEGRAM_URL", "http://127.0.0.1:9"),
        ("DELTASCOPE__NOTIFY__SMTP_URL", "smtp://ada:canary-mail@127.0.0.1:9"),
        ("DELTASCOPE__NOTIFY__MAIL_TO", "desk@example.org"),
        ("ELASTICSEARCH_URL", "http://elastic:canary-elastic@127.0.0.1:9"),
        ("DELTA_API_SECRET", "canary-venue"),
        ("LOG_LEVEL", "trace"),
    ])
    .await;
    console.ready().await;
    let test = console
        .request(Method::POST, "/api/v1/alerts/test")
        .header("idempotency-key", "c-1")
        .json(&json!({}));
    assert_eq!(test.send().await.unwrap().status(), StatusCode::ACCEPTED);
    let request = console.request(Method::GET, "/api/v1/logs?q=x&api_key=canary-query");
    request
        .header("authorization", "Bearer canary-header")
        .header("x-signature", "canary-signature")
        .send()
        .await
        .unwrap();
    loop {
        let alerts = console.json("/api/v1/alerts").await;
        if alerts["deliveries"].as_array().is_some_and(|told| told.len() >= 3) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let settings = console.get("/settings").await.text().await.unwrap();
    assert!(!settings.contains("canary"), "{settings}");
    console.settled().await;
    let mut looked = 0;
    let mut folders = vec![console.data_dir().join("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            looked += 1;
            assert!(!bytes.windows(6).any(|window| window == b"canary"), "{}", path.display());
        }
    }
    assert!(looked > 4, "{looked} files");
    let (words, records) = console.stop().await;
    let told: Vec<_> = records.iter().filter(|record| record.to_string().contains("canary")).collect();
    assert!(told.is_empty() && !words.contains("canary"), "{told:?}");
}
