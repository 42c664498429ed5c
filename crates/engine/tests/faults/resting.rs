//! Orders whose cancel has no effect: nothing is called flat while one of ours rests, what could not be canceled is
//! told, and a leg that was sold twice is seen.

use model::decision::{ClosingDecision, OrderDecision};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use model::{ClientOrderId, Decision, Health, Lifecycle, Session, SessionId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, dec, put, quick_strangle};

/// An entry of that session that the journal does not know rests far from the market.
fn rest_unknown(world: &mut World, id: &SessionId) -> ClientOrderId {
    let known = world.of(id).orders.iter().find(|order| order.request.symbol == call()).expect("an order");
    let request = OrderRequest {
        client_order_id: model::ids::client_order_id(id, "entry@boot0", 0, 9),
        limit: Some(dec("900")),
        time_in_force: TimeInForce::Gtc,
        ..known.request.clone()
    };
    let now = world.now;
    world.venue.place(&request, now);
    assert_eq!(world.venue.open_orders(), 1);
    request.client_order_id
}

fn flat_words(world: &World) -> usize {
    let of = |decision: &&Decision| {
        matches!(
            decision,
            Decision::Closing(
                ClosingDecision::FlatSeen { .. }
                    | ClosingDecision::VerifiedFlat { .. }
                    | ClosingDecision::Audited { flat: true, .. }
            )
        )
    };
    world.decisions().filter(of).count()
}

fn failed_cancels(world: &World) -> usize {
    let of = |decision: &&Decision| matches!(decision, Decision::Order(OrderDecision::CancelFailed { .. }));
    world.decisions().filter(of).count()
}

#[test]
fn nothing_is_flat_while_an_order_of_ours_rests_that_the_journal_does_not_know() {
    for (of_all, lies) in [(false, false), (false, true), (true, false), (true, true)] {
        let (mut world, id) = open_session();
        rest_unknown(&mut world, &id);
        (world.venue.cancels_fail, world.venue.cancels_lie) = (!lies, lies);
        world.panic((!of_all).then(|| id.clone()));
        world.run_ms(20_000);
        assert_eq!(flat_words(&world), 0, "all {of_all}, lies {lies}: {:#?}", world.tail(12));
        assert_ne!(world.of(&id).lifecycle, Lifecycle::Stopped);
        assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (0, 0), "it is closed");
        assert!(world.state().account.health.contains(&Health::Unreconciled), "it is marked");
        assert!(lies || failed_cancels(&world) > 1, "what failed is told, and tried again");

        (world.venue.cancels_fail, world.venue.cancels_lie) = (false, false);
        world.run_until("STOPPED", 20, |world| world.of(&id).is_over());
        assert_eq!(world.venue.open_orders(), 0);
        world.run_ms(20_000);
        assert!(!world.state().account.health.contains(&Health::Unreconciled), "{:#?}", world.tail(12));
    }
}

#[test]
fn entries_whose_cancels_are_a_lie_keep_a_close_from_its_end() {
    let mut world = World::new();
    world.venue.cancels_lie = true;
    for book in world.venue.books.values_mut() {
        book.bid = None;
    }
    let id = world.start(crate::support::quick_strangle());
    world.run_ms(4_000);
    world.panic(Some(id.clone()));
    world.run_ms(15_000);
    let open = world.venue.open_orders();
    assert!(open == 0 || !world.of(&id).is_over(), "{open} rest: {:#?}", world.tail(12));
}

#[test]
fn a_strangers_order_that_cannot_be_canceled_is_named() {
    let (mut world, id) = open_session();
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 200, Some("700"), now);
    world.run_ms(6_000);
    world.venue.cancels_fail = true;
    world.panic(None);
    world.run_until("verified flat", 40, World::is_account_flat);
    assert!(world.of(&id).is_over());
    assert!(failed_cancels(&world) > 0, "that it failed is told");
    let named = world.decisions().filter_map(|decision| match decision {
        Decision::Closing(ClosingDecision::VerifiedFlat { foreign_orders, .. }) => Some(*foreign_orders),
        _ => None,
    });
    assert_eq!(named.last(), Some(1), "and that it rests");
}

/// The first entry of the call is told as canceled and fills after the second.
fn sold_twice() -> (World, SessionId) {
    let (mut world, id) = open_session();
    let known = world.of(&id).orders.iter().find(|order| order.request.symbol == call()).expect("an order");
    let request = known.request.clone();
    assert_eq!(request.purpose, Purpose::Entry);
    let again =
        OrderRequest { client_order_id: model::ids::client_order_id(&id, "entry@boot0", 0, 9), ..request };
    let now = world.now;
    world.venue.fills_are_named = true;
    world.venue.place(&again, now);
    (world, id)
}

fn sold(session: &Session) -> i64 {
    session.position(&call())
}

