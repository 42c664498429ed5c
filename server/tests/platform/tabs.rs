//! The books of tabs: delivered, merged, declared, refused; the rest of a tab's numbers is an unexplained loss,
//! whatever the order of its batches, over repeats and restarts.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser_log::{bid, send};
use crate::support::{Console, PASSWORD, now_ms};

async fn deliver(console: &Console, token: &str, body: &Value) {
    let response = send(console, token, now_ms()).body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
}

/// A batch of records with these numbers and counts of calls.
fn batch(sid: &str, numbers: &[(u64, u64)], drops: Value) -> Value {
    let recs: Vec<Value> = numbers
        .iter()
        .map(|(n, c)| json!({ "d": 0, "n": n, "l": 13, "m": "x", "rep": { "c": c, "f": 0, "l": 1 } }))
        .collect();
    json!({ "v": 1, "bid": bid(), "sid": sid, "tid": "tab-7", "t0": now_ms(), "drops": drops, "recs": recs })
}

async fn tab(console: &Console, sid: &str) -> Value {
    let books = console.json("/api/v1/pipeline").await;
    let tabs = books["clients"]["tabs"].as_array().unwrap().clone();
    tabs.into_iter().find(|tab| tab["client_session_id"] == sid).unwrap_or_default()
}

#[tokio::test]
async fn numbers_that_nothing_accounts_for_are_lost() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    let none = json!([]);
    let late = batch("s1", &[(1, 1), (2, 1), (3, 1)], none.clone());
    let rate = json!([{ "l": 9, "why": "rate", "c": 2, "f": 0, "t": 0 }]);
    let middle = batch("s1", &[(6, 1), (7, 3)], rate);
    let last = batch("s1", &[(12, 1)], none.clone());
    for body in [&last, &middle, &middle] {
        deliver(&console, &token, body).await;
    }
    let before = tab(&console, "s1").await;
    assert_eq!((&before["delivered"], &before["merged"]), (&json!(5), &json!(2)), "a repeat counts once");
    assert_eq!(before["unexplained_loss"], json!(12 - 5 - 2), "1 to 3 are on their way, 10 and 11 are lost");
    let console = console.restart().await;
    deliver(&console, &token, &late).await;
    let after = tab(&console, "s1").await;
    assert_eq!((&after["unexplained_loss"], &after["drops"]), (&json!(2), &json!({ "rate": 2 })));
    assert_eq!((&after["user_id"], &after["tab_id"]), (&json!("admin"), &json!("tab-7")));
    assert!(after["first_seen"].as_str() <= after["last_seen"].as_str());
    // After a sign-in the same tab goes on counting under another browser session.
    deliver(&console, &token, &batch("s2", &[(13, 1), (15, 1)], none.clone())).await;
    let other = tab(&console, "s2").await;
    assert_eq!((&other["delivered"], &other["unexplained_loss"]), (&json!(2), &json!(1)));
    let books = console.json("/api/v1/pipeline").await;
    let sums = &books["clients"];
    assert_eq!(
        (&sums["count"], &sums["delivered"], &sums["unexplained_loss"]),
        (&json!(2), &json!(10), &json!(3))
    );
}

#[tokio::test]
async fn what_was_refused_is_no_unexplained_loss_and_counts_once() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    let mut refused = batch("s1", &[(1, 1), (2, 4), (6, 1)], json!([]));
    refused["recs"][1]["l"] = json!(99);
    deliver(&console, &token, &refused).await;
    let books = tab(&console, "s1").await;
    assert_eq!((&books["drops"], &books["unexplained_loss"]), (&json!({ "rejected": 4 }), &json!(0)));
    // The browser has read the answer and declares them as well.
    let declared = json!([{ "l": 13, "why": "rejected", "c": 4, "f": 0, "t": 0 }]);
    deliver(&console, &token, &batch("s1", &[(7, 1)], declared)).await;
    let books = tab(&console, "s1").await;
    assert_eq!((&books["drops"], &books["unexplained_loss"]), (&json!({ "rejected": 4 }), &json!(0)));
    assert_eq!(console.json("/api/v1/pipeline").await["ingest"]["rejected_by_code"], json!({ "level": 1 }));
}

#[tokio::test]
async fn whoever_counts_to_the_moon_spoils_no_sums() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    deliver(&console, &token, &batch("s1", &[(u64::MAX, u64::MAX)], json!([]))).await;
    assert_eq!(tab(&console, "s1").await["unexplained_loss"], json!(0));
}

/// Every count of ingest, as people and as machines read it.
#[tokio::test]
async fn what_was_taken_refused_and_lost_is_told_by_code_and_reason() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    let drops = json!([{ "l": 9, "why": "rate", "c": 2, "f": 0, "t": 0 }, { "l": 9, "why": "sampled", "c": 5, "f": 0, "t": 0 }]);
    let mut mixed = batch("s1", &[(1, 1), (2, 1), (20, 1)], drops);
    mixed["recs"][1]["l"] = json!(99);
    deliver(&console, &token, &mixed).await;
    deliver(&console, &token, &mixed).await;
    let refused = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    assert_eq!(refused(send(&console, "forged", now_ms()).body("{}")).await, StatusCode::UNAUTHORIZED);
    let long = vec![b' '; 200 * 1_024];
    assert_eq!(refused(send(&console, &token, now_ms()).body(long)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let told = console.json("/api/v1/pipeline").await;
    let ingest = &told["ingest"];
    assert_eq!(
        (&ingest["batches"], &ingest["duplicates"], &ingest["records"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(ingest["rejected_by_code"], json!({ "level": 1 }));
    assert_eq!(ingest["refused_by_code"], json!({ "PAGE_TOKEN": 1, "TOO_LARGE": 1 }));
    assert_eq!(ingest["drops"], json!({ "rate": 2, "sampled": 5 }));
    assert_eq!((&ingest["lag_s"]["count"], &ingest["commit_s"]["count"]), (&json!(1), &json!(1)));
    assert_eq!(ingest["skew_s"]["bounds"][1], json!({ "up_to": 0.5, "count": 1 }));
    assert_eq!(told["clients"]["unexplained_loss"], json!(20 - 2 - 1 - 7));
    let text = console.get("/metrics").await.text().await.unwrap();
    for line in [
        "ingest_batches_total 2",
        "ingest_duplicates_total 1",
        "ingest_records_total 2",
        "ingest_rejected_total{code=\"level\"} 1",
        "ingest_refused_total{code=\"TOO_LARGE\"} 1",
        "ingest_declared_drops_total{reason=\"sampled\"} 5",
        "ingest_unexplained_loss 10",
        "ingest_skew_seconds_bucket{le=\"+Inf\"} 1",
        "ingest_lag_seconds_count 1",
        "ingest_commit_seconds_count 1",
    ] {
        assert!(text.lines().any(|told| told == format!("deltascope_{line}")), "{line} in {text}");
    }
}
