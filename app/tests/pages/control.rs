//! Control as the server writes it: one session, several, none; what is not ours; a panic.

use super::page;
use super::support::SamplePort;
use super::support::sample::{self, BTC, ETH};
use super::support::text::{between, expect_all};

fn legs(html: &str) -> &str {
    between(html, "Legs of the session", "</table>")
}

#[test]
fn control_shows_the_session_without_wasm() {
    let html = page("/", sample::running());
    for text in [
        "C-BTC-48000-070122",
        "+71.20",
        "Trailing floor",
        "A position is already open",
        "Pause entries",
        "Held.",
        "not now. Running: nothing to resume.",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    assert!(!html.contains("Start in simulation"));
}

#[test]
fn an_idle_control_offers_the_default_preset() {
    let html = page("/", sample::idle());
    for text in ["Start in simulation", "Short strangle BTC · quick", "Minimum lock", "No session"] {
        assert!(html.contains(text), "{text} is missing");
    }
}

/// Catches: preview and check list that come after the module, and push the form down.
#[test]
fn what_a_start_would_mean_is_painted_with_the_page() {
    let html = page("/", sample::offering());
    let preview = between(&html, "aria-label=\"Preview\"", "</section>");
    expect_all(
        preview,
        &["C-BTC-48000-070122", "sell call, strike 48,000", "240 lots", "−60.00", "Thin book."],
    );
    assert!(!preview.contains("The market is asked"));
    let ready = between(&html, "aria-label=\"Ready to start\"", "</section>");
    expect_all(ready, &["Best bids take 200 lots a leg", "Configuration is valid", "Spot price last heard"]);
}

#[test]
fn without_an_answer_of_the_market_the_page_says_why_and_checks_the_form() {
    let why = "The spot price of BTC is not known yet.";
    let html = page("/", SamplePort { warnings: vec![why.to_owned()], ..sample::idle() });
    expect_all(between(&html, "aria-label=\"Preview\"", "</section>"), &["The market is asked", why]);
    assert!(between(&html, "aria-label=\"Ready to start\"", "</section>").contains("Configuration is valid"));
}

#[test]
fn a_panic_shows_its_progress_and_that_the_latch_cannot_be_cleared_yet() {
    let html = page("/", sample::panicking());
    for text in ["Closing everything", "1 of 2", "PANICKING", "Clear latch", "Not yet verified flat"] {
        assert!(html.contains(text), "{text} is missing");
    }
}

#[test]
fn two_sessions_can_be_chosen_between_by_links_and_the_latest_is_shown() {
    let html = page("/", sample::two());
    let list = between(&html, "aria-label=\"Sessions\"", "</nav>");
    for id in [BTC, ETH] {
        expect_all(list, &[&format!("href=\"/?session={id}\""), id]);
    }
    expect_all(list, &["Short strangle ETH · quick", "+71.20", "−3.10", "Running", "Open"]);
    assert_eq!(list.matches("aria-current=\"true\"").count(), 1);
    assert!(legs(&html).contains("C-ETH-3900-070122") && !legs(&html).contains("BTC"));
}

#[test]
fn the_address_chooses_the_session() {
    let html = page(&format!("/?session={BTC}"), sample::two());
    assert!(legs(&html).contains("C-BTC-48000-070122") && !legs(&html).contains("ETH"));
    assert!(!html.contains("Another session is shown."));
}

#[test]
fn an_address_of_a_session_that_is_gone_says_so_and_shows_another() {
    let html = page("/?session=s-01j2a1", sample::two());
    expect_all(
        &html,
        &["Another session is shown.", "You now see Short strangle ETH · quick.", "session_id=s-01j2a1"],
    );
    assert!(legs(&html).contains("C-ETH-3900-070122"));
}

#[test]
fn the_most_severe_session_is_shown_first() {
    let html = page("/", sample::needs_operator());
    assert!(legs(&html).contains("C-BTC-48000-070122"), "BTC needs an operator, ETH is later");
    expect_all(&html, &["An operator is needed.", "Resolve…"]);
}

#[test]
fn another_session_can_be_started_beside_those_that_run() {
    let html = page("/", sample::two());
    expect_all(&html, &["Start another…", "aria-expanded=\"false\""]);
    assert!(!html.contains("Start in simulation"), "the form is opened by the button");
}

#[test]
fn one_session_needs_no_list() {
    assert!(!page("/", sample::running()).contains("aria-label=\"Sessions\""));
}

#[test]
fn what_belongs_to_no_session_is_told_on_every_page_and_explained_on_control() {
    let html = page(&format!("/?session={BTC}"), sample::foreign());
    expect_all(
        &html,
        &[
            "2 positions, 1 order not ours",
            "+50 lots of C-BTC-50000-140122, −30 lots of P-ETH-3600-070122 and 1 open order belong to no session",
            "does not touch them unless you press PANIC",
            "PANIC closes 2 sessions and 2 positions of no session",
            "buy 10 C-BTC-48000-070122 at 391.0",
        ],
    );
    assert!(page("/telemetry", sample::foreign()).contains("2 positions, 1 order not ours"));
}

#[test]
fn what_is_not_known_is_a_dash_with_its_reason_and_never_zero() {
    let html = page(&format!("/?session={ETH}"), sample::blind());
    expect_all(
        &html,
        &[
            "We cannot see your position.",
            "unknown: no price to close a leg",
            "unknown: nobody quotes this side",
        ],
    );
    let row = between(legs(&html), "C-ETH-3900-070122", "</tr>");
    assert!(row.contains('—') && !row.contains("0.00"), "{row}");
}

#[test]
fn a_panic_of_all_shows_each_session_and_what_belongs_to_none() {
    let html = page("/", sample::panicking());
    let card = between(&html, "aria-label=\"Closing progress\"", "<footer");
    expect_all(
        card,
        &[
            "Short strangle ETH · quick · s-01j2m9",
            "Short strangle BTC · weekly · s-01j2k4",
            "What belongs to no session",
            "not ours",
            "sell 50 at market",
            "buy 80 at market",
        ],
    );
}
