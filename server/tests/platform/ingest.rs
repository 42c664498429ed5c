//! `POST /api/logs` end to end: who may send, what is taken, and that nothing is stored twice.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{Console, PASSWORD, batch, header, now_ms};

/// A batch id as browsers make them: it carries the time at which the batch was sealed.
fn fresh_bid() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn send(console: &Console, token: &str) -> RequestBuilder {
    console
        .request(Method::POST, "/api/logs")
        .header("content-type", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("x-log-token", token)
        .header("x-sent-at", now_ms().to_string())
}

fn one(bid: &str) -> Value {
    batch(bid, now_ms(), &[(9, "ui.opened", "Control opened".to_owned())])
}

async fn signed_in() -> (Console, String) {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    (console, token)
}

async fn stored(console: &Console) -> Vec<Value> {
    let page = console.json("/api/v1/logs?source=frontend&limit=1000").await;
    page["records"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_batch_is_stored_before_it_is_acknowledged_and_a_repeat_is_none() {
    let (console, token) = signed_in().await;
    let bid = fresh_bid();
    let response = send(&console, &token).body(one(&bid).to_string()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let receipt: Value = response.json().await.unwrap();
    assert_eq!((&receipt["ok"], &receipt["dup"]), (&json!(1), &json!(false)));
    let records = stored(&console).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["event_id"], json!(format!("{bid}-0")));
    assert_eq!((&records[0]["user_id"], &records[0]["session_bound"]), (&json!("admin"), &json!(true)));
    assert_eq!(records[0]["provenance"], "client-untrusted");
    let console = console.restart().await;
    for body in [one(&bid).to_string(), batch(&bid, now_ms(), &[]).to_string(), "{\"v\":9}".to_owned()] {
        let request = send(&console, &token).header("idempotency-key", &bid).body(body);
        let receipt: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(receipt["dup"], json!(true), "{receipt}");
    }
    assert_eq!(stored(&console).await.len(), 1, "over a restart too");
}

#[tokio::test]
async fn repeats_at_the_same_time_are_stored_once() {
    let (console, token) = signed_in().await;
    let body = one(&fresh_bid()).to_string();
    let sent = (0..8).map(|_| send(&console, &token).body(body.clone()).send());
    let mut fresh = 0;
    for response in futures_util::future::join_all(sent).await {
        let receipt: Value = response.unwrap().json().await.unwrap();
        fresh += usize::from(receipt["dup"] == json!(false));
    }
    assert_eq!((fresh, stored(&console).await.len()), (1, 1));
}

#[tokio::test]
async fn strangers_are_refused_before_the_body_is_read() {
    let (console, token) = signed_in().await;
    let other = Console::start(&[]).await.page_token().await;
    let own = console.url("");
    let base = || console.request(Method::POST, "/api/logs").header("content-type", "application/json");
    let table: Vec<(&str, RequestBuilder, u16)> = vec![
        ("another site", base().header("sec-fetch-site", "cross-site").header("x-log-token", &token), 403),
        (
            "foreign origin",
            base().header("origin", "https://evil.example").header("x-log-token", &token),
            403,
        ),
        ("no origin at all", base().header("x-log-token", &token), 403),
        ("own origin", base().header("origin", &own).header("x-log-token", &token), 202),
        ("no token", base().header("sec-fetch-site", "same-origin"), 401),
        ("a token of another server", send(&console, &other), 401),
        ("a forged token", send(&console, &token.replace("1.", "2.")), 401),
        ("plain text", send(&console, &token).header("content-type", "text/plain"), 415),
        ("brotli", send(&console, &token).header("content-encoding", "br"), 415),
    ];
    for (what, request, expected) in table {
        let request = request.body(one(&fresh_bid()).to_string()).build().unwrap();
        // reqwest appends headers: the last content type is the one that counts here.
        let mut request = request;
        if let Some(last) = request.headers().get_all("content-type").iter().next_back().cloned() {
            request.headers_mut().insert("content-type", last);
        }
        let response = console.http.execute(request).await.unwrap();
        assert_eq!(response.status(), expected, "{what}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_encoded_and_decoded() {
    let (console, token) = signed_in().await;
    let gzip = |bytes: &[u8]| {
        send(&console, &token).header("content-encoding", "gzip").body(telemetry::deflate(bytes))
    };
    let fits = gzip(one(&fresh_bid()).to_string().as_bytes()).send().await.unwrap();
    assert_eq!(fits.status(), StatusCode::ACCEPTED);
    let bomb = gzip(&vec![b' '; 64 << 20]).send().await.unwrap();
    assert_eq!(bomb.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let long = send(&console, &token).body(vec![b' '; 200 * 1024]).send().await.unwrap();
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let cut = send(&console, &token).header("content-encoding", "gzip").body("no gzip").send().await.unwrap();
    assert_eq!(cut.status(), StatusCode::BAD_REQUEST);
    for (body, expected) in [("[]", 400), ("{\"v\":2}", 422), ("{\"v\":1,\"bid\":\"x\"}", 422)] {
        assert_eq!(send(&console, &token).body(body).send().await.unwrap().status(), expected, "{body}");
    }
}

#[tokio::test]
async fn without_a_session_only_warnings_are_taken_and_nobody_is_named() {
    let mut console = Console::start(&[]).await;
    let token = console.page_token().await;
    let records = [(9, "ui.opened", "info".to_owned()), (17, "ui.error_boundary", "failed".to_owned())];
    let response = send(&console, &token)
        .body(batch(&fresh_bid(), now_ms(), &records).to_string())
        .send()
        .await
        .unwrap();
    let receipt: Value = response.json().await.unwrap();
    assert_eq!((&receipt["ok"], &receipt["rej"][0]["code"]), (&json!(1), &json!("tier")));
    console.sign_in(PASSWORD).await;
    let records = stored(&console).await;
    assert_eq!((records.len(), records[0].get("user_id")), (1, None));
}

#[tokio::test]
async fn budgets_are_in_records_and_say_when_to_come_back() {
    let small =
        [("DELTASCOPE__INGEST__RECORDS_BURST", "5"), ("DELTASCOPE__INGEST__RECORDS_PER_MINUTE", "60")];
    let mut console = Console::start(&small).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    let records: Vec<(u64, &str, String)> = (0..20).map(|n| (9, "ui.log", format!("record {n}"))).collect();
    let first = send(&console, &token)
        .body(batch(&fresh_bid(), now_ms(), &records).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(first.status(), StatusCode::ACCEPTED, "a batch may take the balance below zero once");
    let second = send(&console, &token).body(one(&fresh_bid()).to_string()).send().await.unwrap();
    assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(header(&second, "retry-after").parse::<u64>().is_ok_and(|s| (10..=20).contains(&s)));
    // A page that is loaded anew has limits of its own that begin anew; the budget is the login's, not the page's.
    let token = console.page_token().await;
    let reloaded = send(&console, &token).body(one(&fresh_bid()).to_string()).send().await.unwrap();
    assert_eq!(reloaded.status(), StatusCode::TOO_MANY_REQUESTS);
}
