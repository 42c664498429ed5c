//! What becomes of a browser's records: no neighbour is lost, the clock is corrected and followed, everybody's tabs
//! are theirs, and browsers are told what to do.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{Console, PASSWORD, now_ms};

/// A request as a page of ours makes it.
pub fn send(console: &Console, token: &str, sent_ms: i64) -> RequestBuilder {
    console
        .request(Method::POST, "/api/logs")
        .header("content-type", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("x-log-token", token)
        .header("x-sent-at", sent_ms.to_string())
}

pub fn bid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A batch of one warning of that browser session.
fn batch(sid: &str, t0_ms: i64, message: &str) -> String {
    json!({ "v": 1, "bid": bid(), "sid": sid, "tid": "t1", "t0": t0_ms,
            "recs": [{ "d": 0, "n": 1, "l": 13, "ev": "ui.log", "m": message }] })
    .to_string()
}

async fn accepted(request: RequestBuilder, body: impl Into<reqwest::Body>) -> Value {
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    response.json().await.unwrap()
}

async fn signed_in() -> (Console, String) {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    (console, token)
}

async fn stored(console: &Console, message: &str) -> Value {
    let page = console.json("/api/v1/logs?source=frontend&limit=1000").await;
    let records = page["records"].as_array().unwrap();
    records.iter().find(|record| record["message"] == message).cloned().unwrap_or_default()
}

#[tokio::test]
async fn one_bad_value_does_not_lose_its_neighbours() {
    let (console, token) = signed_in().await;
    let body = |name: &str, bad: &[u8]| {
        let head = format!(
            "{{\"v\":1,\"bid\":\"{}\",\"sid\":\"s1\",\"tid\":\"t1\",\"t0\":{},\"recs\":[{{\"d\":0,\"n\":1,\"l\":13,\"ev\":\"ui.log\",\"m\":\"good {name}\"}},",
            bid(),
            now_ms()
        );
        [head.as_bytes(), bad, b"]}"].concat()
    };
    let out_of_range = br#"{"d":0,"n":2,"l":13,"ev":"ui.log","m":"x","f":{"x":1e400}}"#;
    for (name, bad, marked, rejected) in [
        ("range", &out_of_range[..], false, 1),
        ("bytes", b"{\"d\":0,\"n\":2,\"l\":13,\"m\":\"byte \xff end\"}", false, 0),
        ("mark", br#"{"d":0,"n":2,"l":13,"m":"after a mark"}"#, true, 0),
        ("surrogate", br#"{"d":0,"n":2,"l":13,"m":"sur \ud83d end"}"#, false, 0),
    ] {
        let mut bytes = body(name, bad);
        if marked {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        let receipt = accepted(send(&console, &token, now_ms()), bytes).await;
        assert_eq!((&receipt["ok"], &receipt["rej_n"]), (&json!(2 - rejected), &json!(rejected)), "{name}");
        assert_eq!(stored(&console, &format!("good {name}")).await["level"], "warn", "{name}");
    }
    assert_eq!(stored(&console, "byte \u{fffd} end").await["level"], "warn");
    assert_eq!(stored(&console, "sur \u{fffd} end").await["level"], "warn");
}

#[tokio::test]
async fn a_clock_that_was_put_right_is_followed() {
    let (console, token) = signed_in().await;
    for (name, off_ms) in [("fast", 600_000), ("right", 0), ("slow", -600_000), ("right again", 0)] {
        let now = now_ms();
        accepted(send(&console, &token, now + off_ms), batch("s1", now + off_ms, name)).await;
        let record = stored(&console, name).await;
        let at = telemetry::Micros::parse_rfc3339(record["timestamp"].as_str().unwrap()).unwrap();
        assert!((at.as_millis() - now).abs() <= 1_000, "{name}: {record}");
    }
}

#[tokio::test]
async fn what_waited_on_a_disk_teaches_no_clock() {
    let (console, token) = signed_in().await;
    // Sealed and sent under a clock that was put right afterwards.
    let wrong = now_ms() - 600_000;
    let late = send(&console, &token, wrong).header("x-spooled", "1");
    accepted(late, batch("s1", wrong, "waited")).await;
    let unstamped = console
        .request(Method::POST, "/api/logs")
        .header("content-type", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("x-log-token", &token);
    let now = now_ms();
    accepted(unstamped, batch("s1", now, "now")).await;
    let record = stored(&console, "now").await;
    let at = telemetry::Micros::parse_rfc3339(record["timestamp"].as_str().unwrap()).unwrap();
    assert!((at.as_millis() - now).abs() <= 1_000, "{record}");
}

#[tokio::test]
async fn every_tab_of_a_login_is_that_of_its_user() {
    let (console, token) = signed_in().await;
    let anonymous = {
        let page = console.http.get(console.url("/login")).send().await.unwrap().text().await.unwrap();
        page.split_once("name=\"log-token\" content=\"").unwrap().1.split('"').next().unwrap().to_owned()
    };
    let whose = async |console: &Console, token: &str, sid: &str, t0: i64| {
        let message = format!("{sid} {}", bid());
        accepted(send(console, token, now_ms()), batch(sid, t0, &message)).await;
        let record = stored(console, &message).await;
        (record["user_id"].clone(), record["session_bound"].clone())
    };
    let (admin, nobody) = ((json!("admin"), json!(true)), (Value::Null, json!(false)));
    assert_eq!(whose(&console, &token, "A", now_ms()).await, admin);
    assert_eq!(whose(&console, &token, "B", now_ms()).await, admin, "the second tab");
    assert_eq!(whose(&console, &anonymous, "C", now_ms()).await, admin, "the page of the sign-in itself");
    assert_eq!(whose(&console, &token, "old", now_ms() - 60_000).await, nobody, "told before the sign-in");
    assert_eq!(whose(&console, &token, "A", now_ms() - 60_000).await, admin, "known with this login");
    let console = console.restart().await;
    assert_eq!(whose(&console, &token, "B", now_ms() - 60_000).await, admin, "over a restart");
    // Signed out: the same session is nobody's, and one that was nobody's does not become anybody's.
    let mut console = console;
    let cookie = console.cookie.take();
    accepted(send(&console, &token, now_ms()), batch("D", now_ms(), "D signed out")).await;
    console.cookie = cookie;
    assert!(stored(&console, "D signed out").await["user_id"].is_null());
    assert_eq!(whose(&console, &anonymous, "D", now_ms()).await, nobody);
    assert_eq!(whose(&console, &token, "E", now_ms()).await, admin);
}

#[tokio::test]
async fn a_page_of_another_login_binds_nothing() {
    let (mut console, first) = signed_in().await;
    console.sign_in(PASSWORD).await;
    let second = console.page_token().await;
    accepted(send(&console, &first, now_ms()), batch("X", now_ms(), "stale page")).await;
    assert_eq!(stored(&console, "stale page").await["session_bound"], json!(false));
    accepted(send(&console, &second, now_ms()), batch("X", now_ms(), "own page")).await;
    assert_eq!(stored(&console, "own page").await["user_id"], json!("admin"));
}

#[tokio::test]
async fn the_same_error_of_many_browsers_is_one_group() {
    let (console, token) = signed_in().await;
    for (sid, build, number, calls) in [("s1", "b1", 17, 1), ("s2", "b1", 18, 5), ("s2", "b2", 19, 1)] {
        let told = json!({ "d": 0, "n": 1, "l": 17, "ev": "ui.failed", "m": format!("order {number} failed"),
            "rep": { "c": calls, "f": 0, "l": 9 }, "ex": { "kind": "js", "msg": format!("order {number} failed") } });
        let other = json!({ "d": 0, "n": 2, "l": 17, "ev": "ui.failed", "m": "another" });
        let body = json!({ "v": 1, "bid": bid(), "sid": sid, "tid": sid, "t0": now_ms(), "app": { "b": build },
            "recs": [told, other] });
        accepted(send(&console, &token, now_ms()), body.to_string()).await;
    }
    let groups = console.json("/api/v1/logs/errors?source=frontend").await["errors"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 2);
    let group = groups.as_array().unwrap().iter().find(|group| group["message"] != "another").unwrap();
    assert_eq!((&group["count"], &group["sessions"]), (&json!(7), &json!(2)));
    assert_eq!(group["builds"], json!(["b1", "b2"]));
    assert!(group["first"].as_str() < group["last"].as_str());
    assert_eq!(group["fingerprint"].as_str().map(str::len), Some(16));
}

#[tokio::test]
async fn browsers_are_told_what_to_do_and_to_stop() {
    let (console, token) = signed_in().await;
    let told = async |sid: &str| accepted(send(&console, &token, now_ms()), batch(sid, now_ms(), "x")).await;
    let cfg = told("s1").await["cfg"].clone();
    assert_eq!(
        (&cfg["level"], &cfg["sr_info"], &cfg["flush_ms"]),
        (&json!("info"), &json!(1.0), &json!(5_000))
    );
    assert_eq!((&cfg["max_batch"], cfg["etag"].as_str().map(str::len)), (&json!(2_000), Some(16)));
    let change = async |body: Value| console.post("/api/v1/logs/browsers", &body).await;
    assert_eq!(change(json!({ "minutes": 5, "level": "warn", "info_percent": 25 })).await.status(), 200);
    let cfg = told("s1").await["cfg"].clone();
    assert_eq!((&cfg["level"], &cfg["sr_info"]), (&json!("warn"), &json!(0.25)));
    assert_eq!(change(json!({ "minutes": 60, "debug_session": "s1" })).await.status(), 200);
    let until = told("s1").await["cfg"]["debug_until"].as_i64().unwrap() - now_ms();
    assert!((500_000..=600_000).contains(&until), "ten minutes at most: {until}");
    assert!(told("s2").await["cfg"]["debug_until"].is_null());
    assert_eq!(change(json!({ "minutes": -1 })).await.status(), 400);
    assert_eq!(change(json!({ "minutes": 1, "debug_session": "\u{1b}[2J" })).await.status(), 400);
    assert_eq!(change(json!({ "minutes": 5, "stopped": true })).await.status(), 200);
    let stopped = send(&console, &token, now_ms()).body(batch("s1", now_ms(), "x")).send().await.unwrap();
    assert_eq!(stopped.status(), StatusCode::GONE);
    assert_eq!(change(json!({ "minutes": 0 })).await.status(), 200);
    assert_eq!(told("s1").await["cfg"]["sr_info"], json!(1.0));
    let audit = console.json("/api/v1/logs?event=telemetry.browser_settings_changed").await;
    assert_eq!(audit["records"].as_array().unwrap().len(), 4);
    assert!(audit["records"].as_array().unwrap().iter().all(|record| record["source"] == "audit"));
    let whose = |record: &Value| record["payload"]["client_session_id"] == json!("s1");
    assert_eq!(audit["records"].as_array().unwrap().iter().filter(|record| whose(record)).count(), 1);
}
