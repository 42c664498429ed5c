//! A venue that does not trade as usual while a position is on: only cancels, an auction, a maintenance. A panic goes on
//! through each of them, ends flat, and has not used up by then what it needs.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;
#[path = "trading_support/venue.rs"]
mod venue;

use std::time::Duration;

use serde_json::{Value, json};
use simulator::Running;
use simulator::status::TradingStatus;
use venue::Venue;

/// Enters, presses PANIC while the venue is in this state for some seconds, and gives the records of our requests.
async fn panicked_during(state: &str, restrict: impl Fn(&Running)) -> Vec<Value> {
    let venue = Venue::start("").await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    console.start().await;
    feed.entered().await;
    assert_eq!(venue.position().await, -400);
    restrict(&venue.running);
    assert_eq!(venue.trading_status().await, state);
    let restricted = |feed: &console::Feed| {
        let health = feed.strip["health"].as_array().into_iter().flatten();
        health.into_iter().any(|mark| mark == "VENUE_RESTRICTED")
    };
    feed.until("a mark of health", restricted).await;
    let panic = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(panic.status, 202, "{panic:?}");
    if state == "maintenance" {
        // The auction that follows is five minutes long; it is cut short.
        while venue.trading_status().await != "disrupted_post_only" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        venue.running.disrupt("*", TradingStatus::Operational, LASTS * 60);
    }
    if state == "disrupted_post_only" {
        // Both closes rest at our own side of the book.
        while venue.open_orders().await < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(venue.trading_status().await, state);
    }
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!(venue.trading_status().await, "operational", "not before it could be");
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    let told =
        async |name: &str| console.logs_until(&format!("event={name}"), |records| !records.is_empty()).await;
    told("exit.restricted").await;
    told("exit.unrestricted").await;
    told("market.restricted").await;
    told("market.unrestricted").await;
    let requests = console.logs("event=venue.request").await;
    for request in &requests {
        let payload = &request["payload"];
        assert_ne!(payload["reason"], "budget_empty", "{request}");
        assert!(
            payload["budget_remaining"].as_u64().unwrap() > 2_000,
            "the reserve is not touched: {request}"
        );
    }
    running.stop().await;
    requests
}

const LASTS: Duration = Duration::from_secs(5);

/// Orders that were refused for this reason. What keeps the dead-man switch of an entry waiting is no order.
fn refused(requests: &[Value], reason: &str) -> usize {
    let is_order = |request: &&Value| {
        request["message"].as_str().is_some_and(|message| message.starts_with("POST /v2/orders "))
    };
    let placed = requests.iter().filter(is_order);
    placed.filter(|request| request["payload"]["reason"] == reason).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_waits_out_a_market_that_takes_only_cancels() {
    let disrupt = |venue: &Running| venue.disrupt("*", TradingStatus::CancelOnly, LASTS);
    let requests = panicked_during("disrupted_cancel_only", disrupt).await;
    assert_eq!(refused(&requests, "trading_blocked"), 0, "nothing is sent that cannot be taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_goes_on_through_an_auction() {
    let disrupt = |venue: &Running| venue.disrupt("*", TradingStatus::PostOnly, LASTS);
    let requests = panicked_during("disrupted_post_only", disrupt).await;
    let sent = ["unsupported", "order_size_exceed_available"];
    assert_eq!(sent.map(|reason| refused(&requests, reason)), [0; 2], "nothing is sent that cannot be taken");
    // The market may come to meet an order on its way; one that is priced at the other side is refused for as long as the
    // auction lasts.
    assert!(refused(&requests, "immediate_execution_post_only") < 3, "{requests:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_goes_on_through_a_maintenance() {
    let requests = panicked_during("maintenance", |venue| venue.maintain(LASTS)).await;
    assert_eq!(refused(&requests, "unavailable"), 0, "no order is sent that nobody takes");
}

/// Nobody listened when the auction began, and the stream says nothing of what is: the list does.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_in_an_auction_hears_of_it_from_the_list() {
    let venue = Venue::start("").await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    console.start().await;
    feed.entered().await;
    running.stop().await;
    venue.running.disrupt("*", TradingStatus::PostOnly, LASTS * 60);
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    console.logs_until("event=market.restricted", |records| !records.is_empty()).await;
    let mut feed = console.feed().await;
    assert_eq!(console.post("/api/v1/panic", json!({})).await.status, 202);
    while venue.open_orders().await < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    venue.running.disrupt("*", TradingStatus::Operational, LASTS * 60);
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    running.stop().await;
}

/// The same fill under a number in one list and under digits of another kind on the stream: never booked twice.
#[tokio::test(flavor = "multi_thread")]
async fn fills_under_two_ids_do_not_make_a_position_of_their_own() {
    let venue = Venue::start("[quirks]\nfill_ids_are_integers = true\n").await;
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    let stopped = console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(stopped.status, 202);
    feed.lifecycle("STOPPED").await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    let session = console.get(&format!("/api/v1/sessions/{id}")).await.body;
    let lots = |side: &str| -> i64 {
        let fills = session["fills"].as_array().unwrap().iter();
        fills.filter(|fill| fill["side"] == side).map(|fill| fill["qty"].as_i64().unwrap()).sum()
    };
    assert_eq!((lots("sell"), lots("buy")), (400, 400), "{:#}", session["fills"]);
    running.stop().await;
}
