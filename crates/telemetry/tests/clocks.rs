//! The browser's clock: measured offsets are believed where the way of the requests allows it, a clock that was put
//! right is followed, and what waited in a spool teaches nothing.

use proptest::prelude::*;
use serde_json::json;
use telemetry::{
    Micros,
    ingest::{Batch, ClockReading, SessionClock},
};

const NOW_MS: i64 = 1_764_000_000_000;

/// A batch sent over a way of so many milliseconds by a browser whose clock is wrong by `-offset`.
fn sent(offset_ms: i64, way_ms: i64) -> ClockReading {
    ClockReading { transit_ms: Some(offset_ms + way_ms), fresh: true, ..ClockReading::default() }
}

fn measured(reading: ClockReading, offset_ms: i64) -> ClockReading {
    ClockReading { measured_ms: Some(offset_ms), round_trip_ms: Some(40), ..reading }
}

/// What the session makes of the batches one after another.
fn offsets(readings: &[ClockReading]) -> Vec<i64> {
    let mut clock = SessionClock::default();
    readings
        .iter()
        .map(|reading| {
            clock.learn(*reading);
            clock.offset_ms(*reading)
        })
        .collect()
}

#[test]
fn a_clock_that_was_put_right_is_followed() {
    assert_eq!(offsets(&[sent(-600_000, 8), sent(0, 5)]), [-599_992, 5], "it was fast");
    assert_eq!(offsets(&[sent(600_000, 8), sent(0, 5)]), [600_008, 5], "it was slow");
    let small = [sent(-4_000, 8), sent(0, 9), sent(0, 5), sent(0, 7)];
    assert_eq!(offsets(&small), [-3_992, -3_992, -3_992, 7], "by little: at the third that says so");
    let stale = measured(sent(0, 5), -600_000);
    assert_eq!(offsets(&[measured(sent(-600_000, 8), -600_001), stale]), [-600_001, 5], "measured before");
    let over_a_jump = ClockReading { round_trip_ms: Some(-599_000), ..measured(sent(0, 5), -300_000) };
    assert_eq!(offsets(&[over_a_jump]), [5]);
}

#[test]
fn a_slow_way_is_no_jump() {
    assert_eq!(offsets(&[sent(0, 20), sent(0, 6_000), sent(0, 900), sent(0, 30)]), [20, 20, 20, 20]);
}

#[test]
fn the_measured_offset_is_the_best_there_is() {
    assert_eq!(offsets(&[measured(sent(-600_000, 4_000), -600_003)]), [-600_003]);
    assert_eq!(offsets(&[measured(sent(-600_000, 30), -600_003); 5]), [-600_003; 5]);
}

#[test]
fn what_waited_teaches_nothing() {
    let waited = ClockReading { fresh: false, ..sent(-600_000, 5) };
    let mut clock = SessionClock::default();
    clock.learn(sent(0, 7));
    clock.learn(waited);
    assert_eq!(clock.offset_ms(sent(0, 50)), 7);
    assert_eq!(clock.offset_ms(waited), 7, "its clock is that of the session");
    assert_eq!(clock.offset_ms(measured(waited, -600_000)), -600_000, "unless it was measured at its time");
}

#[test]
fn a_batch_says_whether_it_waited() {
    let reading = |health: serde_json::Value, t0: i64, d: i64| {
        let recs = json!([{ "d": 0, "l": 9 }, { "d": d, "l": 9 }]);
        let bid = "019ab5a4-2e3b-7c3d-8e4f-0123456789ab";
        let text = json!({ "v": 1, "bid": bid, "t0": t0, "self": health, "recs": recs }).to_string();
        Batch::read(&text).unwrap().clock(Micros::from_millis(NOW_MS + 30), Some(NOW_MS))
    };
    let fresh = reading(json!({ "off_ms": -3, "rtt_ms": 41 }), NOW_MS - 70_000, 69_000);
    assert_eq!(
        fresh,
        ClockReading { transit_ms: Some(30), measured_ms: Some(-3), round_trip_ms: Some(41), fresh: true }
    );
    for (health, t0, d) in [
        (json!({ "spooled": 1 }), NOW_MS, 0),
        (json!({ "spooled": true }), NOW_MS, 0),
        (json!({ "retry": 2 }), NOW_MS, 0),
        (json!({}), NOW_MS - 3_600_000, 5),
        (json!({}), NOW_MS + 600_000, 0),
    ] {
        assert!(!reading(health.clone(), t0, d).fresh, "{health}");
    }
}

proptest! {
    /// Target: within 100 ms at ten minutes off, whatever the ways, once one of the last ways was a usual one; and
    /// again after the clock was set. Catches: an offset that is kept for the life of the session.
    #[test]
    fn offsets_are_exact_before_and_after_a_jump(
        before in -600_000_i64..600_000, after in -600_000_i64..600_000,
        ways in prop::collection::vec(1_i64..90, 6..30),
    ) {
        let mut clock = SessionClock::default();
        for way in &ways {
            clock.learn(sent(before, *way));
            prop_assert!((clock.offset_ms(sent(before, *way)) - before).abs() <= 100);
        }
        for (place, way) in ways.iter().enumerate() {
            clock.learn(sent(after, *way));
            let error = (clock.offset_ms(sent(after, *way)) - after).abs();
            let small = (before - after).abs() <= 10_100;
            prop_assert!(error <= 100 || small && (place < 2 || (before - after).abs() <= 2_100), "{}", error);
        }
    }
}
