//! SIGKILL while alerts are heard, kept and sent: none is lost, none counts what happened twice, and a message that may have
//! come before says so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::durability::Process;
use crate::support::receivers::{Came, Receiver};
use crate::support::{batch, now_ms};

fn kills() -> usize {
    if std::env::var_os("DELTASCOPE_FULL").is_some() { 60 } else { 8 }
}

fn a_panel_fails() -> Value {
    let message = "Panel Legs stopped.".to_owned();
    batch(&uuid::Uuid::now_v7().to_string(), now_ms(), &[(17, "ui.error_boundary", message)])
}

/// The alert about panels, as soon as it stands for so many of them.
async fn alert_of(process: &Process, cookie: &str, count: usize) -> Value {
    let look = async {
        loop {
            let alerts = process.get(cookie, "/api/v1/alerts").await;
            let firing = alerts["firing"].as_array().cloned().unwrap_or_default();
            let alert = firing.into_iter().find(|alert| alert["rule"] == "error_boundary");
            if let Some(alert) = alert.filter(|alert| alert["count"].as_u64() >= Some(count as u64)) {
                return alert;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(30), look).await;
    match found {
        Ok(alert) => alert,
        Err(_) => panic!("{count} are not heard: {:#}", process.get(cookie, "/api/v1/alerts").await),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_is_killed_every_failed_panel_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(dir.path());
    let cookie = process.sign_in().await;
    let (mut acknowledged, mut id) = (0, Value::Null);
    for kill in 0..kills() {
        let token = process.page_token().await;
        // The alerts wait a little for company: kills fall before, into and after what they do with it.
        for _ in 0..=kill % 3 {
            assert!(process.try_send(&cookie, &token, &a_panel_fails()).await.is_some());
            acknowledged += 1;
        }
        if kill % 2 == 1 {
            alert_of(&process, &cookie, acknowledged).await;
        }
        drop(process);
        process = Process::start(dir.path());
        let alert = alert_of(&process, &cookie, acknowledged).await;
        assert_eq!(alert["count"], json!(acknowledged), "after kill {kill}");
        assert!(id.is_null() || id == alert["id"], "it is one alert: {id} {alert}");
        id = alert["id"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_whose_server_is_killed_at_once_is_an_alert() {
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(dir.path());
    let cookie = process.sign_in().await;
    let status = process.post_keyed(&cookie, "/api/v1/panic", &json!({})).await;
    assert_eq!(status, 202);
    drop(process);
    let process = Process::start(dir.path());
    let look = async {
        loop {
            let alerts = process.get(&cookie, "/api/v1/alerts").await;
            let of_panic = |alert: &&Value| alert["rule"] == "panic_started";
            let firing: Vec<Value> =
                alerts["firing"].as_array().unwrap().iter().filter(of_panic).cloned().collect();
            if !firing.is_empty() {
                return firing;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let firing = tokio::time::timeout(std::time::Duration::from_secs(30), look).await.expect("it fires");
    assert_eq!(firing.len(), 1, "{firing:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_kill_cut_off_comes_again_under_its_name_and_says_so() {
    // Nobody answers: the message is under way for as long as the process lives.
    let mut silent = Receiver::silent().await;
    let url = format!("http://{}/", silent.address);
    let settings = [
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", url.as_str()),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", "a secret"),
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start_with(dir.path(), &settings);
    let (cookie, token) = (process.sign_in().await, process.page_token().await);
    assert!(process.try_send(&cookie, &token, &a_panel_fails()).await.is_some());
    let mut came: Vec<Came> = vec![silent.next().await];
    for _ in 0..3 {
        drop(process);
        process = Process::start_with(dir.path(), &settings);
        came.push(silent.next().await);
    }
    let mut told: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for message in &came {
        let repeated = message.json()["repeated"].as_bool().expect("it says whether it is one");
        told.entry(message.header("x-deltascope-delivery").to_owned()).or_default().push(repeated);
    }
    assert_eq!(told.into_values().collect::<Vec<_>>(), [[false, true, true, true]], "one message");
}
