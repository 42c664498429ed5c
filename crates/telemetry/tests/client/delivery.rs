//! What the client logger makes of each answer of the server, and of none.

use telemetry::{
    Level, LoggerSettings, Receipt,
    client::{Auth, Effect, Halt, Input, LoggerConfig, Outcome},
};

use crate::world::{Page, config, envelope, send_one};

#[test]
fn answers_mean_what_the_table_says() {
    // Status, Retry-After, milliseconds until it is sent again (None: not), reason of the declared loss.
    for (status, after_ms, again_ms, lost) in [
        (503, None, Some(805), None),
        (429, Some(120_000), Some(120_000), None),
        (429, Some(3_600_000), Some(600_000), None),
        (408, Some(-5), Some(1_000), None),
        (404, None, Some(805), None),
        (200, None, Some(805), None),
        (400, None, None, Some("rejected")),
        (422, None, None, Some("rejected")),
        (401, None, None, None),
        (413, None, None, Some("oversize")),
    ] {
        let mut page = Page::new(config());
        send_one(&mut page, Level::Info, "one");
        let sent_at_ms = page.now_ms;
        let bid = page.in_flight[0].bid.clone();
        page.refuse(status, after_ms);
        page.advance(900_000);
        let again = page.in_flight.front().filter(|request| request.bid == bid);
        assert_eq!(again.is_some(), again_ms.is_some(), "{status}");
        if let Some(again_ms) = again_ms {
            let woke = page.effects.iter().rev().find_map(|effect| match effect {
                Effect::WakeAt(Some(at_ms)) if *at_ms < sent_at_ms + 700_000 => Some(*at_ms),
                _ => None,
            });
            assert!(woke >= Some(sent_at_ms + again_ms), "{status}: {woke:?}");
        }
        match lost {
            Some(why) => assert_eq!(envelope(&page, 0)["drops"][0]["why"], why, "{status}"),
            None => assert_eq!(page.logger.books().held, 1, "{status}"),
        }
    }
}

#[test]
fn at_most_four_requests_are_in_flight() {
    let mut page = Page::new(config());
    for number in 0..6 {
        send_one(&mut page, Level::Info, &format!("number {number}"));
        page.in_flight.clear();
        page.now_ms -= 4_000;
    }
    let sent = page.effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count();
    assert_eq!(sent, 4);
}

#[test]
fn back_off_doubles_and_one_request_probes() {
    let mut page = Page::new(config());
    send_one(&mut page, Level::Warn, "warn");
    let mut waits_ms = Vec::new();
    for number in 0..8 {
        page.refuse(503, None);
        page.say(Level::Warn, &format!("warn {number}"));
        let from_ms = page.now_ms;
        while page.in_flight.is_empty() {
            page.advance(1);
        }
        assert_eq!(page.in_flight.len(), 1, "a single probe");
        waits_ms.push(page.now_ms - from_ms);
    }
    // The test's jitter is 0.61 of its range: 0.805 of the step.
    assert_eq!(waits_ms, [805, 1_610, 3_220, 6_441, 12_882, 25_765, 48_310, 48_310]);
}

#[test]
fn too_large_batches_are_halved_under_new_ids() {
    let mut page = Page::new(config());
    for number in 0..10 {
        page.say(Level::Info, &format!("number {number}"));
    }
    page.advance(5_000);
    let bid = page.in_flight[0].bid.clone();
    page.refuse(413, None);
    assert_eq!(page.in_flight.len(), 2);
    assert!(page.in_flight.iter().all(|half| half.bid != bid));
    assert_eq!(envelope(&page, 1)["recs"].as_array().unwrap().len(), 5);
    page.calm_down();
    assert_eq!(page.server.records.len(), 10);
}

