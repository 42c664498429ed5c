//! A stranger's lots beside ours in the same contract: reduce-only protects only the sum, so a close whose outcome is
//! not known is repeated only as far as what is surely ours (third search, H2).

use model::order::Side;
use model::{Lifecycle, Lots, SessionId};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, put};

/// An open session, and a stranger who sold so many lots of its call, seen by the private stream or not.
fn shared(by_hand: Lots, heard: bool) -> (World, SessionId) {
    let (mut world, id) = open_session();
    if !heard {
        world.venue.stream_dead_until = later(&world, 60_000);
    }
    world.venue.fills_are_named = true;
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, by_hand, None, now);
    if heard {
        world.run_until("a person", 20, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    }
    (world, id)
}

fn close(world: &mut World, id: &SessionId, panics: bool) {
    if panics {
        world.panic(Some(id.clone()))
    } else {
        stop(world, id)
    };
}

/// Until it has stopped, with the stranger's lots never touched.
fn left_alone(world: &mut World, theirs: Lots, what: &str) {
    for _ in 0..40 * 20 {
        if is_stopped(world) {
            break;
        }
        world.run_ms(50);
        let on = world.venue.position(&call());
        assert!(on <= -theirs, "{what}: {on} are on, {theirs} are a stranger's: {:#?}", world.tail(25));
    }
    assert!(is_stopped(world), "{what}: {:#?}", world.tail(25));
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-theirs, 0), "{what}");
    let net = world.session().summary.as_ref().and_then(|summary| summary.net);
    assert_eq!(net, Some(dec("-3.6")), "{what}: what ours made is known");
    world.assert_replay();
}

/// What becomes of closes: they arrive late, their answers are lost, they never arrive.
const FAULTS: [Fault; 4] = [Fault::Late(2_000), Fault::Late(4_500), Fault::LostReply, Fault::LostRequest];

#[test]
fn a_close_of_unknown_outcome_is_not_repeated_on_a_strangers_lots() {
    for (fault, panics) in FAULTS.into_iter().flat_map(|fault| [(fault, true), (fault, false)]) {
        for (count, heard) in [(2, true), (8, true), (2, false), (8, false)] {
            let (mut world, id) = shared(100, heard);
            world.venue.faults.extend(std::iter::repeat_n(fault, count));
            close(&mut world, &id, panics);
            left_alone(&mut world, 100, &format!("{fault:?} × {count}, panic {panics}, heard {heard}"));
        }
    }
}

#[test]
fn what_no_signature_can_change_any_more_is_known_by_the_position() {
    // Neither the answer nor a look-up says what became of the close: after seven seconds the position does.
    for fault in [Fault::LostReply, Fault::LostRequest, Fault::Late(2_000)] {
        let (mut world, id) = shared(100, true);
        world.venue.faults.push_back(fault);
        world.venue.lookups_fail_until = later(&world, 30_000);
        let pressed = world.now;
        close(&mut world, &id, true);
        world.run_until("ours is closed", 10, |world| world.venue.position(&call()) >= -100);
        assert!(world.now.0 - pressed.0 < 9 * SECOND, "{fault:?}: not for ever");
        left_alone(&mut world, 100, &format!("{fault:?}"));
    }
}

#[test]
fn a_position_that_cannot_be_read_is_not_reduced_twice_beside_a_strangers() {
    let (mut world, id) = shared(100, true);
    world.venue.reads_fail_until = later(&world, 20_000);
    world.venue.faults.push_back(Fault::Late(3_000));
    close(&mut world, &id, true);
    left_alone(&mut world, 100, "blind");
}

#[test]
fn a_close_of_unknown_outcome_waits_for_nobody_where_no_stranger_is() {
    for panics in [true, false] {
        let (mut world, id) = open_session();
        world.venue.faults.push_back(Fault::LostRequest);
        world.venue.lookups_fail_until = later(&world, 12_000);
        close(&mut world, &id, panics);
        world.run_until("the call is closed", 4, |world| world.venue.position(&call()) == 0);
        world.run_until("STOPPED", 30, is_stopped);
    }
}

#[test]
fn a_panic_of_all_waits_for_no_strangers_lots() {
    let (mut world, _) = shared(100, true);
    world.venue.faults.push_back(Fault::LostRequest);
    world.venue.lookups_fail_until = later(&world, 12_000);
    world.panic(None);
    world.run_until("all is closed", 4, |world| world.venue.is_flat());
}

#[test]
fn a_resting_close_that_was_told_as_canceled_may_still_take_a_strangers_lots() {
    for panics in [true, false] {
        let (mut world, id) = shared(100, true);
        world.venue.cancels_lie = true;
        let book = world.venue.books.get_mut(&call()).expect("the book");
        let ask = book.ask.take();
        close(&mut world, &id, panics);
        world.run_ms(25_000);
        assert!(shapes(&world, &call()).contains(&"resting"), "{:?}", shapes(&world, &call()));
        world.venue.books.get_mut(&call()).expect("the book").ask = ask;
        world.run_ms(2_000);
        assert_eq!(world.venue.position(&call()), -100, "panic {panics}: {:#?}", world.tail(25));
        world.venue.cancels_lie = false;
        world.run_until("STOPPED", 40, is_stopped);
        assert_eq!(world.venue.position(&call()), -100, "panic {panics}");
    }
}
