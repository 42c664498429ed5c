//! What every answer keeps: Host, cross-site and security headers, correlation ids, the shape of errors.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Console, PASSWORD, header};

#[tokio::test]
async fn only_loopback_and_the_public_host_are_served() {
    let console = Console::start(&[("DELTASCOPE__HTTP__PUBLIC_URL", "https://console.example")]).await;
    for (host, expected) in [
        ("localhost:3000", StatusCode::OK),
        ("console.example", StatusCode::OK),
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1.evil.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let response = console.request(Method::GET, "/health").header("host", host).send().await.unwrap();
        assert_eq!(response.status(), expected, "{host}");
    }
}

#[tokio::test]
async fn cross_site_requests_change_nothing() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let own = console.url("");
    for (name, value, expected) in [
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("origin", own.as_str(), StatusCode::NO_CONTENT),
    ] {
        let request = console.request(Method::POST, "/api/v1/sign-out").header(name, value);
        assert_eq!(request.send().await.unwrap().status(), expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn the_nonce_of_the_policy_is_the_nonce_of_the_page_and_never_the_same() {
    let console = Console::start(&[]).await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let response = console.get("/login").await;
        let policy = header(&response, "content-security-policy");
        let nonce =
            policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!("nonce=\"{nonce}\"")));
        assert_eq!(
            page.matches("<script").count(),
            page.matches(&format!("<script nonce=\"{nonce}\"")).count()
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

/// Catches: half a kilobyte of policy on every script and sheet of a first load.
#[tokio::test]
async fn what_is_no_page_has_the_policy_of_nothing() {
    let console = Console::start(&[]).await;
    for path in ["/health", "/api/v1/me"] {
        let policy = header(&console.get(path).await, "content-security-policy");
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{path}");
    }
}

#[tokio::test]
async fn pages_lead_to_sign_in_until_somebody_is() {
    let mut console = Console::start(&[]).await;
    for (path, next) in [
        ("/", "/login"),
        ("/telemetry?level=warn", "/login?next=%2Ftelemetry%3Flevel%3Dwarn"),
        ("/trace/abcdef012345", "/login?next=%2Ftrace%2Fabcdef012345"),
    ] {
        let response = console.get(path).await;
        assert_eq!(
            (response.status(), header(&response, "location").as_str()),
            (StatusCode::SEE_OTHER, next)
        );
    }
    console.sign_in(PASSWORD).await;
    for (path, expected) in [("/", 200), ("/telemetry?level=warn", 200), ("/nowhere", 404)] {
        let response = console.get(path).await;
        assert_eq!(response.status(), expected, "{path}");
        assert!(header(&response, "content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn errors_have_one_shape_and_the_id_that_was_sent() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing", 404),
        (Method::DELETE, "/api/v1/logs", 405),
        (Method::GET, "/api/v1/logs?limit=1001", 400),
        (Method::GET, "/api/v1/logs?level=loud", 400),
        (Method::GET, "/api/v1/logs?cursor=nowhere", 400),
        (Method::GET, "/api/v1/traces/short", 400),
        (Method::POST, "/api/v1/sign-in", 400),
    ] {
        let request =
            console.request(method, path).header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        let response = request.header("content-type", "application/json").body("{").send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(header(&response, "x-correlation-id"), trace, "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["correlation_id"], json!(trace), "{path}");
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn metrics_are_open_on_loopback_and_readiness_is_told() {
    let console = Console::start(&[]).await;
    let text = console.get("/metrics").await.text().await.unwrap();
    assert!(text.contains("deltascope_telemetry_committed_total"), "{text}");
    let health = console.json("/health").await;
    assert_eq!((health["status"].as_str(), health["version"].as_str()), (Some("ok"), Some("0.1.0")));
}

#[tokio::test]
async fn documents_and_answers_travel_compressed_to_who_can_read_that() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    for path in ["/", "/login", "/api/v1/presets"] {
        let plain = console.request(Method::GET, path).header("accept-encoding", "identity").send();
        let plain = plain.await.unwrap();
        assert!(!plain.headers().contains_key("content-encoding"), "{path}");
        let plain = plain.bytes().await.unwrap().len();
        // Gzip is undone by this client before anybody can look at it.
        let response = console.request(Method::GET, path).header("accept-encoding", "gzip, br").send();
        let response = response.await.unwrap();
        assert_eq!(header(&response, "content-encoding"), "br", "{path}");
        assert!(header(&response, "vary").contains("accept-encoding"), "{path}");
        let travelled = response.bytes().await.unwrap().len();
        assert!(travelled * 2 < plain, "{path}: {travelled} of {plain} bytes");
    }
}

#[tokio::test]
async fn the_policy_names_the_public_address_where_a_proxy_tells_another_one() {
    let console = Console::start(&[("DELTASCOPE__HTTP__PUBLIC_URL", "https://console.example.org")]).await;
    let policy = header(&console.get("/login").await, "content-security-policy");
    let connect = policy.split("connect-src").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    assert!(connect.contains("wss://console.example.org"), "{connect}");
    assert!(!connect.contains("ws://console.example.org"), "{connect}");
    assert!(connect.contains("ws://127.0.0.1"), "{connect}");
}
