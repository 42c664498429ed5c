//! Margin, time, exposure and latch.

use model::closing::Latch;
use model::rules::{Measure, Rule, Verdict};
use model::{Configuration, Decimal, ExitReason, Micros, PanicId};

use super::desk::{Desk, MS, call, configuration, dec, put};

#[test]
fn equity_is_held_against_one_and_a_half_times_the_maintenance_margin() {
    // Maintenance of a strangle: 2 × 0.2 × 46,000 × 0.005 = 92. What is open is worth −0.2 × both marks.
    for (wallet, of_call, ratio, verdict) in [
        // 1,000 − 0.2 × 1,196 = 760.8 over 92.
        ("1000", "620", "8.27", Verdict::Holds),
        // 377.2 − 239.2 = 138, exactly 1.5 times.
        ("377.2", "620", "1.5", Verdict::Near),
        ("377.1", "620", "1.5", Verdict::Confirming),
        ("377.2", "621", "1.5", Verdict::Confirming),
        ("392.6", "620", "1.67", Verdict::Holds),
        ("100", "620", "-1.51", Verdict::Confirming),
    ] {
        let mut desk = Desk::sold(configuration());
        desk.asks(of_call, "580");
        desk.state.account.wallet = Some((dec(wallet), desk.now));
        let reading = desk.reading(Rule::Margin);
        assert_eq!((reading.value, reading.verdict), (Some(dec(ratio)), verdict), "{wallet} {of_call}");
        assert_eq!(reading.threshold, Some(dec("1.5")));
        let fires = verdict == Verdict::Confirming;
        assert_eq!(desk.fires_after_ms(Rule::Margin, true), fires.then_some(400), "{wallet} {of_call}");
    }
}

#[test]
fn margin_counts_all_that_is_open_on_the_account() {
    let mut desk = Desk::sold(configuration());
    desk.state.account.wallet = Some((dec("754.4"), desk.now));
    // Alone: (754.4 − 239.2) / 92 = 5.6; with another like it: (754.4 − 478.4) / 184 = 1.5.
    assert_eq!(desk.reading(Rule::Margin).value, Some(dec("5.60")));
    desk.beside("s-other");
    assert_eq!(desk.reading(Rule::Margin).value, Some(dec("1.50")));
}

#[test]
fn margin_waits_for_a_wallet_a_mark_and_something_open() {
    let mut desk = Desk::sold(configuration());
    assert_eq!(desk.reading(Rule::Margin).verdict, Verdict::Blocked, "no wallet");
    desk.state.account.wallet = Some((dec("1000"), desk.now));
    desk.state.markets.get_mut(&put()).expect("its market").mark = None;
    assert_eq!(desk.reading(Rule::Margin).verdict, Verdict::Blocked, "no mark");
    desk.trade(call(), model::order::Side::Buy, 200, "620");
    desk.trade(put(), model::order::Side::Buy, 200, "580");
    assert_eq!(desk.reading(Rule::Margin).verdict, Verdict::NotArmed);
}

#[test]
fn what_was_paid_and_received_is_in_the_wallet_already() {
    // The call was bought back dear: cash changes, and the wallet with it; what is open is the put alone.
    let mut desk = Desk::sold(configuration());
    desk.trade(call(), model::order::Side::Buy, 200, "1000");
    desk.state.account.wallet = Some((dec("184.6"), desk.now));
    // (184.6 − 0.2 × 578) / 46.
    assert_eq!(desk.reading(Rule::Margin).value, Some(dec("1.50")));
}

#[test]
fn time_is_up_at_square_off_or_after_the_longest_holding() {
    const MINUTE: i64 = 60_000;
    // Expiry is nine days after the sale; square-off 30 minutes before it.
    let square_off = 9 * 24 * 60 * MINUTE - 30 * MINUTE;
    for (holding, waits_ms, left_s, used, verdict) in [
        (None, 0, square_off / 1_000, 0, Verdict::Holds),
        (None, square_off - 1_000, 1, 99, Verdict::Near),
        (None, square_off, 0, 100, Verdict::Fires),
        (Some(10), 5 * MINUTE, 300, 50, Verdict::Holds),
        (Some(10), 9 * MINUTE, 60, 90, Verdict::Near),
        (Some(10), 10 * MINUTE - 1, 0, 99, Verdict::Near),
        (Some(10), 10 * MINUTE, 0, 100, Verdict::Fires),
        (Some(60 * 24 * 60), square_off, 0, 100, Verdict::Fires),
    ] {
        let mut desk = Desk::sold(Configuration { holding_minutes_max: holding, ..configuration() });
        let sold_at = desk.now;
        desk.wait_ms(waits_ms);
        let reading = desk.reading(Rule::Time);
        assert_eq!((reading.verdict, reading.used_percent), (verdict, Some(used)), "{holding:?} {waits_ms}");
        assert_eq!(reading.value, Some(Decimal::from(left_s)), "{holding:?} {waits_ms}");
        let until = holding.map_or(square_off, |minutes| (minutes * MINUTE).min(square_off));
        assert_eq!(reading.measure, Measure::Until { at: Micros(sold_at.0 + until * MS) });
        assert_eq!(desk.fires(Rule::Time), verdict == Verdict::Fires);
    }
}

