//! Readiness tells the truth: what trading needs decides it, everything else is only told.

use reqwest::StatusCode;
use serde_json::Value;
use server::health::{Condition, Health};
use server::tasks::Restart;
use telemetry::Context;

use crate::support::{Console, PASSWORD};
use crate::trading::server_support;
use crate::trading::venue::Venue;

/// Only a failure waits so long.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

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

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_is_silent_is_told_and_the_console_stays_ready() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let state = |health: &Health| health.parts().get("venue").map(|part| part.condition.clone());
    let up = running.app.health.until(|health| health.ready() && state(health) == Some(Condition::Up));
    tokio::time::timeout(PATIENCE, up).await.expect("the venue answers");
    venue.running.shutdown().await;
    let told = running.app.health.until(|health| matches!(state(health), Some(Condition::Degraded { .. })));
    tokio::time::timeout(PATIENCE, told).await.expect("its silence is told");
    let health = console.get("/health").await.body;
    assert_eq!(
        (&health["status"], &health["ready"]),
        (&Value::from("degraded"), &Value::from(true)),
        "{health}"
    );
    let reason = health["reason"].as_str().unwrap();
    assert!(reason.contains("venue: silent") && reason.contains("the last answer came at 20"), "{health}");
    assert_eq!(console.get("/health/ready").await.status, 200);
    running.stop().await;
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
