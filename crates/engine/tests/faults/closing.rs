//! Close orders: their kinds and prices, cancels that fail, protective orders, escalation, a settlement meanwhile
//! (issue 7, A6, B1, B3).

use model::causes::{CancelCause, LifecycleCause};
use model::decision::{ClosingDecision, OrderDecision, SessionDecision};
use model::order::{Order, OrderRequest, OrderSnapshot, OrderStatus, Purpose, Side, TimeInForce};
use model::record::DecisionRecord;
use model::{Decision, ExecutionMode, ExitReason, Input, Intent, Lifecycle, Price};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{call, dec, put, quick_strangle};

/// Nobody offers the call any more; what was offered.
fn take_offers(world: &mut World) -> Option<Price> {
    let ask = world.venue.books.get_mut(&call()).and_then(|book| book.ask.take());
    world.run_ms(500);
    ask
}

fn offer(world: &mut World, ask: Option<Price>) {
    world.venue.books.get_mut(&call()).expect("the book").ask = ask;
}

#[test]
fn a_panic_does_not_wait_for_reads_that_hang() {
    let mut world = World::new();
    world.start(quick_strangle());
    world.run_until("both legs", 8, |world| {
        world.venue.positions.values().filter(|lots| **lots == -200).count() == 2
    });
    world.run_until("both fills", 2, |world| {
        world.session().symbols().all(|leg| world.session().expected(leg) == -200)
    });
    world.venue.reads_hang_until = later(&world, 20_000);
    world.panic(None);
    world.run_ms(1_200);
    let closed: Vec<_> =
        closes(&world).into_iter().map(|(_, close)| (close.symbol.clone(), close.lots)).collect();
    assert!(closed.contains(&(call(), 200)) && closed.contains(&(put(), 200)), "{closed:?}");
    assert!(world.venue.positions.values().all(|lots| *lots == 0), "{:?}", world.venue.positions);
    assert_ne!(world.lifecycle(), Lifecycle::Stopped, "nothing was read: nothing is verified");
    world.run_until("STOPPED", 40, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn a_missing_ask_for_one_tick_makes_no_resting_order_at_the_edge_of_the_band() {
    let (mut world, id) = open_session();
    let ask = take_offers(&mut world);
    stop(&mut world, &id);
    world.run_until("a close", 1, |world| !closes(world).is_empty());
    offer(&mut world, ask);
    let (_, first) = closes(&world).into_iter().find(|(_, close)| close.symbol == call()).expect("a close");
    // The mark of 302 stands in for the best price: 302 × 1.01, up to the tick; the band's edge is 906.
    assert_eq!((shape(first), first.limit), ("limit", Some(dec("305.1"))));
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    assert_eq!(shapes(&world, &call()), ["limit", "limit"], "it was missing, then it was there");
    // 0.2 × (300 + 280 − 304 − 284) less four fees of 0.5.
    assert_eq!(realized(&world), dec("-3.6"));
}

#[test]
fn the_edge_of_the_band_comes_only_after_limits_and_a_market_order_found_nothing() {
    for (panic, expected) in [
        // Five attempts, and on as a panic.
        (false, &["limit", "limit", "limit", "market", "resting", "limit", "limit", "market", "resting"][..]),
        (true, &["limit", "limit", "market", "resting", "market", "resting", "market"][..]),
    ] {
        let (mut world, id) = open_session();
        take_offers(&mut world);
        if panic {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.run_ms(20_000);
        assert_eq!(shapes(&world, &call())[..expected.len()], *expected, "panic: {panic}");
        let resting = closes(&world).into_iter().find(|(_, close)| shape(close) == "resting");
        assert_eq!(
            resting.and_then(|(_, close)| close.limit),
            Some(dec("845.6")),
            "a tenth of the way back from three times the mark of 302"
        );
    }
}

#[test]
fn limits_step_from_one_to_five_percent_and_a_panic_begins_firm() {
    // Asks of 304 and 284; at least two ticks of 0.1, up to the tick.
    for (panic, expected) in [(false, ["307.1", "319.2", "319.2"]), (true, ["319.2", "319.2", ""])] {
        let (mut world, id) = open_session();
        refuse_orders(&mut world, 6, "rate_limit_exceeded");
        if panic {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.run_ms(4_500);
        let closes = closes(&world);
        let limits = closes.iter().filter(|(_, close)| close.symbol == call()).map(|(_, close)| close.limit);
        let limits: Vec<_> =
            limits.take(3).map(|limit| limit.map_or(String::new(), |it| it.to_string())).collect();
        assert_eq!(limits, expected, "panic: {panic}");
    }
}

#[test]
fn an_exit_that_goes_on_after_a_restart_waits_for_a_price_and_a_panic_does_not() {
    for (panic, silent, first) in
        [(false, false, "limit"), (false, true, "market"), (true, false, "market"), (true, true, "market")]
    {
        let (mut world, id) = open_session();
        world.muted = true;
        if panic {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.publishes = !silent;
        world.kill_for_ms(0);
        let boot = world.now;
        world.run_until("a close", 3, |world| !closes(world).is_empty());
        let (at, close) = closes(&world)[0];
        assert_eq!(shape(close), first, "panic {panic}, silent {silent}");
        assert!(at.0 - boot.0 <= 1_100_000, "at most a second: {} µs", at.0 - boot.0);
        world.run_until("STOPPED", 20, is_stopped);
        assert!(world.venue.is_flat());
    }
}

/// A session whose close rests at the edge of the band.
fn resting_close() -> (World, Option<Price>) {
    let (mut world, id) = open_session();
    let ask = take_offers(&mut world);
    stop(&mut world, &id);
    world.run_until("a resting close", 20, |world| resting(world).is_some());
    (world, ask)
}

fn resting(world: &World) -> Option<&Order> {
    let mut live = world.session().orders.live();
    live.find(|order| order.can_rest() && order.status == OrderStatus::New)
}

fn cancels(world: &World, cause: CancelCause) -> usize {
    let is = |decision: &&Decision| matches!(decision, Decision::Order(OrderDecision::CancelRequested { cause: known, .. }) if *known == cause);
    world.decisions().filter(is).count()
}

#[test]
fn a_cancel_that_failed_is_asked_for_again_also_by_a_panic() {
    for fault in
        [Fault::Rejected("rate_limit_exceeded"), Fault::LostRequest, Fault::NotSent, Fault::LostReply]
    {
        for panics in [false, true] {
            let (mut world, ask) = resting_close();
            world.venue.cancel_faults.extend([fault; 3]);
            world.run_until("the cancel", 5, |world| cancels(world, CancelCause::Reprice) > 0);
            if panics {
                world.panic(None);
            }
            world.run_ms(8_000);
            let asked = cancels(&world, CancelCause::Reprice);
            let least = if fault == Fault::LostReply { 1 } else { 4 };
            assert!(asked >= least, "{fault:?}: asked {asked} times");
            assert!(asked <= 20, "{fault:?}: and not without end, {asked} times");
            offer(&mut world, ask);
            world.run_until("STOPPED", 40, is_stopped);
            assert!(world.venue.is_flat() && world.venue.open_orders() == 0);
        }
    }
}

#[test]
fn a_cancel_that_was_journaled_and_never_sent_is_asked_for_again() {
    for panics in [false, true] {
        let (mut world, ask) = resting_close();
        world.muted = true;
        world.run_until("the cancel", 5, |world| cancels(world, CancelCause::Reprice) > 0);
        world.kill_for_ms(2_000);
        if panics {
            world.panic(None);
        }
        world.run_ms(6_000);
        assert!(cancels(&world, CancelCause::Reprice) >= 2, "{:#?}", world.tail(20));
        offer(&mut world, ask);
        world.run_until("STOPPED", 40, is_stopped);
        assert!(world.venue.is_flat() && world.venue.open_orders() == 0);
    }
}

/// Journals a protective order that rests at the venue, as a later version will place it.
pub fn protect(world: &mut World) {
    let leg = world.session().legs()[0].instrument.clone();
    let request = OrderRequest {
        client_order_id: model::ids::client_order_id(&world.session().id, "protect", 0, 1),
        product_id: leg.product_id,
        symbol: leg.symbol,
        side: Side::Buy,
        lots: 200,
        limit: Some(dec("1.5")),
        time_in_force: TimeInForce::Gtc,
        reduce_only: false,
        purpose: Purpose::Protect,
        leg: 0,
        attempt: 1,
    };
    world.venue.place(&request, world.now);
    let last = world.records.last().expect("records").clone();
    let decision = Decision::Order(OrderDecision::Submitted(request));
    let record = DecisionRecord {
        seq: last.seq + 1,
        session_id: world.latest.clone(),
        execution_mode: Some(ExecutionMode::Simulated),
        decision,
        ..last
    };
    world.records.push(record);
    world.kill_and_restart();
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
}

#[test]
fn a_resting_protective_order_blocks_neither_a_close_nor_its_verification() {
    let (mut world, id) = open_session();
    protect(&mut world);
    let began = world.now;
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    assert!(world.now.0 - began.0 <= 2_500_000, "as fast as without: {} µs", world.now.0 - began.0);
    assert_ended(&world, ExitReason::Operator);
    assert_eq!(cancels(&world, CancelCause::Unneeded), 1, "removed once its position is flat");
    // It goes only after the close: until then it protects.
    let names: Vec<_> = world.decisions().filter_map(order_event).collect();
    let filled = names.iter().position(|name| *name == "filled").expect("the close filled");
    let removed = names.iter().position(|name| *name == "removed").expect("it was removed");
    assert!(filled < removed);
}

fn order_event(decision: &Decision) -> Option<&'static str> {
    match decision {
        Decision::Order(OrderDecision::Filled(news)) => {
            (news.purpose == Purpose::Close && news.symbol == call()).then_some("filled")
        }
        Decision::Order(OrderDecision::CancelRequested { cause: CancelCause::Unneeded, .. }) => {
            Some("removed")
        }
        _ => None,
    }
}

#[test]
fn an_exit_that_finds_no_end_goes_on_as_a_panic_of_its_session_alone() {
    // The fifth refusal of one leg, or fifteen seconds: the reason stays what it was.
    let (mut world, id) = open_session();
    refuse_orders(&mut world, 40, "rate_limit_exceeded");
    stop(&mut world, &id);
    world.run_until("PANICKING", 16, |world| world.lifecycle() == Lifecycle::Panicking);
    let attempts = world.decisions().find_map(|decision| match decision {
        Decision::Closing(ClosingDecision::Escalated { attempts, .. }) => Some(*attempts),
        _ => None,
    });
    assert_eq!((attempts, told(&world, "exit.escalated")), (Some(5), 1), "after five attempts, once");
    assert!(world.state().account.latch.is_none(), "the latch binds this session alone");
    assert_eq!(world.session().intent, Intent::Panic);
    world.venue.faults.clear();
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    assert!(world.session().latch.is_none(), "spent at its STOPPED");
    assert_ne!(world.start(crate::support::quick_strangle()), id, "the next start is not refused");
    assert_eq!(world.lifecycle(), Lifecycle::Starting);
}

#[test]
fn an_exit_that_takes_fifteen_seconds_goes_on_as_a_panic() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    // Nothing leaves and nothing comes back, so that one attempt is all there is.
    world.muted = true;
    world.run_until("PANICKING", 20, |world| world.lifecycle() == Lifecycle::Panicking);
    assert_eq!(crate::recovered::escalated(&world), Some((15_050, 1)), "by the clock, not by attempts");
}

#[test]
fn a_settlement_while_closing_explains_the_zero_and_the_result_is_known() {
    let (mut world, id) = open_session();
    refuse_orders(&mut world, 100, "expired_product");
    stop(&mut world, &id);
    world.run_ms(2_000);
    world.venue.settle("120");
    world.venue.faults.clear();
    refuse_orders(&mut world, 100, "no_position_for_reduce_only");
    world.run_until("STOPPED", 40, is_stopped);
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::Operator));
    let summary = world.session().summary.as_ref().expect("a summary");
    // 116 of premium less 2 × 0.2 × 120, two fees of 0.5.
    assert_eq!((summary.gross, summary.net), (Some(dec("68")), Some(dec("67"))));
    assert_eq!(told(&world, "position.zero_explained"), 0, "nothing had to be written off");
}

#[test]
fn what_an_order_reports_as_filled_counts_before_its_fill_arrives() {
    let (mut world, id) = open_session();
    world.venue.stream_dead_until = later(&world, 60_000);
    world.venue.fills_empty_until = later(&world, 4_000);
    stop(&mut world, &id);
    world.run_ms(3_500);
    assert_eq!(shapes(&world, &call()), ["limit"], "nothing is closed twice");
    assert!(!is_stopped(&world), "the result is waited for");
    world.run_until("STOPPED", 20, is_stopped);
    assert_eq!(realized(&world), dec("-3.6"));
    let stopped = world.records.iter().rev().find_map(|record| match &record.decision {
        Decision::Session(SessionDecision::LifecycleChanged { to: Lifecycle::Stopped, cause, .. }) => {
            Some(cause)
        }
        _ => None,
    });
    assert_eq!(stopped, Some(&LifecycleCause::VerifiedFlat { reason: ExitReason::Operator }));
}

#[test]
fn a_snapshot_of_a_stranger_changes_nothing() {
    let (mut world, _) = open_session();
    let snapshot = OrderSnapshot {
        client_order_id: model::ClientOrderId::from("somebody-else"),
        order_id: model::OrderId::from("77"),
        status: OrderStatus::Filled,
        filled_lots: 200,
        average_price: None,
        reason: None,
    };
    let before = world.records.len();
    world.input(Input::Execution(model::input::ExecutionReport::Order(snapshot)));
    assert!(world.records.len() - before <= 4, "only the sampled evaluation");
    assert_eq!(world.session().position(&put()), -200);
}
