//! A venue that loses replies, refuses, cuts and garbles: the session still ends flat, no order is sent twice, and
//! each fault stands in the log with its context.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;
#[path = "trading_support/venue.rs"]
mod venue;

use std::collections::BTreeMap;

use console::Console;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use venue::Venue;

/// How often each of our order ids was sent.
fn sent(requests: &[Value]) -> BTreeMap<&str, usize> {
    let mut sent = BTreeMap::new();
    let is_order =
        |request: &&Value| request["payload"]["method"] == "POST" && request["client_order_id"].is_string();
    for request in requests.iter().filter(is_order) {
        *sent.entry(request["client_order_id"].as_str().unwrap()).or_default() += 1;
    }
    sent
}

async fn no_order_twice(console: &Console) {
    let requests = console.logs("event=venue.request").await;
    let sent = sent(&requests);
    assert!(!sent.is_empty() && sent.values().all(|times| *times == 1), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_replies_never_send_an_order_twice() {
    let venue = Venue::start(
        "[[rule]]\nfault = \"reply_lost\"\nroute = \"POST /v2/orders\"\ntimes = 2\n\
         [[rule]]\nfault = \"request_lost\"\nroute = \"POST /v2/orders\"\nskip = 3\ntimes = 1\n",
    )
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    assert_eq!(venue.position().await, -400, "each leg was sold once");
    let stopped = console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(stopped.status, 202);
    feed.lifecycle("STOPPED").await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    no_order_twice(&console).await;
    let ambiguous = console.logs_until("event=order.ambiguous", |records| records.len() >= 2).await;
    assert!(ambiguous.iter().all(|record| record["session_id"] == id.as_str()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cuts_garbage_and_refusals_are_survived_and_told() {
    let venue = Venue::start(
        "[[rule]]\nfault = \"socket_cut\"\nafter_s = 1\nevery_s = 2\ntimes = 3\nsocket = \"any\"\n\
         [[rule]]\nfault = \"undecodable_frame\"\nafter_s = 0.5\nevery_s = 0.5\ntimes = 6\nsocket = \"any\"\n\
         [[rule]]\nfault = \"rest_status\"\nstatus = 500\nroute = \"GET /v2/positions\"\ntimes = 4\nskip = 2\n\
         [[rule]]\nfault = \"rest_status\"\nstatus = 429\nreset_ms = 200\nroute = \"GET /v2/orders\"\ntimes = 2\nskip = 2\n\
         [[rule]]\nfault = \"reply_late\"\ndelay_ms = 900\nroute = \"POST /v2/orders\"\nskip = 2\ntimes = 1\n",
    )
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    feed.until("three cuts", |feed| {
        feed.why
            .iter()
            .filter(|why| why["sentence"].as_str().unwrap().contains("prices stream is down"))
            .count()
            >= 3
    })
    .await;
    let stopped = console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(stopped.status, 202);
    feed.lifecycle("STOPPED").await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    no_order_twice(&console).await;

    for (query, what) in [
        ("event=stream.disconnected", "a cut"),
        ("event=stream.reconnecting", "a reconnect with its back-off"),
        ("event=stream.gap", "a gap in milliseconds"),
        ("event=stream.decode_error", "a truncated frame"),
    ] {
        let told = console.logs(query).await;
        assert!(told.iter().any(|record| record["session_id"] == id.as_str()), "{what}: {told:#?}");
    }
    let garbled = console.logs("event=stream.decode_error").await;
    assert!(
        garbled[0]["payload"]["frame"].is_string() && garbled[0]["stream"].is_string(),
        "{:#}",
        garbled[0]
    );
    let gaps = console.logs("event=stream.gap").await;
    assert!(gaps[0]["gap_ms"].is_i64(), "{:#}", gaps[0]);
    let requests = console.logs("event=venue.request").await;
    for status in [429, 500] {
        // Before the session began the account was read.
        let of_session = |record: &&Value| record["session_id"] == id.as_str();
        let faulty = requests.iter().filter(of_session).find(|record| record["status_code"] == status);
        let faulty = faulty.unwrap_or_else(|| panic!("a request of the session that was answered {status}"));
        assert!(faulty["payload"]["attempt"].is_u64() && faulty["payload"]["body"].is_string(), "{faulty:#}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_polled_while_the_stream_is_silent() {
    let venue = Venue::start(
        "[[rule]]\nfault = \"socket_silent\"\nafter_s = 2\nfor_s = 12\ntimes = 1\nsocket = \"public\"\n",
    )
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    feed.until("prices from REST", |feed| {
        let legs = feed.session["legs"].as_array();
        legs.is_some_and(|legs| legs.iter().all(|leg| leg["mark_source"] == "rest_fallback"))
    })
    .await;
    feed.until("prices from the stream again", |feed| {
        let legs = feed.session["legs"].as_array();
        legs.is_some_and(|legs| legs.iter().all(|leg| leg["mark_source"] == "stream"))
    })
    .await;
    for event in ["stream.heartbeat_missed", "stream.fallback_entered", "stream.fallback_left"] {
        let told = console.logs(&format!("event={event}")).await;
        assert!(told.iter().any(|record| record["session_id"] == id.as_str()), "{event}: {told:#?}");
    }
    console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    feed.lifecycle("STOPPED").await;
    assert_eq!(venue.position().await, 0);
    running.stop().await;
}

/// Faults of every kind at once, by chance, seeded.
fn random_faults(seed: u64) -> String {
    let request = |fault: &str, more: &str, probability: f64| {
        format!("[[rule]]\nfault = \"{fault}\"\nroute = \"*\"\nprobability = {probability}\n{more}\n")
    };
    let timed = |fault: &str, more: &str| {
        format!("[[rule]]\nfault = \"{fault}\"\nafter_s = 1\nevery_s = 0.7\nprobability = 0.3\n{more}\n")
    };
    [
        format!("seed = {seed}\n"),
        request("rest_status", "status = 500", 0.04),
        request("rest_status", "status = 429\nreset_ms = 150", 0.04),
        request("rest_status", "status = 504\napplied = true", 0.04),
        request("reply_lost", "", 0.04),
        request("request_lost", "", 0.04),
        request("reply_late", "delay_ms = 700", 0.04),
        timed("socket_cut", "socket = \"any\""),
        timed("undecodable_frame", "socket = \"any\""),
        timed("book_side_missing", "symbol = \"C-*\"\nside = \"ask\"\nfor_s = 0.5"),
    ]
    .concat()
}

/// Starts a session, stops it, and looks at the venue from outside.
async fn ends_flat(seed: u64) {
    let venue = Venue::start(&random_faults(seed)).await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.until("an order", |feed| feed.why.iter().any(|why| why["event"] == "order.submitted")).await;
    // With enough faults entry comes to nothing, and the session has ended flat by itself.
    let sold = |feed: &console::Feed| feed.session["pnl"]["executable"].is_string();
    feed.until("something sold, or an end", |feed| sold(feed) || feed.session["lifecycle"] == "STOPPED")
        .await;
    console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    feed.lifecycle("STOPPED").await;
    assert_eq!(venue.position().await, 0, "seed {seed}");
    no_order_twice(&console).await;
    let replayed = server::replay::replay(&running.app.trading.store, &id).await.unwrap();
    assert!(replayed.is_identical(), "seed {seed}: {:?}", replayed.difference);
    running.stop().await;
}

/// Two schedules; 200 with `DELTASCOPE_FULL=1`, or as many as `DELTASCOPE_FAULT_SEEDS` says. Mostly waiting, so several
/// run side by side.
#[tokio::test(flavor = "multi_thread")]
async fn random_faults_always_end_flat() {
    let usual = if std::env::var_os("DELTASCOPE_FULL").is_some() { 200 } else { 2 };
    let seeds =
        std::env::var("DELTASCOPE_FAULT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    futures_util::stream::iter(1..=seeds).for_each_concurrent(6, ends_flat).await;
}
