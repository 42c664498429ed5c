//! What is on in a session's instruments and is not ours, or is ours and the journal does not know it: a close of one
//! session never calls that flat, touches nothing of a stranger's, and closes what carries our names.

use model::decision::ClosingDecision;
use model::input::{OperatorAction, ResolveChoice};
use model::{Decision, Health, Lifecycle, Money, SessionId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, eth_call, put, quick_strangle, quick_strangle_eth};

/// Every way in which a person closes one session.
const WAYS: [&str; 3] = ["panic", "stop", "resolve"];

fn close(world: &mut World, id: &SessionId, way: &str) {
    match way {
        "panic" => world.panic(Some(id.clone())),
        "stop" => stop(world, id),
        _ => {
            let choice = ResolveChoice::Close;
            world.operate(OperatorAction::Resolve { session_id: id.clone(), choice })
        }
    };
}

/// Lots that the last verification of that session left on in an instrument.
fn left(world: &World, id: &SessionId) -> Vec<(i64, i64)> {
    let of = |record: &&model::DecisionRecord| record.session_id.as_ref() == Some(id);
    let verified = world.records.iter().filter(of).filter_map(|record| match &record.decision {
        Decision::Closing(ClosingDecision::VerifiedFlat { left, .. }) => Some(left),
        _ => None,
    });
    let lots =
        |symbol| move |left: &std::collections::BTreeMap<_, i64>| left.get(&symbol).copied().unwrap_or(0);
    verified.map(|left| (lots(call())(left), lots(put())(left))).collect()
}

/// An open session whose journal was put back from a copy older than a decision of that name.
fn put_back_before(name: &str, fills_are_named: bool) -> (World, SessionId) {
    let (mut world, id) = open_session();
    world.venue.fills_are_named = fills_are_named;
    let at = world.records.iter().position(|record| telemetry::Event::name(&record.decision) == name);
    world.restore_older(at.expect("it was told"));
    world.run_until("NEEDS_OPERATOR", 12, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    (world, id)
}

/// Decisions of an entry before which a journal may end.
const ENDS: [&str; 3] = ["order.submitted", "entry.started", "entry.planned"];

#[test]
fn what_carries_our_names_is_ours_though_the_journal_is_older() {
    for (way, name) in WAYS.into_iter().flat_map(|way| ENDS.map(|name| (way, name))) {
        let (mut world, id) = put_back_before(name, true);
        assert_eq!(world.session().position(&call()), -200, "{way} {name}: {:#?}", world.tail(25));
        close(&mut world, &id, way);
        world.run_until("STOPPED", 20, is_stopped);
        assert!(world.venue.is_flat(), "{way} {name}: {:?}", world.venue.positions);
        assert_eq!(left(&world, &id), [(0, 0)], "{way} {name}");
        let summary = world.session().summary.as_ref().expect("a summary");
        assert!(summary.net.is_some_and(|net| net != Money::ZERO), "{way} {name}: {summary:?}");
    }
}

#[test]
fn what_nobody_claims_is_closed_as_far_as_it_may_be_ours_and_its_result_is_unknown() {
    for (way, name) in WAYS.into_iter().flat_map(|way| ENDS.map(|name| (way, name))) {
        let (mut world, id) = put_back_before(name, false);
        close(&mut world, &id, way);
        world.run_until("STOPPED", 30, is_stopped);
        assert!(world.venue.is_flat(), "{way} {name}: {:?} {:#?}", world.venue.positions, world.tail(30));
        assert_eq!(left(&world, &id), [(0, 0)], "{way} {name}");
        let summary = world.session().summary.as_ref().expect("a summary");
        assert_eq!(summary.net, None, "{way} {name}: what it was sold at is not known");
        world.run_ms(30_000);
        assert!(world.state().account.latch.is_none(), "{way} {name}: the audit finds nothing");
    }
}

#[test]
fn what_a_stranger_sold_while_nobody_watched_is_left_on_when_all_of_ours_was_sold() {
    let (mut world, id) = open_session();
    world.kill_for_ms(5_000);
    let at = model::Micros(world.now.0 - 2_000_000);
    world.venue.by_hand(&call(), model::order::Side::Sell, 100, None, at);
    world.run_until("a person", 20, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    close(&mut world, &id, "panic");
    world.run_until("STOPPED", 20, is_stopped);
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-100, 0));
    assert_eq!(left(&world, &id), [(-100, 0)]);
}