#[test]
fn a_leg_that_was_sold_twice_needs_a_person_and_is_closed_whole() {
    let (mut world, id) = sold_twice();
    world.run_until("a person", 40, |world| world.of(&id).lifecycle == Lifecycle::NeedsOperator);
    assert_eq!(world.venue.position(&call()), -400);
    world.run_ms(15_000);
    assert_eq!(world.of(&id).lifecycle, Lifecycle::NeedsOperator, "and goes on needing one");
    stop(&mut world, &id);
    world.run_until("STOPPED", 30, |world| world.of(&id).is_over());
    assert_eq!(
        (world.venue.position(&call()), world.venue.position(&put())),
        (0, 0),
        "{}",
        sold(world.of(&id))
    );
}

#[test]
fn a_panic_of_all_takes_a_strangers_lots_though_the_other_leg_cannot_be_closed() {
    let (mut world, id) = open_session();
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 100, None, now);
    world.run_until("a person", 20, |world| world.of(&id).lifecycle == Lifecycle::NeedsOperator);
    // Nobody offers the put, and its mark is not known.
    world.venue.books.get_mut(&put()).expect("the book").ask = None;
    world.venue.refused_symbol = Some(put());
    world.panic(None);
    world.run_ms(15_000);
    assert!(!world.of(&id).is_over(), "the put cannot be closed");
    assert_eq!(world.venue.position(&call()), 0, "the call is, with what is not ours: {:#?}", world.tail(20));
}

/// Orders of the session's that rest at the venue in one leg, whatever our books say.
fn resting_in(world: &World, symbol: &model::Symbol) -> usize {
    let orders = world.venue.orders.values().filter(|order| !order.by_hand && !order.status.is_terminal());
    orders.filter(|order| &order.request.symbol == symbol).count()
}

#[test]
fn an_entry_is_not_repeated_on_the_word_of_a_cancels_answer() {
    for lies_ms in [2_500, 20_000] {
        let mut world = World::new();
        world.venue.cancels_lie = true;
        world.venue.books.values_mut().for_each(|book| book.size = 0);
        let id = world.start(crate::support::quick_strangle());
        let ends = later(&world, lies_ms);
        for _ in 0..6 * 20 {
            world.run_ms(50);
            world.venue.cancels_lie = world.now < ends;
            for symbol in [call(), put()] {
                let resting = resting_in(&world, &symbol);
                assert!(resting <= 1, "{resting} rest in {symbol}, lies {lies_ms}: {:#?}", world.tail(12));
            }
        }
        world.venue.books.values_mut().for_each(|book| book.size = 1_000);
        world.run_until("STOPPED", 60, |world| world.of(&id).is_over());
        assert!(world.venue.is_flat() && world.venue.open_orders() == 0, "{:#?}", world.tail(12));
        world.assert_replay();
    }
}

#[test]
fn an_entry_goes_on_as_soon_as_the_list_shows_the_order_before_as_ended() {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    world.start(crate::support::quick_strangle());
    world.run_ms(5_500);
    let attempts: Vec<_> = world.session().entry().attempts.values().copied().collect();
    assert_eq!(attempts, [4, 4], "three re-pricings in five seconds");
}

#[test]
fn while_the_list_cannot_be_read_an_entry_is_not_repeated_and_ends() {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    let id = world.start(crate::support::quick_strangle());
    world.run_until("orders", 5, |world| world.venue.open_orders() == 2);
    world.venue.reads_fail_until = later(&world, 8_000);
    world.run_ms(4_000);
    assert_eq!(world.session().orders.len(), 2, "{:#?}", world.tail(12));
    world.run_until("STOPPED", 60, |world| world.of(&id).is_over());
}

fn cancels(world: &World) -> usize {
    told(world, "order.cancel_requested")
}

/// Fills come one by one, and the word that an order has ended after them: between both nothing is left to cancel.
/// Catches: an entry that is complete by its fills and whose order is called given up and canceled.
#[test]
fn an_order_is_not_canceled_once_all_its_fills_are_known() {
    let mut world = World::new();
    world.venue.fills_come_first = true;
    let id = world.start_and_enter(quick_strangle());
    world.run_ms(2_500);
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    assert_eq!(cancels(&world), 0, "{:#?}", world.tail(12));
}

/// Catches: an order that nobody cancels, nobody looks up, and that is on its way for ever.
#[test]
fn an_order_whose_end_was_not_heard_is_looked_up() {
    let mut world = World::new();
    (world.venue.fills_come_first, world.venue.ends_get_lost) = (true, true);
    let id = world.start_and_enter(quick_strangle());
    world.run_ms(5_000);
    assert_eq!(world.of(&id).orders.live().count(), 0, "{:#?}", world.tail(12));
    assert!(told(&world, "order.lookup_requested") >= 2);
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    assert_eq!((cancels(&world), world.venue.is_flat()), (0, true), "{:#?}", world.tail(12));
}
