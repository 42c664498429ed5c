//! Journals that are older than the venue, and processes that die in the middle (issue 7, B23; engine design,
//! section 8).

use model::causes::OperatorCause;
use model::input::{OperatorAction, ResolveChoice};
use model::order::Side;
use model::{ExitReason, Exposure, Lifecycle};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, put, quick_strangle};

/// Puts the journal back to what it was just before the first event of that name.
fn restore_before(world: &mut World, name: &str) {
    use telemetry::Event;
    let at = world.records.iter().position(|record| record.decision.name() == name).expect("it was told");
    world.restore_older(at);
}

#[test]
fn a_venue_newer_than_the_journal_needs_a_person() {
    // From before the first order was acknowledged, and from before anything was sent.
    for name in ["order.submitted", "entry.started", "entry.planned"] {
        let (mut world, id) = open_session();
        restore_before(&mut world, name);
        world.run_ms(12_000);
        assert_eq!(world.lifecycle(), Lifecycle::NeedsOperator, "{name}: {:#?}", world.tail(20));
        assert!(world.session().needs_operator.is_some());
        assert!(closes(&world).is_empty(), "what is on is a person's to explain");
        world.operate(OperatorAction::Resolve { session_id: id, choice: ResolveChoice::Close });
        world.run_until("STOPPED", 60, is_stopped);
        world.panic(None);
        world.run_until("verified flat", 60, World::is_account_flat);
        assert!(world.venue.is_flat(), "{name}: {:?}", world.venue.positions);
    }
}

#[test]
fn a_journal_from_the_middle_of_entry_finds_its_orders_and_closes_what_was_sold() {
    let (mut world, _) = open_session();
    restore_before(&mut world, "order.acknowledged");
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::EntryFailed);
}

#[test]
fn trades_that_cancel_out_are_no_agreement_after_a_restart() {
    let (mut world, _) = open_session();
    let now = world.now;
    // Bought and sold again while nobody looked: the position agrees, the books do not.
    world.venue.stream_dead_until = later(&world, 60_000);
    world.venue.by_hand(&call(), Side::Buy, 50, None, now);
    world.venue.by_hand(&call(), Side::Sell, 50, None, now);
    world.venue.by_hand(&put(), Side::Sell, 20, None, now);
    world.kill_for_ms(1_000);
    world.run_until("NEEDS_OPERATOR", 15, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    assert!(matches!(world.session().needs_operator, Some(OperatorCause::Unexplained { .. })));
}

#[test]
fn a_position_that_changed_while_the_process_was_dead_needs_a_person_with_exits_armed() {
    let (mut world, _) = open_session();
    world.venue.positions.insert(call(), -150);
    world.kill_for_ms(1_000);
    let boot = world.now;
    world.run_until("NEEDS_OPERATOR", 15, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    assert_eq!((world.now.0 - boot.0) / SECOND, 10, "one differing read may be a venue that lags");
    let Some(OperatorCause::Unexplained { ours, venue }) = &world.session().needs_operator else {
        panic!("{:?}", world.session().needs_operator);
    };
    assert_eq!((ours[&call()], venue[&call()], venue[&put()]), (-200, -150, -200), "both numbers");
    world.venue.reprice("1.51");
    world.run_until("STOPPED", 60, is_stopped);
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxLoss));
    assert!(world.venue.is_flat(), "{:?}", world.venue.positions);
}

#[test]
fn fills_that_came_while_the_process_was_dead_are_found() {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    world.start(quick_strangle());
    world.run_until("orders", 5, |world| world.venue.open_orders() == 2);
    world.venue.books.values_mut().for_each(|book| book.size = 1_000);
    world.kill_for_ms(2_000);
    world.run_until("PAUSED or out", 15, |world| world.lifecycle() != Lifecycle::Starting);
    assert_eq!((world.session().position(&call()), world.session().position(&put())), (-200, -200));
    world.run_ms(3_000);
    let entered = world.session().entry().completed_at.is_some();
    assert!(entered || world.session().exit().map(|exit| exit.reason) == Some(ExitReason::EntryFailed));
}

#[test]
fn an_order_that_was_journaled_and_never_sent_is_not_sent_by_the_next_process() {
    let mut world = World::new();
    world.start(quick_strangle());
    world.run_until("a choice", 8, |world| world.session().exposure == Exposure::Flat);
    assert!(world.venue.placed.is_empty());
    world.muted = true;
    world.run_until("orders", 5, |world| world.session().entry().started_at.is_some());
    world.kill_for_ms(1_000);
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::EntryFailed);
    assert!(world.venue.placed.is_empty(), "its price is stale: {:?}", world.venue.placed);
}

#[test]
fn a_close_that_was_journaled_and_never_sent_is_planned_anew() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("a read", 1, |world| !world.venue.reads.is_empty());
    world.muted = true;
    world.run_ms(150);
    assert_eq!(closes(&world).len(), 2);
    world.kill_for_ms(1_000);
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Operator);
}

#[test]
fn a_panic_that_was_journaled_goes_on_after_the_process_died() {
    let (mut world, _) = open_session();
    world.muted = true;
    world.panic(None);
    world.kill_for_ms(1_000);
    assert_eq!(world.lifecycle(), Lifecycle::Panicking);
    world.run_until("verified flat", 40, World::is_account_flat);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn flat_that_was_verified_before_the_process_died_is_verified_again() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("the first flat read", 10, |world| told(world, "exit.flat_seen") == 1);
    world.kill_for_ms(500);
    let before = told(&world, "exit.flat_seen");
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    let anew = told(&world, "exit.flat_seen") - before;
    assert_eq!(anew, 2, "what another process read is no read of this one");
    assert_eq!(world.session().exposure, Exposure::Flat);
}

#[test]
fn a_venue_stop_that_fired_while_the_process_was_dead_ends_the_session() {
    let (mut world, _) = open_session();
    world.venue.settle("90");
    world.kill_for_ms(5_000);
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Settlement);
    // 116 less 2 × 0.2 × 90, two fees of 0.5.
    assert_eq!(realized(&world), crate::support::dec("79"));
}

#[test]
fn closes_after_an_older_journal_was_put_back_have_names_of_their_own() {
    let (mut world, _) = open_session();
    // 50 of 200 are on offer: it takes several attempts.
    world.venue.books.values_mut().for_each(|book| book.size = 50);
    world.run_ms(500);
    world.panic(None);
    world.run_until("two attempts", 5, |world| closes(world).len() >= 4);
    let first = closes(&world)[0].1.client_order_id.clone();
    let at = world.records.iter().position(|record| match &record.decision {
        model::Decision::Order(model::decision::OrderDecision::Submitted(request)) => {
            request.client_order_id == first
        }
        _ => false,
    });
    // The latch is in the journal, its orders are not.
    world.restore_older(at.expect("it was sent"));
    assert!(closes(&world).is_empty() && world.state().account.latch.is_some());
    world.run_until("verified flat", 60, World::is_account_flat);
    assert!(world.venue.is_flat());
    let names: std::collections::BTreeSet<_> = world.venue.placed.iter().collect();
    assert_eq!(names.len(), world.venue.placed.len(), "no name is used twice");
}