#[test]
fn time_fires_on_no_data_at_all() {
    let mut desk = Desk::sold(Configuration { holding_minutes_max: Some(1), ..configuration() });
    desk.state.markets.clear();
    desk.wait_ms(60_000);
    assert!(desk.fires(Rule::Time));
}

#[test]
fn the_holding_time_counts_from_the_end_of_entry() {
    let mut desk = Desk::sold(Configuration { holding_minutes_max: Some(1), ..configuration() });
    let round =
        desk.state.sessions.get_mut(&desk.id).expect("it is there").rounds.last_mut().expect("a round");
    round.entry.completed_at = None;
    desk.wait_ms(600_000);
    assert!(!desk.fires(Rule::Time), "without it only square-off counts");
}

#[test]
fn a_latch_is_read_and_left_to_its_own_judge() {
    let latch = |at| Latch {
        panic_id: PanicId::from("p"),
        who: "admin".to_owned(),
        reason: ExitReason::Panic,
        at,
        correlation_id: telemetry::CorrelationId::from_bits(2),
        presses: 1,
        pressed_at: at,
        verified_flat_at: None,
    };
    let mut desk = Desk::sold(configuration());
    assert_eq!(desk.reading(Rule::Latch).verdict, Verdict::Holds);
    desk.state.account.latch = Some(latch(desk.now));
    assert_eq!(desk.reading(Rule::Latch).verdict, Verdict::Fires);
    assert!(!desk.fires(Rule::Latch));
    desk.state.account.latch = None;
    desk.state.sessions.get_mut(&desk.id).expect("it is there").latch = Some(latch(desk.now));
    assert_eq!(desk.reading(Rule::Latch).measure, Measure::Latch { set: true });
}

#[test]
fn exposure_is_confirmed_by_a_read_and_doubted_by_two_that_differ() {
    use model::read::ReadMark;
    use model::truth::PositionRead;
    let mut desk = Desk::sold(configuration());
    assert_eq!(desk.reading(Rule::Exposure).verdict, Verdict::Confirming, "no read yet");
    let mark = ReadMark { request: 1, requested_at: desk.now, read_at: desk.now };
    for symbol in [call(), put()] {
        let read = PositionRead { lots: -200, shown_at: desk.now, mark };
        desk.state.account.truth.positions.insert(symbol, read);
    }
    for (mismatches, verdict) in
        [(0, Verdict::Holds), (1, Verdict::Confirming), (2, Verdict::Fires), (3, Verdict::Fires)]
    {
        desk.state.sessions.get_mut(&desk.id).expect("it is there").mismatches = mismatches;
        let reading = desk.reading(Rule::Exposure);
        assert_eq!(reading.verdict, verdict, "{mismatches}");
        let venue = Some(vec![Some(-200), Some(-200)]);
        assert_eq!(reading.measure, Measure::Lots { ours: vec![-200, -200], venue });
        assert!(!desk.fires(Rule::Exposure), "a person is asked by another judge");
    }
}

#[test]
fn the_first_in_their_order_acts_and_the_others_are_told() {
    let mut desk = Desk::sold(Configuration {
        day_loss_limit: Some(dec("60")),
        leg_stop_multiple: Some(dec("1.4")),
        holding_minutes_max: Some(1),
        ..configuration()
    });
    desk.state.account.wallet = Some((dec("300"), desk.now));
    desk.wait_ms(60_000);
    desk.asks("1000", "580");
    desk.evaluate();
    desk.wait_ms(1_000);
    desk.keep_fresh();
    let fires = desk.evaluate().fires;
    assert_eq!(fires, [Rule::Margin, Rule::DayLoss, Rule::MaxLoss, Rule::LegStop, Rule::Time]);
}