#[test]
fn a_strangers_position_is_never_called_flat_and_nobody_is_closed_for_it() {
    for way in WAYS {
        let mut world = World::new();
        world.venue.positions.extend([(call(), -200), (put(), -200)]);
        let other = world.start_and_enter(quick_strangle_eth());
        world.run_ms(1_000);
        let id = world.start(quick_strangle());
        world.run_until("a person", 15, |world| world.of(&id).lifecycle == Lifecycle::NeedsOperator);
        close(&mut world, &id, way);
        world.run_until("STOPPED", 20, |world| world.of(&id).is_over());
        assert_eq!(left(&world, &id), [(-200, -200)], "{way}: it is named");
        assert!(world.state().account.health.contains(&Health::Unreconciled), "{way}: and marked");
        world.run_ms(30_000);
        assert_eq!(world.state().foreign_positions().get(&call()), Some(&-200), "{way}");
        assert!(world.state().account.latch.is_none(), "{way}: nobody pressed PANIC of all");
        assert_eq!(world.of(&other).lifecycle, Lifecycle::Running, "{way}: ETH goes on");
        assert_eq!(world.venue.position(&call()), -200, "{way}: it is not ours");
        assert_ne!(world.venue.position(&eth_call()), 0);
        world.panic(None);
        world.run_until("verified flat", 30, World::is_account_flat);
        assert!(world.venue.is_flat(), "{way}: {:?}", world.venue.positions);
    }
}

#[test]
fn what_a_stranger_sold_beside_us_is_left_on_and_named() {
    for way in ["panic", "stop"] {
        let (mut world, id) = open_session();
        let now = world.now;
        world.venue.by_hand(&call(), model::order::Side::Sell, 100, None, now);
        world.run_until("a person", 20, |world| world.lifecycle() == Lifecycle::NeedsOperator);
        close(&mut world, &id, way);
        world.run_until("STOPPED", 20, is_stopped);
        assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-100, 0), "{way}");
        assert_eq!(left(&world, &id), [(-100, 0)], "{way}");
        assert!(world.state().account.health.contains(&Health::Unreconciled), "{way}");
        world.run_ms(30_000);
        assert!(world.state().account.latch.is_none(), "{way}");
    }
}

#[test]
fn pressing_start_takes_no_mark_away() {
    let mut world = World::new();
    world.venue.positions.insert(call(), -200);
    world.kill_and_restart();
    world.run_until("the mark", 10, |world| world.state().account.health.contains(&Health::Unreconciled));
    world.start_expecting(quick_strangle(), vec![call(), put()]);
    world.run_ms(5_000);
    assert!(world.state().account.health.contains(&Health::Unreconciled), "{:#?}", world.tail(12));
    assert_eq!(world.state().foreign_positions().get(&call()), Some(&-200));
}

#[test]
fn an_older_journal_closes_nothing_of_a_session_that_it_does_not_know() {
    let (mut world, first) = open_session();
    world.venue.fills_are_named = true;
    let kept = world.records.len();
    stop(&mut world, &first);
    world.run_until("STOPPED", 20, is_stopped);
    world.run_ms(15_000);
    world.start_and_enter(quick_strangle());
    world.run_ms(3_000);
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-200, -200));
    let sent = world.venue.orders.len();
    world.restore_older(kept);
    world.run_ms(30_000);
    assert_eq!(world.of(&first).position(&call()), 0, "its own close is booked: {:#?}", world.tail(20));
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-200, -200), "nobody asked");
    assert_eq!(world.venue.orders.len(), sent, "no order left: {:#?}", world.tail(20));
    assert!(world.state().account.health.contains(&Health::Unreconciled), "it is marked");
    world.panic(None);
    world.run_until("verified flat", 40, World::is_account_flat);
    assert!(world.venue.is_flat());
}
