//! Readiness tells the truth: what trading needs decides it, everything else is only told.

use reqwest::StatusCode;
use serde_json::Value;
use server::tasks::Restart;
use telemetry::Context;

use crate::support::{Console, PASSWORD};

async fn ready(console: &Console) -> (StatusCode, Value) {
    let response = console.get("/health/ready").await;
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn not_ready_while_a_part_that_trading_needs_is_down() {
    let mut console = Console::start(&[]).await;
    console.ready().await;
    console.running.app.health.down("journal", "no space left");
    let (status, body) = ready(&console).await;
    assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::from("down")), "{body}");
    let health = console.json("/health").await;
    assert_eq!(health["status"], "down");
    assert!(!health.to_string().contains("no space left"), "reasons are for who is signed in: {health}");
    console.sign_in(PASSWORD).await;
    let health = console.json("/health").await;
    assert!(health["reason"].as_str().unwrap().contains("journal: no space left"), "{health}");
    console.running.app.health.up("journal");
    console.running.app.health.down("forwarder", "refused");
    let (status, body) = ready(&console).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &Value::from("ready")), "{body}");
    assert_eq!(console.json("/health").await["status"], "degraded");
}

#[tokio::test]
async fn not_ready_while_a_part_is_restarted_again_and_again() {
    let console = Console::start(&[]).await;
    console.ready().await;
    let soon = Restart::Backoff {
        first: std::time::Duration::from_millis(1),
        most: std::time::Duration::from_millis(1),
    };
    let (runs, mut ran) = tokio::sync::watch::channel(0_u32);
    // Up for most of the time: it fails only some while after each start.
    console.running.app.tasks.supervise("trading", Context::default(), soon, move || {
        runs.send_modify(|count| *count += 1);
        let run = *runs.borrow();
        async move {
            match run {
                0..=6 => Err("the same input again"),
                _ => std::future::pending().await,
            }
        }
    });
    ran.wait_for(|count| *count >= 7).await.unwrap();
    let (status, body) = ready(&console).await;
    assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::from("down")), "{body}");
}

#[tokio::test]
async fn a_task_that_ends_without_being_asked_is_down() {
    let console = Console::start(&[]).await;
    console.ready().await;
    console
        .running
        .app
        .tasks
        .supervise("executor", Context::default(), Restart::SOON, || async { Ok::<(), String>(()) })
        .await
        .unwrap();
    let (status, body) = ready(&console).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert_eq!(body["parts"]["executor"]["state"], "down");
}
