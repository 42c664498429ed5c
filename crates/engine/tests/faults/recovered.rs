//! What a recovery finds at the venue beside its own books, number by number, and what a drain, an escalation and an
//! audit come to in the end (issue 7, C).

use std::collections::BTreeMap;

use model::causes::OperatorCause;
use model::decision::ClosingDecision;
use model::input::OperatorAction;
use model::record::DecisionRecord;
use model::{Decision, ExitReason, Exposure, Lifecycle, Lots, SessionId};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, put, quick_strangle};

/// A session with 200 sold of each that was killed, and a venue that shows these lots from then on.
fn recovering(of_call: Lots, of_put: Lots) -> (World, SessionId) {
    let (mut world, id) = open_session();
    world.venue.positions.extend([(call(), of_call), (put(), of_put)]);
    world.kill_for_ms(1_000);
    (world, id)
}

#[test]
fn a_difference_has_ten_seconds_to_go_away_after_a_restart_and_then_is_for_a_person() {
    // The venue's call and put; for how long, in milliseconds; what becomes of it.
    for (of_call, of_put, ms, lifecycle) in [
        (-200, -200, 0, Lifecycle::Paused),
        (-150, -200, 9_000, Lifecycle::Paused),
        (0, 0, 9_000, Lifecycle::Paused),
        (-150, -200, 11_000, Lifecycle::NeedsOperator),
        (-200, -210, 11_000, Lifecycle::NeedsOperator),
        (0, 0, 11_000, Lifecycle::NeedsOperator),
        (200, -200, 11_000, Lifecycle::NeedsOperator),
    ] {
        let (mut world, _) = recovering(of_call, of_put);
        let boot = world.now;
        world.run_ms(ms);
        if ms > 0 && lifecycle == Lifecycle::Paused {
            assert_eq!(world.lifecycle(), Lifecycle::Starting, "{of_call} {of_put}: it may be a lag");
            assert_eq!(world.session().exposure, Exposure::Unknown);
            world.venue.positions.extend([(call(), -200), (put(), -200)]);
        }
        world.run_until("its end", 2, |world| world.lifecycle() == lifecycle);
        let cause = world.session().needs_operator.clone();
        let shown = |of_call, of_put| BTreeMap::from([(call(), of_call), (put(), of_put)]);
        if lifecycle == Lifecycle::NeedsOperator {
            let (ours, venue) = (shown(-200, -200), shown(of_call, of_put));
            assert_eq!(cause, Some(OperatorCause::Unexplained { ours, venue }));
            let asked = world
                .records
                .iter()
                .find(|record| telemetry::Event::name(&record.decision) == "session.operator_needed");
            let waited = asked.map(|record| (record.at.0 - boot.0) / SECOND);
            assert_eq!(waited, Some(10), "{of_call} {of_put}");
            let reads = world.venue.reads.iter().filter(|at| (boot.0..boot.0 + 10 * SECOND).contains(&at.0));
            assert!((18..=22).contains(&reads.count()), "twice a second");
        } else {
            assert_eq!((cause, world.session().exposure), (None, Exposure::Open));
        }
    }
}

#[test]
fn nothing_is_concluded_after_a_restart_while_an_order_of_unknown_outcome_is_not_looked_up() {
    for fault in [Fault::LostReply, Fault::LostRequest] {
        let mut world = World::new();
        world.venue.faults.push_back(fault);
        world.start(quick_strangle());
        let is_sent = |world: &World| world.session().orders.live().next().is_some();
        world.run_until("an order of the entry", 10, is_sent);
        world.venue.lookups_fail_until = later(&world, 7_000);
        world.kill_for_ms(1_000);
        let known = world.records.len();
        world.run_ms(5_900);
        // The venue's positions are read twelve times meanwhile, and may agree with books that lack the fill.
        assert_eq!(world.lifecycle(), Lifecycle::Starting, "{fault:?}");
        let concluded =
            |record: &&DecisionRecord| telemetry::Event::name(&record.decision).starts_with("session.");
        let early: Vec<_> = world.records[known..].iter().filter(concluded).collect();
        assert!(early.is_empty(), "{fault:?}: {early:#?}");
        world.run_until("its end", 60, is_stopped);
        assert!(world.venue.is_flat(), "{fault:?}");
        assert!(world.session().orders.iter().all(|order| order.status.is_terminal()), "{fault:?}");
    }
}

