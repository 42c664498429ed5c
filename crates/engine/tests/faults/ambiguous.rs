//! Orders of unknown outcome: looked up, never sent twice, never in the way of another leg, canceled when they appear
//! late (issue 7, B7, B8; cases A13, A16, A18).

use model::causes::CancelCause;
use model::decision::OrderDecision;
use model::order::{OrderStatus, Purpose};
use model::{Decision, ExitReason, Lifecycle};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{SECOND, call, put, quick_strangle};

#[test]
fn one_close_of_unknown_outcome_holds_up_no_other_leg() {
    let (mut world, _) = open_session();
    world.venue.faults.push_back(Fault::LostRequest);
    world.venue.lookups_fail_until = later(&world, 12_000);
    world.panic(None);
    world.run_ms(1_000);
    assert_eq!(world.venue.position(&put()), 0, "the other leg is closed at once");
    assert_eq!(world.session().expected(&put()), 0);
    world.run_ms(3_000);
    assert_eq!(
        world.venue.position(&call()),
        0,
        "and this one by a second order, after two seconds of doubt"
    );
    assert!(!is_stopped(&world), "the end waits for what may still fill");
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn a_look_up_that_finds_nothing_ends_no_order_while_its_signature_lives() {
    let (mut world, id) = open_session();
    world.venue.faults.push_back(Fault::Late(3_000));
    stop(&mut world, &id);
    world.run_until("a close", 1, |world| !closes(world).is_empty());
    let sent = closes(&world)[0].1.client_order_id.clone();
    let submitted = world.now;
    while world.now.0 < submitted.0 + 2_900_000 {
        let order = world.session().orders.get(&sent).expect("the order");
        assert!(!order.status.is_terminal(), "{:?} after {} µs", order.status, world.now.0 - submitted.0);
        world.run_ms(50);
    }
    assert!(told(&world, "order.missed") > 0, "a look-up did not find it");
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    let known = world.session().orders.get(&sent).map(|order| order.status);
    assert!(known.is_some_and(OrderStatus::is_terminal));
}

#[test]
fn an_order_that_never_arrived_is_given_up_after_seven_seconds() {
    let (mut world, id) = open_session();
    world.venue.faults.push_back(Fault::LostRequest);
    stop(&mut world, &id);
    world.run_until("STOPPED", 30, is_stopped);
    let given_up = world.decisions().find_map(|decision| match decision {
        Decision::Order(OrderDecision::NeverSent { age_ms, .. }) => Some(*age_ms),
        _ => None,
    });
    assert!(given_up.is_some_and(|age_ms| (7_000..8_500).contains(&age_ms)), "{given_up:?}");
    assert_ended(&world, ExitReason::Operator);
}

/// An entry order of the first leg arrives so late that it was given up.
fn late_entry(bid: &str) -> World {
    let mut world = World::new();
    world.venue.faults.push_back(Fault::Late(12_000));
    world.start(quick_strangle());
    world.run_until("STOPPED", 11, is_stopped);
    assert!(world.venue.is_flat());
    world.venue.books.get_mut(&call()).expect("the book").bid = Some(crate::support::dec(bid));
    world
}

#[test]
fn an_entry_that_rests_after_it_was_given_up_is_canceled() {
    let mut world = late_entry("250");
    world.run_ms(6_000);
    let late = world.venue.orders.values().find(|order| order.request.symbol == call()).expect("it arrived");
    assert_eq!((late.status, late.filled), (OrderStatus::Canceled, 0));
    let canceled = world.decisions().any(|decision| {
        matches!(decision, Decision::Order(OrderDecision::CancelRequested { cause: CancelCause::Late, .. }))
    });
    assert!(canceled && world.venue.is_flat());
}

#[test]
fn an_entry_that_fills_after_it_was_given_up_is_found_and_closed() {
    let mut world = late_entry("300");
    world.run_until("the fill", 6, |world| world.venue.position(&call()) == -200);
    world.run_until("verified flat", 40, World::is_account_flat);
    assert!(world.venue.is_flat());
    assert_eq!(world.lifecycle(), Lifecycle::Stopped);
}

/// What may go wrong with an order's way and its answer.
const FAULTS: [Fault; 3] = [Fault::LostReply, Fault::LostRequest, Fault::Late(4_000)];

fn skipping(world: &mut World, skip: usize, fault: Fault) {
    world.venue.faults.extend(std::iter::repeat_n(Fault::Passes, skip));
    world.venue.faults.push_back(fault);
}

#[test]
fn an_entry_whose_answer_is_lost_never_sells_more_than_was_asked_for() {
    for fault in FAULTS {
        for skip in 0..4 {
            let mut world = World::new();
            skipping(&mut world, skip, fault);
            let id = world.start(quick_strangle());
            for _ in 0..300 {
                world.run_ms(50);
                for symbol in [call(), put()] {
                    let lots = world.venue.position(&symbol);
                    assert!((-200..=0).contains(&lots), "{fault:?} {skip}: {lots} {symbol}");
                }
                one_live_entry_a_leg(&world);
            }
            stop(&mut world, &id);
            world.run_until("STOPPED", 30, is_stopped);
            assert!(world.venue.is_flat(), "{fault:?} {skip}: {:?}", world.venue.positions);
        }
    }
}

/// No second order under another id until the first is known.
fn one_live_entry_a_leg(world: &World) {
    for symbol in [call(), put()] {
        let entries = world.session().orders.live_in(&symbol);
        let entries = entries.filter(|order| order.request.purpose == Purpose::Entry);
        assert!(entries.count() <= 1, "two entries of {symbol} at once");
    }
}

#[test]
fn a_close_whose_answer_is_lost_ends_flat_and_never_turns_the_position_round() {
    for fault in FAULTS {
        for skip in 0..4 {
            let (mut world, id) = open_session();
            skipping(&mut world, skip, fault);
            stop(&mut world, &id);
            for _ in 0..600 {
                if is_stopped(&world) {
                    break;
                }
                world.run_ms(50);
                let worst = world.venue.positions.values().max().copied().unwrap_or(0);
                assert!(worst <= 0, "{fault:?} {skip}: turned round");
            }
            assert_ended(&world, ExitReason::Operator);
            let ids: std::collections::BTreeSet<_> = world.venue.placed.iter().collect();
            assert_eq!(ids.len(), world.venue.placed.len(), "no order is sent twice");
        }
    }
}

#[test]
fn an_ambiguous_close_is_looked_up_and_not_taken_for_filled() {
    // Case A13: an answer without its sizes is ambiguous; only the look-up says what became of it.
    let (mut world, id) = open_session();
    world.venue.faults.push_back(Fault::LostRequest);
    world.venue.faults.push_back(Fault::LostRequest);
    stop(&mut world, &id);
    world.run_ms(400);
    assert_eq!(world.session().expected(&call()), -200, "nothing counts as filled");
    assert!(told(&world, "order.lookup_requested") >= 2, "{:#?}", world.tail(10));
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Operator);
}

