//! Alerts end to end: from a cause over a rule to a receiver, what people do about them, and that all of it survives a
//! restart.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::health::Health;
use sha2::Sha256;

use crate::support::receivers::{MailServer, Receiver, Tls};
use crate::support::{Console, PASSWORD, batch, now_ms};

const SECRET: &str = "canary-webhook-secret";

async fn signed_in(settings: &[(&str, &str)]) -> Console {
    let mut console = Console::start(settings).await;
    console.sign_in(PASSWORD).await;
    console
}

/// A page tells that one of its panels has failed.
async fn fail_a_panel(console: &Console) {
    let token = console.page_token().await;
    let bid = uuid::Uuid::now_v7().to_string();
    let body = batch(&bid, now_ms(), &[(17, "ui.error_boundary", "Panel Legs stopped.".to_owned())]);
    for _ in 0..2 {
        let response = console
            .request(Method::POST, "/api/logs")
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("x-log-token", &token)
            .header("x-sent-at", now_ms().to_string())
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
    }
}

async fn keyed(console: &Console, path: &str, key: &str, body: &Value) -> (StatusCode, Value) {
    let request = console.request(Method::POST, path).header("idempotency-key", key).json(body);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

/// Asks until it is so: alerts are judged beside the requests that cause them.
async fn until(console: &Console, reached: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..2_000 {
        let alerts = console.json("/api/v1/alerts").await;
        if reached(&alerts) {
            return alerts;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("not reached: {}", console.json("/api/v1/alerts").await);
}

fn firing(alerts: &Value) -> &Vec<Value> {
    alerts["firing"].as_array().expect("a list")
}

#[tokio::test]
async fn a_broken_panel_reaches_a_signed_webhook_and_is_acknowledged_once_and_for_all() {
    let mut receiver = Receiver::start(&[(502, "bad gateway")], "taken").await;
    let url = format!("http://{}/hook/canary-path", receiver.address);
    let console = signed_in(&[
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", &url),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", SECRET),
        ("LOG_LEVEL", "fatal"),
    ])
    .await;
    fail_a_panel(&console).await;
    let (first, second) = (receiver.next().await, receiver.next().await);
    assert_eq!(first.header("x-deltascope-delivery"), second.header("x-deltascope-delivery"), "tried again");
    let told = second.json();
    assert_eq!((&told["kind"], &told["alert"]["rule"]), (&json!("fired"), &json!("error_boundary")));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{}.{}", second.header("x-deltascope-timestamp"), second.body).as_bytes());
    let expected = format!("v1={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(second.header("x-deltascope-signature"), expected);

    let alerts =
        until(&console, |alerts| firing(alerts)[0]["receipts"]["webhook"]["delivered"] == true).await;
    let alert = &firing(&alerts)[0];
    assert_eq!(
        (&alert["count"], &alerts["unread"]),
        (&json!(1), &json!(1)),
        "a repeat of a batch is no news"
    );
    assert_eq!(alert["receipts"]["webhook"]["attempts"], 2);
    let id = alert["id"].as_str().unwrap();
    let path = format!("/api/v1/alerts/{id}/acknowledge");
    assert_eq!(console.post(&path, &json!({})).await.status(), StatusCode::BAD_REQUEST, "without a key");
    let (status, answer) = keyed(&console, &path, "k-1", &json!({})).await;
    assert_eq!((status, &answer["id"]), (StatusCode::ACCEPTED, &json!(id)));
    assert_eq!(keyed(&console, &path, "k-1", &json!({})).await, (status, answer.clone()), "the same answer");
    let other = keyed(&console, "/api/v1/alerts/price_gap/acknowledge", "k-1", &json!({})).await;
    assert_eq!(other.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        keyed(&console, "/api/v1/alerts/none/acknowledge", "k-2", &json!({})).await.0,
        StatusCode::NOT_FOUND
    );

    let console = console.restart().await;
    let alerts = until(&console, |alerts| !firing(alerts).is_empty()).await;
    let alert = &firing(&alerts)[0];
    assert_eq!((&alert["id"], &alert["state"]), (&json!(id), &json!("acknowledged")));
    assert_eq!(alert["acknowledged"]["by"], "admin");
    assert_eq!(keyed(&console, &path, "k-1", &json!({})).await, (status, answer), "over a restart too");
    assert_eq!(receiver.waiting(), 0, "nothing is sent twice");
    let (_, records) = console.stop().await;
    assert!(records.iter().all(|record| !record.to_string().contains("canary")), "{records:?}");
}

#[tokio::test]
async fn what_is_told_of_alerts_is_a_record_with_its_source() {
    let console = signed_in(&[]).await;
    fail_a_panel(&console).await;
    let alerts = until(&console, |alerts| !firing(alerts).is_empty()).await;
    let id = firing(&alerts)[0]["id"].as_str().unwrap().to_owned();
    let until_then = telemetry::Micros(server::clock::now().0 + 600_000_000).to_rfc3339();
    let silence = json!({ "until": until_then, "reason": "a known fault" });
    let (status, _) = keyed(&console, &format!("/api/v1/alerts/{id}/silence"), "s-1", &silence).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let too_long = json!({ "until": "2099-01-01T00:00:00Z", "reason": "for ever" });
    let (status, answer) = keyed(&console, "/api/v1/alerts/panic_started/silence", "s-2", &too_long).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("SILENCE_TOO_LONG"))
    );
    let (status, _) = keyed(&console, &format!("/api/v1/alerts/{id}/acknowledge"), "s-3", &json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (status, answer) = keyed(&console, "/api/v1/alerts/test", "s-4", &json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("NO_CHANNEL")));
    let rules = console.json("/api/v1/alerts/rules").await;
    let rules = rules["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 13);
    let boundary = rules.iter().find(|rule| rule["rule"] == "error_boundary").unwrap();
    assert_eq!((&boundary["firing"], boundary["seen_at"].is_string()), (&json!(1), true));
    let (_, records) = console.stop().await;
    for (event, source) in
        [("alert.fired", "backend"), ("alert.silenced", "audit"), ("alert.acknowledged", "audit")]
    {
        let told: Vec<_> = records.iter().filter(|record| record["event"] == event).collect();
        assert_eq!((told.len(), &told[0]["source"]), (1, &json!(source)), "{event}: {told:?}");
    }
}

#[tokio::test]
async fn a_panic_fires_below_the_level_of_the_log_and_ends_with_its_latch() {
    let mut receiver = Receiver::start(&[], "taken").await;
    let url = format!("http://{}/", receiver.address);
    let console = signed_in(&[
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", &url),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", SECRET),
        ("LOG_LEVEL", "fatal"),
    ])
    .await;
    console.ready().await;
    let (status, _) = keyed(&console, "/api/v1/panic", "p-1", &json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let told = receiver.next().await.json();
    assert_eq!(
        (&told["alert"]["rule"], &told["alert"]["severity"]),
        (&json!("panic_started"), &json!("critical"))
    );
    let alerts = console.json("/api/v1/alerts").await;
    let alert = firing(&alerts).iter().find(|alert| alert["rule"] == "panic_started").unwrap();
    let at = |field: &str| telemetry::Micros::parse_rfc3339(alert[field].as_str().unwrap()).unwrap().0;
    assert!(at("fired_at") >= at("last_at"), "{alert}");
    for attempt in 0.. {
        let key = format!("p-2-{attempt}");
        let reason = json!({ "reason": "a test" });
        if keyed(&console, "/api/v1/panic/acknowledge", &key, &reason).await.0 == StatusCode::ACCEPTED {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(receiver.next().await.json()["kind"], "resolved");
    let alerts = until(&console, |alerts| firing(alerts).is_empty()).await;
    assert_eq!(alerts["history"][0]["rule"], "panic_started");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_nothing_is_tried_again() {
    let mut elsewhere = Receiver::start(&[], "taken").await;
    let target = format!("http://{}/elsewhere", elsewhere.address);
    let mut receiver = Receiver::start(&[(307, &target)], "taken").await;
    let url = format!("http://{}/", receiver.address);
    let console = signed_in(&[
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", &url),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", SECRET),
    ])
    .await;
    let (status, _) = keyed(&console, "/api/v1/alerts/test", "t-1", &json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(receiver.next().await.json()["kind"], "test");
    let has_failed =
        |alerts: &Value| alerts["deliveries"][0]["receipt"]["delivered"] == false && alerts["waiting"] == 0;
    let alerts = until(&console, has_failed).await;
    let words = alerts["deliveries"][0]["receipt"]["words"].as_str().unwrap();
    assert!(words.contains("307") && words.contains("not followed"), "{words}");
    assert_eq!(elsewhere.waiting(), 0);
}

#[tokio::test]
async fn telegram_gets_its_call_and_the_token_is_told_to_nobody_else() {
    let refused = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1 bot123:canary-token"}"#;
    let mut receiver =
        Receiver::start(&[(429, refused)], r#"{"ok":true,"result":{"message_id":4412}}"#).await;
    let url = format!("http://{}", receiver.address);
    let console = signed_in(&[
        ("DELTASCOPE__NOTIFY__TELEGRAM_URL", &url),
        ("TELEGRAM_BOT_TOKEN", "123:canary-token"),
        ("DELTASCOPE__NOTIFY__TELEGRAM_CHAT_ID", "-1001"),
    ])
    .await;
    fail_a_panel(&console).await;
    let (_, again) = (receiver.next().await, receiver.next().await);
    assert_eq!(again.uri, "/bot123:canary-token/sendMessage");
    let message = again.json();
    assert_eq!(message["chat_id"], "-1001");
    let text = message["text"].as_str().unwrap();
    assert!(text.contains("Error boundary triggers") && text.contains("/alerts"), "{text}");
    let taken = |alerts: &Value| alerts["deliveries"][0]["receipt"]["delivered"] == true;
    let alerts = until(&console, taken).await;
    assert_eq!(alerts["deliveries"][0]["receipt"]["words"], "message 4412");
    assert!(!alerts.to_string().contains("canary"), "{alerts}");
    let data = console.data_dir().join("data");
    let (_, records) = console.stop().await;
    assert!(records.iter().any(|record| record["event"] == "alert.notification_failed"));
    assert!(records.iter().all(|record| !record.to_string().contains("canary")));
    drop(data);
}

async fn mailed(tls: Tls, scheme: &str) -> (MailServer, Console) {
    let server = MailServer::start(tls).await;
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &server.ca).unwrap();
    let url = format!("{scheme}://ada%40example.org:canary-smtp@{}?tls=required", server.address);
    let console = signed_in(&[
        ("DELTASCOPE__NOTIFY__SMTP_URL", &url),
        ("DELTASCOPE__NOTIFY__MAIL_TO", "desk@example.org, night@example.org"),
        ("DELTASCOPE__NOTIFY__CA_FILE", ca.to_str().unwrap()),
    ])
    .await;
    let (status, answer) = keyed(&console, "/api/v1/alerts/test", "m-1", &json!({ "channel": "mail" })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    (server, console)
}

#[tokio::test]
async fn mail_goes_by_starttls_and_by_tls_with_the_password_behind_it() {
    for (tls, scheme) in [(Tls::Start, "smtp"), (Tls::First, "smtps")] {
        let (mut server, console) = mailed(tls, scheme).await;
        let mail = server.next().await;
        assert!(mail.encrypted, "{mail:?}");
        assert_eq!(mail.login.as_deref(), Some("ada@example.org:canary-smtp"));
        assert!(mail.from.contains("ada@example.org") && mail.to.len() == 2, "{mail:?}");
        assert!(
            mail.data.contains("Subject: [TEST]") && mail.data.contains("Message-ID: <a"),
            "{}",
            mail.data
        );
        let taken = |alerts: &Value| alerts["deliveries"][0]["receipt"]["delivered"] == true;
        let alerts = until(&console, taken).await;
        let words = alerts["deliveries"][0]["receipt"]["words"].as_str().unwrap();
        assert!(words.contains("4JTq2K"), "the receipt: {words}");
        let (_, records) = console.stop().await;
        assert!(records.iter().all(|record| !record.to_string().contains("canary")));
    }
}

#[tokio::test]
async fn a_mail_server_without_tls_gets_neither_password_nor_message() {
    let (mut server, console) = mailed(Tls::None, "smtp").await;
    let tried = |alerts: &Value| alerts["deliveries"][0]["receipt"]["delivered"] == false;
    let alerts = until(&console, tried).await;
    eprintln!("{}", alerts["deliveries"][0]["receipt"]["words"]);
    console.stop().await;
    let nothing = tokio::time::timeout(std::time::Duration::ZERO, server.next());
    assert!(nothing.await.is_err());
}

#[tokio::test]
async fn the_plain_form_acknowledges_from_its_own_page_only() {
    let console = signed_in(&[]).await;
    fail_a_panel(&console).await;
    let alerts = until(&console, |alerts| !firing(alerts).is_empty()).await;
    let id = firing(&alerts)[0]["id"].as_str().unwrap();
    let form = format!("do=acknowledge&id={id}&key=f-1");
    let send = |origin: String| {
        console
            .request(Method::POST, "/alerts/act")
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.clone())
            .send()
    };
    let stranger = send("http://example.org".to_owned()).await.unwrap();
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
    let own = send(console.url("")).await.unwrap();
    assert_eq!(own.status(), StatusCode::SEE_OTHER);
    assert_eq!(own.headers()["location"], "/alerts?said=acknowledged");
    until(&console, |alerts| alerts["unread"] == 0).await;
    let page = console.get("/alerts").await.text().await.unwrap();
    assert!(page.contains("Error boundary triggers") && page.contains("Acknowledged"), "{page}");
}

#[tokio::test]
async fn without_its_file_alerts_fire_all_the_same() {
    let console = signed_in(&[]).await;
    let console = console
        .restart_after(async |data| {
            let _ = std::fs::remove_file(data.join("watch.db-wal"));
            std::fs::write(data.join("watch.db"), b"no database").unwrap();
        })
        .await;
    console.running.app.health.until(Health::ready).await;
    fail_a_panel(&console).await;
    let alerts = until(&console, |alerts| !firing(alerts).is_empty()).await;
    assert_eq!(firing(&alerts)[0]["rule"], "error_boundary");
}

#[tokio::test]
async fn calls_to_the_venue_are_looked_at_whatever_the_level_of_the_log() {
    let console = signed_in(&[("LOG_LEVEL", "fatal")]).await;
    console.ready().await;
    for _ in 0..2_000 {
        let rules = console.json("/api/v1/alerts/rules").await;
        let venue = rules["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "venue_failures");
        if venue.unwrap()["seen_at"].is_string() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no call was looked at");
}
