//! The estimate against clocks of which the truth is known.

use super::*;

/// A day's second plus a part.
const START: Micros = Micros(1_788_431_318_300_000);

/// An exchange with a venue that is `ahead_us` ahead: so long there, and so long back.
fn reading(sent: Micros, ahead_us: i64, there_us: i64, back_us: i64) -> Reading {
    let made = sent.0 + there_us + ahead_us;
    Reading {
        sent,
        received: Micros(sent.0 + there_us + back_us),
        date_s: made.div_euclid(SECOND_US),
        freshness: Freshness::Made,
    }
}

fn later(ms: i64) -> Micros {
    Micros(START.0 + ms * 1_000)
}

#[test]
fn one_exchange_gives_the_offset_to_a_second_and_many_give_it_closely() {
    for ahead_ms in [0, 17, -480, 120_000, -120_000, 86_400_000] {
        let mut estimate = Estimate::default();
        for exchange in 0..200 {
            // Delays and phases of every kind, by a fixed rule.
            let sent = later(exchange * 1_370);
            let (there_us, back_us) =
                (3_000 + exchange * 7_919 % 40_000, 3_000 + exchange * 104_729 % 90_000);
            estimate.learn(reading(sent, ahead_ms * 1_000, there_us, back_us));
            let offset = estimate.offset(sent).unwrap();
            assert!((offset.ms - ahead_ms).abs() <= offset.uncertainty_ms, "{ahead_ms}: {offset:?}");
            assert!(exchange > 0 || offset.uncertainty_ms <= 570, "{offset:?}");
        }
        let offset = estimate.offset(later(200 * 1_370)).unwrap();
        assert!(offset.uncertainty_ms <= 60, "{ahead_ms}: {offset:?}");
    }
}

#[test]
fn a_delayed_exchange_spoils_nothing() {
    let mut estimate = Estimate::default();
    estimate.learn(reading(START, 0, 5_000, 5_000));
    let good = estimate.offset(START).unwrap();
    estimate.learn(reading(later(700), 0, 1_900_000, 5_000));
    assert!(estimate.offset(later(2_600)).unwrap().uncertainty_ms <= good.uncertainty_ms + 1);
}

#[test]
fn a_clock_that_jumps_is_followed_and_told() {
    let mut estimate = Estimate::default();
    let first = estimate.learn(reading(START, 0, 5_000, 5_000)).unwrap();
    assert_eq!((first.before, first.now.measured_at), (None, later(10)));
    assert_eq!(estimate.learn(reading(later(600), 0, 5_000, 5_000)), None, "the same again is no news");
    for ahead_ms in [120_000, -120_000, 3_000, 0] {
        let change = estimate.learn(reading(later(1_000), ahead_ms * 1_000, 5_000, 5_000)).unwrap();
        assert!((change.now.ms - ahead_ms).abs() <= change.now.uncertainty_ms, "{change:?}");
        let signed = estimate.venue_time(later(1_000)).0 - later(1_000).0;
        assert!((signed - ahead_ms * 1_000).abs() <= 510_000, "{ahead_ms}: {signed}");
    }
}

#[test]
fn an_answer_that_was_kept_on_the_way_does_not_set_the_clock_back() {
    let mut estimate = Estimate::default();
    let old = |freshness| Reading { freshness, ..reading(later(2_000), -55_000_000, 5_000, 5_000) };
    assert_eq!(estimate.learn(old(Freshness::Kept)), None);
    assert_eq!(estimate.offset(START), None, "alone it says nothing");
    estimate.learn(reading(START, 0, 5_000, 5_000));
    for freshness in [Freshness::Kept, Freshness::Unsure] {
        assert_eq!(estimate.learn(old(freshness)), None);
        assert!(estimate.offset(later(2_000)).unwrap().ms.abs() <= 510, "{freshness:?}");
    }
    assert!(estimate.learn(old(Freshness::Made)).is_some(), "nobody keeps answers to signed requests");
}

#[test]
fn frames_make_it_exact_and_never_move_it() {
    let mut estimate = Estimate::default();
    estimate.heard(later(0), later(2));
    assert_eq!(estimate.offset(START), None, "a frame alone may be of any age");
    estimate.learn(reading(START, 40_000, 5_000, 5_000));
    for frame in 0..50 {
        let received = later(frame * 100 + 3);
        estimate.heard(Micros(received.0 + 40_000 - 3_000), received);
    }
    assert!(estimate.our_time(later(1_040), later(5_000)).0 - later(1_000).0 <= 5_000);
    let before = estimate.offset(later(5_000)).unwrap();
    estimate.heard(Micros(i64::MAX), later(5_000));
    estimate.heard(later(86_400_000), later(5_000));
    estimate.heard(Micros(0), later(5_000));
    assert_eq!(estimate.offset(later(5_000)), Some(before), "one absurd frame");
    let change = estimate.learn(reading(later(6_000), 86_400_000_000, 5_000, 5_000));
    assert!(change.is_some(), "the next exchange decides");
}

#[test]
fn a_refusal_for_the_time_measures_anew_whatever_was_known() {
    let mut estimate = Estimate::default();
    estimate.learn(reading(START, 0, 5_000, 5_000));
    // Not disjoint from what was known, and yet the venue refused.
    let again = reading(later(500), 480_000, 5_000, 5_000);
    estimate.renew(again);
    assert_eq!(estimate.offset(later(510)), Bounds::of(again).map(Bounds::offset));
    estimate.doubt();
    let unsure = Reading { freshness: Freshness::Unsure, ..reading(later(900), 60_000_000, 5_000, 5_000) };
    assert!(estimate.learn(unsure).is_some(), "in doubt any exchange counts");
}

#[test]
fn data_is_never_of_the_future_and_never_old_for_want_of_a_measurement() {
    let estimate = Estimate::default();
    assert_eq!(estimate.our_time(later(-60_000), START), START);
    assert_eq!(estimate.venue_time(START), START);
    let mut estimate = Estimate::default();
    estimate.learn(reading(START, 120_000_000, 5_000, 5_000));
    assert_eq!(estimate.our_time(later(900_000), later(10)), later(10), "nothing is of the future");
    let minute_ago = estimate.our_time(later(120_000 - 60_000), later(10));
    assert!((minute_ago.0 - later(-60_000).0).abs() <= 1_020_000, "a minute old by the venue's clock");
    assert!(minute_ago.0 >= later(-60_000).0, "in doubt it is younger");
}

#[test]
fn nonsense_is_not_learned() {
    let mut estimate = Estimate::default();
    for date_s in [i64::MAX, i64::MIN] {
        assert_eq!(estimate.learn(Reading { date_s, ..reading(START, 0, 1, 1) }), None);
    }
    let backwards = Reading { received: later(-60_000), ..reading(START, 0, 5_000, 5_000) };
    assert_eq!((estimate.learn(backwards), estimate.offset(START)), (None, None));
    estimate.learn(Reading { date_s: 253_402_300_799, ..reading(START, 0, 5_000, 5_000) });
    assert!(estimate.venue_time(Micros(i64::MAX)).0 > 0, "no sum runs over");
}
