//! What people are answered while nothing can be written: what is carried out is called that, and what is not is refused.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use server::health::{Condition, Health};

use crate::support::small_disk::SmallDisk;
use crate::trading::server_support;
use crate::trading::venue::Venue;

fn is_down(health: &Health) -> bool {
    matches!(health.parts()["journal"].condition, Condition::Down { .. })
}

async fn until(health: &Health, reached: impl Fn(&Health) -> bool) {
    tokio::time::timeout(Duration::from_secs(60), health.until(reached)).await.expect("it comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_on_a_full_disk_is_accepted_carried_out_and_not_called_written() {
    let Some(disk) = SmallDisk::mount(24 * 1_024) else { return };
    let venue = Venue::start("").await;
    let (running, console) = server_support::start(disk.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    disk.fill();
    let health = running.app.health.clone();
    until(&health, is_down).await;

    let refused = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle-eth" })).await;
    assert_eq!(refused.status, 503, "nothing opens: {refused:?}");
    let path = format!("/api/v1/sessions/{id}/stop");
    let stop = async || console.call(Method::POST, &path, Some("stop-on-a-full-disk"), None).await;
    let answer = stop().await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.body["durable"], false, "{answer:?}");
    let message = answer.body["message"].as_str().unwrap();
    assert!(message.contains("carried out") && message.contains("journal"), "{message}");
    feed.lifecycle("STOPPED").await;
    assert_eq!(venue.position().await, 0, "and it is carried out");
    assert!(is_down(&health), "the disk is full all the time");

    disk.free();
    until(&health, |health| !is_down(health)).await;
    let again = stop().await;
    assert_eq!(
        (again.status, &again.body["durable"]),
        (202, &json!(null)),
        "the same press is known by now: {again:?}"
    );
    running.stop().await;
}