/// Lots that close orders of each leg have traded.
fn closed(world: &World) -> (Lots, Lots) {
    let of = |symbol| {
        let orders = world.session().orders.iter().filter(|order| order.request.reduce_only);
        orders.filter(|order| order.request.symbol == symbol).map(|order| order.filled_lots).sum()
    };
    (of(call()), of(put()))
}

#[test]
fn what_differs_after_a_restart_is_closed_as_far_as_it_may_be_ours() {
    // The venue's call and put; what is closed of each; the result.
    for (of_call, of_put, lots, net) in [
        (-200, -200, (200, 200), Some("-3.6")),
        // 50 of ours are gone, nobody knows at what price.
        (-150, -200, (150, 200), None),
        (0, -200, (0, 200), None),
        (0, 0, (0, 0), None),
        // All trades are read and none explains the 10: after our 200 they are closed as well.
        (-200, -210, (200, 210), None),
    ] {
        let (mut world, id) = recovering(of_call, of_put);
        world.run_ms(11_000);
        stop(&mut world, &id);
        world.run_until("STOPPED", 40, is_stopped);
        assert_eq!(closed(&world), lots, "{of_call} {of_put}");
        assert!(world.venue.is_flat(), "{of_call} {of_put}: {:?}", world.venue.positions);
        let summary = world.session().summary.as_ref().expect("a summary");
        assert_eq!(summary.net, net.map(dec), "{of_call} {of_put}");
    }
}

#[test]
fn a_drained_session_ends_with_the_numbers_of_its_settlement() {
    // 116 of premium less 0.2 × both prices at which it settles, two fees of 0.5.
    for (price, gross, net) in [("120", "68", "67"), ("0", "116", "115"), ("400", "-44", "-45")] {
        let (mut world, id) = open_session();
        world.operate(OperatorAction::Drain { session_id: id });
        world.run_ms(2_000);
        world.venue.settle(price);
        world.run_until("STOPPED", 60, is_stopped);
        assert_ended(&world, ExitReason::Settlement);
        assert!(closes(&world).is_empty(), "nothing was left to close");
        let summary = world.session().summary.as_ref().expect("a summary");
        assert_eq!((summary.gross, summary.net), (Some(dec(gross)), Some(dec(net))), "at {price}");
        assert_eq!(realized(&world), dec(net));
    }
}

/// When an exit went on as a panic, milliseconds after it began, and after how many attempts.
pub fn escalated(world: &World) -> Option<(i64, u32)> {
    world.decisions().find_map(|decision| match decision {
        Decision::Closing(ClosingDecision::Escalated { attempts, elapsed_ms }) => {
            Some((*elapsed_ms, *attempts))
        }
        _ => None,
    })
}

#[test]
fn an_exit_goes_on_as_a_panic_with_its_fifth_attempt_on_a_leg() {
    // Refusals of the call's closes; the put is closed by its first. One attempt a second, and 1.6 s after the fourth
    // refusal in a row.
    for (refusals, expected) in [(3, None), (4, Some((4_650, 5))), (9, Some((4_650, 5)))] {
        let (mut world, id) = open_session();
        world.venue.faults.extend([Fault::Rejected("rate_limit_exceeded"), Fault::Passes]);
        refuse_orders(&mut world, refusals - 1, "rate_limit_exceeded");
        stop(&mut world, &id);
        world.run_until("STOPPED", 40, is_stopped);
        assert_ended(&world, ExitReason::Operator);
        assert_eq!(escalated(&world), expected, "{refusals} refusals");
        assert_eq!(shapes(&world, &put()), ["limit"]);
    }
}
