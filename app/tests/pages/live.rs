//! Where the venue is a real one, every page says so, and a start says what it costs before it is pressed.

use model::ExecutionMode;
use model::input::LiveAccount;

use super::page;
use super::support::SamplePort;
use super::support::sample;
use super::support::text::{between, expect_all};

pub fn live(mut port: SamplePort, real_money: bool) -> SamplePort {
    port.strip.execution_mode = ExecutionMode::Live;
    port.strip.venue = if real_money { "delta-india" } else { "delta-india-testnet" }.to_owned();
    port.strip.market_note = None;
    port.strip.live =
        Some(LiveAccount { venue: port.strip.venue.clone(), account: "30084879".to_owned(), real_money });
    port
}

fn badge(html: &str) -> &str {
    between(html, "data-region=\"mode\"", "class=\"truths\"")
}

#[test]
fn every_page_says_whose_money_it_is() {
    for path in ["/", "/trades", "/analytics", "/telemetry", "/settings"] {
        let html = page(path, live(sample::running(), true));
        expect_all(badge(&html), &["data-mode=\"live\"", "LIVE", "real money · 30084879"]);
        let html = page(path, live(sample::running(), false));
        expect_all(badge(&html), &["LIVE", "play money · 30084879"]);
        let html = page(path, sample::running());
        expect_all(badge(&html), &["data-mode=\"sim\"", "SIM"]);
        assert!(!badge(&html).contains("money"), "{path}");
    }
}

#[test]
fn a_start_says_where_its_orders_go_and_asks_for_the_password() {
    let html = page("/", live(sample::idle(), true));
    let said = ["LIVE: delta-india, account 30084879.", "This is real money."];
    expect_all(between(&html, "class=\"step-up\"", "</p>"), &said);
    let dialog = between(&html, "data-dialog=\"confirm\"", "</form>");
    expect_all(dialog, &said);
    assert!(html.contains("<div hidden data-dialog=\"confirm\""));
    expect_all(dialog, &["data-sends=\"/api/v1/step-up\"", "type=\"password\"", "once more", "Confirm"]);
    assert!(html.contains("Start LIVE with real money") && !html.contains("Start in simulation"));
    let html = page("/", live(sample::idle(), false));
    assert!(html.contains("Start LIVE with play money") && html.contains("This is play money."));
    let html = page("/", sample::idle());
    assert!(!html.contains("step-up") && !html.contains("data-dialog=\"confirm\""));
    assert!(html.contains("Start in simulation"));
}
