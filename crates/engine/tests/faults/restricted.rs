//! Closing in an auction, in a disruption and in a maintenance (issue 10, point 6; engine design, section 7).

use model::gate::Gate;
use model::restriction::{Restriction, Restrictions};
use model::{ExitReason, Exposure, Lifecycle, Symbol};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, put, quick_strangle};

fn both(restriction: Restriction) -> Restrictions {
    Restrictions { venue: None, products: [(call(), restriction), (put(), restriction)].into() }
}

fn of_call(restriction: Restriction) -> Restrictions {
    Restrictions { venue: None, products: [(call(), restriction)].into() }
}

fn limits(world: &World, symbol: &Symbol) -> Vec<String> {
    let closes = closes(world);
    let of = closes.iter().filter(|(_, close)| &close.symbol == symbol);
    of.map(|(_, close)| close.limit.map_or_else(String::new, |limit| limit.normalize().to_string())).collect()
}

#[test]
fn nothing_is_sent_while_only_cancels_are_taken_and_all_of_it_when_that_ends() {
    for panics in [true, false] {
        let (mut world, id) = open_session();
        world.restrict(both(Restriction::CancelOnly));
        if panics {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.run_ms(25_000);
        assert_eq!(closes(&world).len(), 0, "{:#?}", world.tail(12));
        assert_eq!(
            (told(&world, "exit.restricted"), told(&world, "exit.escalated")),
            (1, 0),
            "panic {panics}"
        );
        assert_eq!(world.session().exposure, Exposure::Closing, "what is on is known");
        let view = model::view::session_view(world.state(), world.session(), world.now);
        let legs: Vec<String> =
            view.closing.into_iter().flat_map(|closing| closing.legs).map(|leg| leg.sentence).collect();
        let plain = "−200 lots are on; only cancels are taken: it is closed when the venue trades it again";
        assert_eq!(legs, [plain, plain], "the card says what happens next");
        let trades_at = world.now;
        world.restrict(Restrictions::default());
        world.run_until("closes", 1, |world| closes(world).len() == 2);
        assert!(closes(&world)[0].0.0 - trades_at.0 <= SECOND / 2, "at once");
        // The time in which nothing could be sent has not made an exit a panic.
        assert_eq!(limits(&world, &call())[0], if panics { "319.2" } else { "307.1" });
        world.run_until("STOPPED", 10, is_stopped);
        assert_ended(&world, if panics { ExitReason::Panic } else { ExitReason::Operator });
        assert_eq!((told(&world, "exit.unrestricted"), told(&world, "exit.escalated")), (1, 0));
    }
}

#[test]
fn what_trades_as_usual_does_not_wait_for_what_does_not() {
    let (mut world, id) = open_session();
    world.restrict(of_call(Restriction::CancelOnly));
    world.panic(Some(id));
    world.run_ms(3_000);
    assert_eq!((world.venue.positions[&call()], world.venue.positions[&put()]), (-200, 0));
    world.restrict(Restrictions::default());
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn a_wrong_word_of_the_stream_keeps_nobody_in_a_position() {
    let (mut world, id) = open_session();
    world.restrict(both(Restriction::CancelOnly));
    // It trades, and nobody says so.
    world.venue.restrictions = Restrictions::default();
    world.panic(Some(id));
    world.run_ms(29_000);
    assert_eq!(closes(&world).len(), 0);
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn a_close_that_is_tried_all_the_same_goes_once_in_half_a_minute() {
    let (mut world, _) = open_session();
    world.restrict(both(Restriction::CancelOnly));
    world.panic(None);
    world.run_ms(100_000);
    let sent: Vec<i64> =
        closes(&world).iter().filter(|(_, close)| close.symbol == call()).map(|(at, _)| at.0).collect();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(sent.windows(2).all(|pair| pair[1] - pair[0] >= 30 * SECOND), "{sent:?}");
    world.restrict(Restrictions::default());
    world.run_until("flat", 20, World::is_account_flat);
    assert!(world.venue.is_flat());
}

#[test]
fn after_minutes_of_waiting_closing_begins_at_once_and_not_at_the_pace_of_a_long_one() {
    let (mut world, id) = open_session();
    world.restrict(both(Restriction::CancelOnly));
    world.panic(Some(id));
    let sent = |world: &World| -> Vec<i64> {
        closes(world).iter().filter(|(_, close)| close.symbol == call()).map(|(at, _)| at.0).collect()
    };
    // Six refusals in a row: the seventh try would wait for five seconds.
    world.run_until("six tries", 200, |world| sent(world).len() == 6);
    world.run_ms(200);
    world.venue.books.values_mut().for_each(|book| book.size = 50);
    let trades_at = world.now.0;
    world.restrict(Restrictions::default());
    world.run_ms(4_800);
    let after: Vec<i64> =
        sent(&world).into_iter().filter(|at| *at >= trades_at).map(|at| at - trades_at).collect();
    assert!(after.len() >= 3 && after[0] <= SECOND / 5, "{after:?} µs");
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn in_an_auction_a_close_rests_at_our_own_side_and_goes_to_the_market_when_it_ends() {
    for panics in [true, false] {
        let (mut world, id) = open_session();
        world.restrict(both(Restriction::PostOnly));
        if panics {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.run_ms(8_000);
        // The bids; they are not placed anew while they are the price.
        assert_eq!(
            (shapes(&world, &call()), limits(&world, &call())),
            (vec!["passive"], vec!["300".to_owned()])
        );
        assert_eq!(limits(&world, &put()), ["280"]);
        world.venue.reprice("1.1");
        world.run_ms(4_000);
        assert_eq!(limits(&world, &call()), ["300", "330"], "it follows");
        assert_eq!(world.venue.position(&call()), -200, "nothing is matched");
        assert_eq!(told(&world, "exit.escalated"), 0);
        world.restrict(Restrictions::default());
        world.run_until("STOPPED", 10, is_stopped);
        assert_ended(&world, if panics { ExitReason::Panic } else { ExitReason::Operator });
        assert_eq!(shapes(&world, &call())[..2], ["passive", "passive"]);
        assert_ne!(shapes(&world, &call())[2], "passive", "the market is there");
    }
}

#[test]
fn a_close_in_an_auction_never_meets_the_other_side() {
    for (bid, ask, expected) in [
        // A crossed book, an empty own side, an empty other side, nothing but the mark of 302.
        (Some("305"), Some("304"), "303.9"),
        (None, Some("304"), "302"),
        (None, Some("301"), "300.9"),
        (Some("300"), None, "300"),
        (None, None, "302"),
    ] {
        let (mut world, id) = open_session();
        let book = world.venue.books.get_mut(&call()).expect("the book");
        (book.bid, book.ask) = (bid.map(dec), ask.map(dec));
        world.run_ms(500);
        world.restrict(both(Restriction::PostOnly));
        stop(&mut world, &id);
        world.run_ms(1_500);
        assert_eq!(limits(&world, &call()), [expected], "{bid:?} {ask:?}");
    }
}

#[test]
fn a_long_rests_at_the_offer() {
    let mut world = World::new();
    world.venue.positions.insert(call(), 200);
    world.restrict(both(Restriction::PostOnly));
    world.panic(None);
    world.run_ms(4_000);
    assert_eq!(limits(&world, &call()), ["304"], "{:#?}", world.tail(12));
    world.restrict(Restrictions::default());
    world.run_until("flat", 20, World::is_account_flat);
}

#[test]
fn without_a_price_nothing_rests_in_an_auction() {
    let (mut world, id) = open_session();
    world.publishes = false;
    world.run_ms(7_000);
    world.restrict(both(Restriction::PostOnly));
    stop(&mut world, &id);
    world.run_ms(3_000);
    assert_eq!(closes(&world).len(), 0);
    world.publishes = true;
    world.run_ms(1_000);
    assert_eq!(limits(&world, &call()), ["300"]);
}

#[test]
fn what_rests_when_only_cancels_are_left_stays_and_trades_in_its_turn() {
    let (mut world, id) = open_session();
    world.restrict(both(Restriction::PostOnly));
    world.panic(Some(id));
    world.run_ms(2_000);
    world.restrict(both(Restriction::CancelOnly));
    world.run_ms(5_000);
    assert_eq!((closes(&world).len(), world.venue.open_orders()), (2, 2));
    world.restrict(Restrictions::default());
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn a_restart_in_an_auction_hears_of_it_again() {
    let (mut world, id) = open_session();
    world.restrict(both(Restriction::PostOnly));
    world.panic(Some(id));
    world.run_ms(2_000);
    world.kill_for_ms(1_000);
    assert!(world.state().restricted.now.is_none(), "a process knows what it was told itself");
    world.run_ms(500);
    world.restrict(both(Restriction::PostOnly));
    world.run_ms(15_000);
    assert_eq!(world.venue.position(&call()), -200);
    assert_eq!(shapes(&world, &call()).last(), Some(&"passive"), "{:?}", shapes(&world, &call()));
    world.restrict(Restrictions::default());
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn in_a_maintenance_nothing_is_sent_and_what_is_on_is_unknown() {
    let (mut world, id) = open_session();
    world.restrict(Restrictions { venue: Some(Restriction::Maintenance), products: [].into() });
    world.venue.reads_fail_until = later(&world, 20_000);
    world.panic(Some(id));
    world.run_ms(19_000);
    assert_eq!((closes(&world).len(), told(&world, "exit.restricted")), (0, 1));
    assert_eq!((told(&world, "panic.blocked"), world.session().exposure), (1, Exposure::Unknown));
    world.run_ms(2_000);
    // The auction after it.
    world.restrict(both(Restriction::PostOnly));
    world.run_ms(10_000);
    assert_eq!(shapes(&world, &call()), ["passive"]);
    world.restrict(Restrictions::default());
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn nothing_is_entered_where_a_leg_does_not_trade() {
    let mut world = World::new();
    world.restrict(of_call(Restriction::PostOnly));
    world.start(quick_strangle());
    world.run_ms(8_000);
    assert_eq!(world.venue.placed.len(), 0, "{:#?}", world.tail(12));
    assert_eq!(
        (world.lifecycle(), world.session().entry().told_gate),
        (Lifecycle::Running, Some(Gate::VenueRestricted))
    );
    world.restrict(Restrictions::default());
    world.run_until("entry", 8, |world| world.session().entry().completed_at.is_some());
}
