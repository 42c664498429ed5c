//! How products and the venue trade, as it is told.

use model::restriction::{Restriction, Restrictions};

use super::*;
use crate::venue::StreamEvent;

#[test]
fn auctions_and_maintenance_are_marks_of_what_is_watched() {
    let mut desk = Desk::open(Link::Prices, &[A]);
    desk.done.clear();
    let product = |symbol: &str, status: &str| {
        format!(
            r#"{{"type":"product_updates","event":"start_auction","product":{{"symbol":"{symbol}","trading_status":"{status}"}}}}"#
        )
    };
    desk.frame(&product(B, "disrupted_post_only"));
    assert_eq!((desk.parts().len(), disrupted(&desk)), (0, vec![]), "nobody watches it");
    desk.frame(&product(A, "disrupted_post_only"));
    desk.frame(&product(A, "disrupted_post_only"));
    desk.frame(r#"{"type":"system_status","event":"maintenance_started","status":"maintenance"}"#);
    assert_eq!(desk.parts().len(), 2, "told once each");
    let both = format!("{A} (disrupted_post_only), the venue (maintenance)");
    assert_eq!(disrupted(&desk), [format!("{A} (disrupted_post_only)"), both]);
    desk.turn(Turn::Watch(vec![Symbol::from(B)]));
    let other = format!("{B} (disrupted_post_only), the venue (maintenance)");
    assert_eq!(disrupted(&desk).last(), Some(&other), "it was heard before it was watched");
    desk.frame(&product(B, "operational"));
    desk.frame(r#"{"type":"system_status","event":"snapshot","status":"live"}"#);
    assert_eq!(disrupted(&desk).last().map(String::as_str), Some(""));
}

#[test]
fn the_end_of_an_auction_that_nobody_heard_is_believed_after_a_quarter_of_an_hour() {
    let mut desk = Desk::open(Link::Prices, &[A]);
    desk.frame(&format!(r#"{{"type":"product_updates","event":"start_auction","symbol":"{A}"}}"#));
    desk.turn(Turn::Closed("reset".to_owned()));
    let lost = desk.now.0;
    desk.now = desk.talk.next_at().unwrap();
    desk.turn(Turn::Passed);
    desk.turn(Turn::Opened);
    for _second in 0..899 {
        desk.now = Micros(desk.now.0 + 1_000_000);
        desk.top(A);
    }
    let ends = |desk: &Desk| disrupted(desk).last().is_some_and(String::is_empty);
    assert!(!ends(&desk));
    desk.now = Micros(lost + 900_000_000);
    desk.top(A);
    assert!(ends(&desk));
}

fn listed(desk: &mut Desk, symbol: Option<&str>, status: Option<&str>) {
    let (symbol, status) = (symbol.map(str::to_owned), status.map(str::to_owned));
    desk.turn(Turn::Listed(StatusFrame { symbol, status }));
}

/// What the engine was told last.
fn restrictions(desk: &Desk) -> Restrictions {
    let said = |effect: &Effect| match effect {
        Effect::Input(Input::Restrictions(now)) => Some(now.clone()),
        _other => None,
    };
    desk.done.iter().filter_map(said).next_back().unwrap_or_default()
}

#[test]
fn the_engine_is_told_what_can_be_done_and_no_word_that_nobody_knows() {
    let mut desk = Desk::open(Link::Prices, &[A, B]);
    for (symbol, status) in [(A, "disrupted_cancel_only"), (B, "disrupted_post_only"), (B, "a_new_word")] {
        desk.frame(&format!(
            r#"{{"type":"product_updates","event":"x","product":{{"symbol":"{symbol}","trading_status":"{status}"}}}}"#
        ));
        if status == "disrupted_post_only" {
            let both =
                [(Symbol::from(A), Restriction::CancelOnly), (Symbol::from(B), Restriction::PostOnly)].into();
            assert_eq!(restrictions(&desk), Restrictions { venue: None, products: both });
        }
    }
    assert_eq!(restrictions(&desk).of(&Symbol::from(B)), None);
    for (status, expected) in [("degraded_mode", None), ("maintenance", Some(Restriction::Maintenance))] {
        desk.frame(&format!(r#"{{"type":"system_status","event":"x","status":"{status}"}}"#));
        assert_eq!(restrictions(&desk).venue, expected, "{status}");
    }
    assert_eq!(restrictions(&desk).of(&Symbol::from(A)), Some(Restriction::Maintenance), "nothing is there");
}

#[test]
fn a_list_speaks_where_the_stream_did_not_for_a_minute() {
    let mut desk = Desk::open(Link::Prices, &[A]);
    let frame = format!(r#"{{"type":"product_updates","event":"start_auction","symbol":"{A}"}}"#);
    desk.frame(&frame);
    let auction = |desk: &Desk| restrictions(desk).of(&Symbol::from(A)) == Some(Restriction::PostOnly);
    let later = |desk: &mut Desk, seconds: i64| {
        for _second in 0..seconds {
            desk.now = Micros(desk.now.0 + 1_000_000);
            desk.top(A);
        }
    };
    later(&mut desk, 59);
    listed(&mut desk, Some(A), None);
    assert!(auction(&desk), "it may have been made before the auction began");
    later(&mut desk, 1);
    listed(&mut desk, Some(A), Some("disrupted_post_only"));
    later(&mut desk, 900);
    assert!(auction(&desk), "the stream said so and lives");
    listed(&mut desk, Some(A), None);
    assert!(!auction(&desk), "its end was not heard");
    // And an auction that began before anybody listened; without a list that repeats it, it is over in a minute.
    listed(&mut desk, Some(A), Some("disrupted_post_only"));
    later(&mut desk, 59);
    assert!(auction(&desk));
    listed(&mut desk, Some(A), Some("disrupted_post_only"));
    later(&mut desk, 59);
    assert!(auction(&desk), "it was repeated");
    later(&mut desk, 1);
    assert!(!auction(&desk));
    listed(&mut desk, None, Some("maintenance"));
    assert_eq!(restrictions(&desk).venue, Some(Restriction::Maintenance));
    desk.frame(r#"{"type":"system_status","event":"snapshot","status":"live"}"#);
    assert_eq!(restrictions(&desk), Restrictions::default());
}

fn disrupted(desk: &Desk) -> Vec<String> {
    let said = |effect: &Effect| match effect {
        Effect::Disrupted(what) => Some(what.iter().cloned().collect::<Vec<_>>().join(", ")),
        _other => None,
    };
    desk.done.iter().filter_map(said).collect()
}

/// Names under which the desk has told what happened.
fn names(desk: &Desk) -> Vec<&'static str> {
    let event = |what: &StreamHappening| StreamEvent { stream: "prices", what: what.clone() };
    desk.told().into_iter().map(|what| telemetry::Event::name(&event(what))).collect()
}

/// What no venue in a test brings about at will.
#[test]
fn limits_missed_frames_and_unconfirmed_subscriptions_are_told_by_name() {
    let mut limited = Desk::new(Link::Prices, &[A]);
    let wait = Some(Duration::from_secs(240));
    limited.turn(Turn::NotOpened { reason: "429".to_owned(), wait });
    assert!(names(&limited).contains(&"stream.connection_limited"), "{:?}", names(&limited));

    let mut missed = Desk::signed_in();
    for se in [3, 5] {
        missed.frame(&format!(
            r#"{{"type":"v2/user_trades","sy":"{A}","f":"{se}","R":"normal","o":1,"S":"buy","s":1,"p":"5","c":"s1","t":1788431300000000,"se":{se}}}"#
        ));
    }
    assert_eq!(names(&missed), ["stream.frames_missed"]);

    let mut unconfirmed = Desk::open(Link::Orders, &[]);
    unconfirmed.frame(r#"{"type":"key-auth","success":true,"status_code":200,"status":"authenticated"}"#);
    unconfirmed.granted(&["orders", "v2/user_trades"]);
    unconfirmed.pass(5_000);
    let told = names(&unconfirmed);
    assert!(told.contains(&"stream.subscription_unconfirmed"), "{told:?}");
}