#[test]
fn gzip_is_given_up_when_the_server_does_not_take_it() {
    let mut page = Page::new(config());
    for number in 0..90 {
        page.say(Level::Info, &format!("number {number} of many that make it worth compressing"));
    }
    page.advance(5_000);
    assert!(page.in_flight[0].gzip);
    let bid = page.in_flight[0].bid.clone();
    page.refuse(415, None);
    assert!(page.in_flight[0].bid == bid && !page.in_flight[0].gzip);
}

#[test]
fn without_a_sign_in_warn_and_above_go_on_and_the_rest_waits() {
    let mut page = Page::new(config());
    page.say(Level::Info, "info");
    page.say(Level::Warn, "warn");
    page.advance(5_000);
    page.signed_in = false;
    page.refuse(401, None);
    assert_eq!(envelope(&page, 0)["recs"].as_array().unwrap().len(), 1);
    page.deliver();
    assert_eq!(page.server.records[0].message, "warn");
    page.say(Level::Info, "more");
    page.advance(60_000);
    assert!(page.in_flight.is_empty(), "info waits");
    page.calm_down();
    assert_eq!(page.server.records.len(), 3);
}

#[test]
fn a_sign_in_that_ended_unnoticed_loses_nothing() {
    let mut page = Page::new(config());
    page.say(Level::Info, "info");
    page.say(Level::Warn, "warn");
    page.advance(5_000);
    page.signed_in = false;
    page.deliver();
    assert_eq!((page.server.records.len(), page.logger.books().held), (1, 1));
    page.calm_down();
    assert_eq!((page.server.told, page.logger.books().declared), (2, 0));
}

#[test]
fn refused_records_are_declared() {
    let mut page = Page::new(config());
    for number in 0..3 {
        page.say(Level::Info, &format!("number {number}"));
    }
    page.advance(5_000);
    let bid = page.in_flight.pop_front().unwrap().bid;
    let rej = vec![telemetry::Refusal { i: 1, code: "time".to_owned() }];
    let receipt = Receipt { bid: bid.clone(), ok: 1, rej, rej_n: 2, now: page.now_ms, ..Receipt::default() };
    page.settle(bid, Outcome::Accepted(receipt));
    let books = page.logger.books();
    assert_eq!((books.told, books.held), (1, 2));
}

#[test]
fn forbidden_and_gone_stop_the_logger() {
    for (status, halt) in [(403, Halt::Forbidden), (410, Halt::Killed)] {
        let mut page = Page::new(config());
        send_one(&mut page, Level::Warn, "one");
        page.refuse(status, None);
        assert!(page.effects.contains(&Effect::Halted(halt)));
        assert!(!page.logger.enabled(Level::Fatal, page.now_ms));
        page.say(Level::Fatal, "two");
        page.advance(100_000);
        assert!(page.in_flight.is_empty() && page.wake_at_ms.is_none());
    }
}

#[test]
fn the_server_sets_the_logger() {
    let mut page = Page::new(config());
    send_one(&mut page, Level::Warn, "one");
    let bid = page.in_flight.pop_front().unwrap().bid;
    let cfg = LoggerSettings { level: Some(Level::Warn), sr_info: Some(0.0), ..LoggerSettings::default() };
    let receipt =
        Receipt { bid: bid.clone(), now: page.now_ms + 5_000, cfg: Some(cfg), ..Receipt::default() };
    page.settle(bid, Outcome::Accepted(receipt));
    assert!(!page.logger.enabled(Level::Info, page.now_ms) && page.logger.enabled(Level::Warn, page.now_ms));
    send_one(&mut page, Level::Warn, "two");
    let health = &envelope(&page, 0)["self"];
    // Sent after 1 s, answered 4 s later: half of the round trip is added to the 5 s that the server is ahead.
    assert_eq!((&health["off_ms"], &health["rtt_ms"]), (&7_000.into(), &4_000.into()));
}

