//! Books and marks that contradict each other for good: loss rules take the worse of what is known, and neither a profit
//! is taken nor a floor raised on what cannot be (siblings of case A17).

use model::{Configuration, ExitReason, Lifecycle};

use crate::support::book::Book;
use crate::support::world::World;
use crate::support::{call, dec, quick_strangle};

/// Both legs are sold at 300 and 280, 200 lots each; then the call's book is this.
fn with_call(bid: Option<&str>, ask: Option<&str>, mark: &str, stops: Configuration) -> World {
    let mut world = World::new();
    world.start_and_enter(stops);
    world.run_ms(2_500);
    let book = world.venue.books.get_mut(&call()).expect("the book");
    *book = Book { bid: bid.map(dec), ask: ask.map(dec), mark: dec(mark), ..book.clone() };
    world
}

#[test]
fn a_loss_is_seen_though_one_of_bid_offer_and_mark_denies_it() {
    for (bid, ask, mark) in [
        // An offer that nobody makes.
        (Some("900"), Some("0.5"), "900"),
        (None, Some("0.5"), "900"),
        (Some("899"), Some("1"), "902"),
        // A mark of nothing, which some feeds send for one that they do not know.
        (Some("900"), Some("904"), "0"),
        (Some("900"), None, "0"),
        (Some("900"), None, "300"),
    ] {
        let by_leg = Configuration {
            leg_stop_multiple: Some(dec("2")),
            max_loss: dec("100000"),
            day_loss_limit: None,
            ..quick_strangle()
        };
        for (stops, reason) in [(quick_strangle(), ExitReason::MaxLoss), (by_leg, ExitReason::LegStop)] {
            let mut world = with_call(bid, ask, mark, stops);
            let exit = |world: &World| world.session().exit().map(|exit| exit.reason);
            world.run_until(&format!("{reason} {bid:?} {ask:?} {mark}"), 5, |world| exit(world).is_some());
            assert_eq!(exit(&world), Some(reason), "{bid:?} {ask:?} {mark}");
        }
    }
}

#[test]
fn nothing_is_left_and_nothing_taken_because_one_of_the_three_is_absurd() {
    for (bid, ask, mark) in [
        (Some("4500"), Some("304"), "302"),
        (Some("300"), Some("304"), "0"),
        (Some("300"), Some("304"), "4500"),
        (Some("300"), Some("0.5"), "302"),
        (None, Some("0.5"), "302"),
        (None, Some("304"), "302"),
        (Some("0.1"), Some("304"), "302"),
    ] {
        let stops = Configuration { leg_stop_multiple: Some(dec("2")), ..quick_strangle() };
        let mut world = with_call(bid, ask, mark, stops);
        world.run_ms(10_000);
        assert_eq!(
            (world.session().exit(), world.lifecycle()),
            (None, Lifecycle::Running),
            "{bid:?} {ask:?} {mark}: {:#?}",
            world.tail(5)
        );
        assert!(!world.session().rules.trailing.active, "{bid:?} {ask:?} {mark}");
    }
}
