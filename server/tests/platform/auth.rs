//! Signing in: cookie, one-time link, throttle, sessions over a restart, audit records.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Console, PASSWORD, cookie_of, header};

#[tokio::test]
async fn a_session_begins_with_a_safe_cookie_and_ends_with_sign_out() {
    let mut console = Console::start(&[]).await;
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::UNAUTHORIZED);
    let response = console.sign_in(PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = header(&response, "set-cookie");
    for part in ["__Host-session=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(console.json("/api/v1/me").await["username"], "admin");
    let response = console.post("/api/v1/sign-out", &json!({})).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::UNAUTHORIZED, "the cookie is void");
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let console = console.restart().await;
    assert_eq!(console.json("/api/v1/me").await["username"], "admin");
}

#[tokio::test]
async fn the_one_time_link_sets_the_first_password_once() {
    let mut console = Console::start_bare(&[]).await;
    let link = console.running.sign_in_link.clone().expect("a link as long as nobody has a password");
    let (base, token) = link.split_once("?token=").unwrap();
    assert_eq!(base, console.url("/login"));
    let set = |password: &str| json!({ "token": token, "password": password });
    let refused = console.post("/api/v1/set-password-by-link", &set("short")).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.json::<Value>().await.unwrap()["error"]["fields"]["password"].is_string());
    let response = console.post("/api/v1/set-password-by-link", &set("long enough")).await;
    assert_eq!(response.status(), StatusCode::OK);
    console.cookie = cookie_of(&response);
    assert_eq!(console.json("/api/v1/me").await["username"], "admin");
    let again = console.post("/api/v1/set-password-by-link", &set("another one")).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "a link works once");
    assert_eq!(console.sign_in("long enough").await.status(), StatusCode::OK);
    let (_, records) = console.stop().await;
    assert!(records.iter().all(|record| !record.to_string().contains(token)), "the link is never a record");
}

#[tokio::test]
async fn every_start_without_a_password_prints_a_new_link() {
    let console = Console::start_bare(&[]).await;
    let first = console.running.sign_in_link.clone().unwrap();
    let console = console.restart().await;
    assert_ne!(console.running.sign_in_link.clone().unwrap(), first);
}

#[tokio::test]
async fn ten_failures_a_minute_then_not_even_the_right_password() {
    let mut console = Console::start(&[]).await;
    for _ in 0..10 {
        assert_eq!(console.sign_in("wrong").await.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = console.sign_in(PASSWORD).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = header(&refused, "retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait));
    let (_, records) = console.stop().await;
    let count = |name: &str| records.iter().filter(|r| r["event"] == name && r["source"] == "audit").count();
    assert_eq!((count("auth.sign_in_failed"), count("auth.sign_in_throttled")), (10, 1));
    assert!(records.iter().all(|r| !r.to_string().contains(PASSWORD)), "passwords are never told");
}

#[tokio::test]
async fn sign_ins_are_audit_records_under_the_id_of_their_request() {
    let mut console = Console::start(&[]).await;
    let response = console
        .request(Method::POST, "/api/v1/sign-in")
        .header("x-correlation-id", "my-sign-in-0001")
        .json(&json!({ "username": "admin", "password": PASSWORD }))
        .send()
        .await
        .unwrap();
    console.cookie = cookie_of(&response);
    console.settled().await;
    let trace = console.json("/api/v1/traces/my-sign-in-0001").await;
    let events: Vec<&str> =
        trace["records"].as_array().unwrap().iter().filter_map(|r| r["event"].as_str()).collect();
    assert_eq!(events, ["auth.signed_in", "http.request"]);
}

#[tokio::test]
async fn a_request_does_not_wait_until_it_can_be_noted_that_its_session_was_seen() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let accounts = console.running.app.accounts.clone();
    let db = accounts.db().unwrap();
    let seen = async || {
        let mut connection = db.read().await.unwrap();
        sqlx::query_scalar::<_, i64>("SELECT seen_us FROM web_sessions")
            .fetch_one(&mut *connection)
            .await
            .unwrap()
    };
    let long_ago = server::clock::now().0 - 3_600_000_000;
    let mut writing = db.write().await.unwrap();
    writing
        .execute("test", sqlx::query("UPDATE web_sessions SET seen_us = $1").bind(long_ago))
        .await
        .unwrap();
    writing.commit().await.unwrap();
    // Somebody else writes for as long as the request takes.
    let writing = db.write().await.unwrap();
    assert_eq!(console.json("/api/v1/me").await["username"], "admin");
    writing.commit().await.unwrap();
    let noted = async {
        while seen().await == long_ago {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), noted).await.expect("it is noted in its turn");
}

/// Behind a proxy of the same machine everybody was 127.0.0.1, and ten wrong passwords locked out the owner.
#[tokio::test]
async fn behind_a_trusted_proxy_everybody_has_an_address_of_his_own() {
    let console = Console::start(&[("DELTASCOPE__HTTP__TRUSTED_PROXIES", "127.0.0.1")]).await;
    let sign_in = async |from: &str, password: &str| {
        let body = json!({ "username": "admin", "password": password });
        let request =
            console.request(Method::POST, "/api/v1/sign-in").header("x-forwarded-for", from).json(&body);
        request.send().await.unwrap().status()
    };
    for _ in 0..10 {
        assert_eq!(sign_in("203.0.113.9", "wrong").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(sign_in("203.0.113.9", PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(sign_in("198.51.100.7", PASSWORD).await, StatusCode::OK, "others are not shut out");
    assert_eq!(
        sign_in("198.51.100.7, 203.0.113.9", PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS,
        "nor is he let in"
    );
    let metrics = console.request(Method::GET, "/metrics").header("x-forwarded-for", "198.51.100.7");
    assert_eq!(metrics.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

/// Without a list nobody's header is believed: else whoever invents addresses may try as often as he likes. And what
/// loopback may see is not for everybody who comes through a proxy.
#[tokio::test]
async fn without_trusted_proxies_a_header_opens_nothing() {
    let console = Console::start(&[]).await;
    for n in 0..10 {
        let body = json!({ "username": "admin", "password": "wrong" });
        let request = console.request(Method::POST, "/api/v1/sign-in").json(&body);
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.unwrap();
    }
    let mut console = console;
    assert_eq!(console.sign_in(PASSWORD).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(console.get("/metrics").await.status(), StatusCode::OK);
    let through = console.request(Method::GET, "/metrics").header("x-forwarded-for", "198.51.100.7");
    assert_eq!(through.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}