#[test]
fn a_spool_is_told_what_to_keep() {
    let mut page = Page::new(LoggerConfig { spool: true, ..config() });
    send_one(&mut page, Level::Error, "one");
    let kept = page.effects.iter().position(|effect| matches!(effect, Effect::Spool { .. })).unwrap();
    let sent = page.effects.iter().position(|effect| matches!(effect, Effect::Send { .. })).unwrap();
    assert!(kept < sent, "errors are on disk before they are sent");
    page.deliver();
    assert!(matches!(
        page.effects.iter().rev().find(|effect| !matches!(effect, Effect::WakeAt(_))),
        Some(Effect::Unspool { .. })
    ));
    send_one(&mut page, Level::Info, "two");
    page.refuse(503, None);
    assert_eq!(page.effects.iter().filter(|effect| matches!(effect, Effect::Spool { .. })).count(), 2);
}

/// A batch that nobody took for a day is given up, and declared.
#[test]
fn a_day_old_batch_expires() {
    let mut page = Page::new(config());
    send_one(&mut page, Level::Info, "old");
    page.refuse(503, None);
    for _ in 0..25 {
        while !page.in_flight.is_empty() {
            page.refuse(503, Some(600_000));
        }
        page.advance(3_600_000);
    }
    page.calm_down();
    assert_eq!((page.server.told, page.server.declared), (0, 1));
}

/// Catches: splitting a batch of which another copy is still on its way.
#[test]
fn a_batch_that_may_have_arrived_keeps_its_id() {
    let mut page = Page::new(config());
    page.say(Level::Warn, "warn");
    send_one(&mut page, Level::Info, "info");
    page.on(Input::Hide);
    assert_eq!(page.in_flight.len(), 2, "the same batch twice");
    page.refuse(401, None);
    page.deliver();
    page.calm_down();
    assert_eq!((page.server.records.len(), page.server.told), (2, 2));
}

/// Catches: a timer that fires again and again for losses that nobody may be told of (the world counts).
#[test]
fn without_any_credential_nothing_is_tried() {
    let mut page = Page::new(LoggerConfig { auth: Auth::Nobody, ..config() });
    page.say(Level::Error, "error");
    page.on(Input::Reentrant(Level::Warn));
    page.advance(600_000);
    assert!(page.in_flight.is_empty());
    page.calm_down();
    assert_eq!((page.server.told, page.server.declared), (1, 1));
}

/// Answers the oldest request with a server's clock that is so far ahead of ours.
fn answer_at(page: &mut Page, ahead_ms: i64) {
    let bid = page.in_flight.pop_front().unwrap().bid;
    let receipt = Receipt { bid: bid.clone(), now: page.now_ms + ahead_ms, ..Receipt::default() };
    page.settle(bid, Outcome::Accepted(receipt));
}

fn offset(page: &mut Page, message: &str) -> serde_json::Value {
    send_one(page, Level::Warn, message);
    envelope(page, 0)["self"]["off_ms"].clone()
}

/// Catches: an offset from an answer that may belong to an earlier sending of the same bytes.
#[test]
fn a_batch_that_was_sent_twice_does_not_set_the_clock() {
    let mut page = Page::new(config());
    send_one(&mut page, Level::Warn, "one");
    page.refuse(503, None);
    page.advance(1_000);
    answer_at(&mut page, 5_000);
    assert_eq!(offset(&mut page, "two"), serde_json::Value::Null);
}

/// Catches: an offset of a clock that was set meanwhile, kept because its round trip was the shortest.
#[test]
fn a_clock_that_was_set_is_followed() {
    let mut page = Page::new(config());
    page.say(Level::Warn, "one");
    page.advance(1_000);
    answer_at(&mut page, 5_000);
    assert_eq!(offset(&mut page, "two"), 5_000);
    // Four seconds late, but no contradiction: the shorter round trip is the better witness.
    answer_at(&mut page, 5_000);
    assert_eq!(offset(&mut page, "three"), 5_000);
    // Nothing but a set clock explains ten minutes.
    answer_at(&mut page, -600_000);
    assert_eq!(offset(&mut page, "four"), -598_000);
}