#[test]
fn a_lone_leg_is_closed_and_the_failure_says_which_leg_was_refused() {
    for skip in [0, 1] {
        for fault in [
            Fault::Rejected("rate_limit_exceeded"),
            Fault::Rejected("insufficient_margin"),
            Fault::LostReply,
            Fault::LostRequest,
        ] {
            let mut world = World::new();
            skipping(&mut world, skip, fault);
            world.start(quick_strangle());
            world.run_until("an end of entry", 30, |world| {
                is_stopped(world) || world.session().entry().completed_at.is_some()
            });
            let entered = world.session().entry().completed_at.is_some();
            assert_eq!(entered, fault == Fault::LostReply, "{fault:?} {skip}");
            if !entered {
                assert_ended(&world, ExitReason::EntryFailed);
                assert_eq!(told(&world, "entry.failed"), 1);
            }
        }
    }
}

#[test]
fn an_acknowledgement_that_never_comes_is_asked_for_after_five_seconds() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    // The order is lost on the wire: neither an answer nor an error reaches us.
    while closes(&world).is_empty() {
        let read = !world.venue.reads.is_empty() && world.session().flatten().is_some();
        world.muted = read;
        world.run_ms(50);
    }
    world.muted = false;
    let sent = closes(&world)[0].0;
    world.run_until("ambiguous", 8, |world| told(world, "order.ambiguous") > 0);
    let waited = world.now.0 - sent.0;
    assert!((5 * SECOND..6 * SECOND).contains(&waited), "{waited} µs");
    world.run_until("STOPPED", 40, is_stopped);
    assert_ended(&world, ExitReason::Operator);
}
