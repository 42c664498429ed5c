//! A journal that knows nothing and a venue that answers both lists of positions with nothing: a panic of all closes
//! what the account's fills leave on, and calls nothing flat that they do not explain.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/program.rs"]
mod program;
#[path = "trading_support/server.rs"]
mod server_support;
#[path = "trading_support/venue.rs"]
mod venue;

use program::panic_all;
use serde_json::json;
use venue::Venue;

/// Both lists answer with success and nothing in them.
const NOTHING: &str = "[[rule]]\nfault = \"reply_empty\"\nroute = \"GET /v2/positions*\"\n";
/// Nor can its fills be read, but for the test's own look at what it has sold.
const NO_FILLS: &str =
    "[[rule]]\nfault = \"rest_status\"\nstatus = 503\nroute = \"GET /v2/fills*\"\nskip = 1\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_closes_what_both_lists_hide_before_it_says_flat() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start(NOTHING).await);
    venue.sold(60).await;
    let (running, console) = server_support::start(dir.path(), &venue.settings()).await;
    let mut feed = console.feed().await;
    let panic = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(panic.status, 202, "{panic:?}");
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0));
    let found = console.logs_until("event=panic.position_found", |found| !found.is_empty()).await;
    assert!(found[0]["message"].as_str().unwrap().contains("fills leave"), "{found:#?}");
    let cleared = console.post("/api/v1/panic/acknowledge", json!({ "reason": "looked at the venue" })).await;
    assert_eq!(cleared.status, 202, "{cleared:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_closes_what_both_lists_hide() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start(NOTHING).await);
    venue.sold(60).await;
    let (done, said) = panic_all(dir.path(), &venue.settings(), &["--patience", "60"]).await;
    assert!(done, "{said}");
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_does_not_call_flat_what_nothing_explains() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start(&format!("{NOTHING}{NO_FILLS}")).await);
    venue.sold(60).await;
    let (done, said) = panic_all(dir.path(), &venue.settings(), &["--patience", "15"]).await;
    assert!(!done && said.contains("not verified flat") && said.contains("its fills"), "{said}");
}
