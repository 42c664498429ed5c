//! How products and the venue trade, as it is told.

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
