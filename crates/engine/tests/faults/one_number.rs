//! One absurd number does not make anybody leave by the margin rule, be it a wallet, a mark or a spot price: a second one
//! must say the same (a sibling of case A17).

use model::market::{Mark, MarketEvent, MarketSource, Spot};
use model::{ExitReason, Input, Underlying};

use crate::support::world::World;
use crate::support::{call, dec, quick_strangle};

/// A small account: 500 USD, of which 92 are maintenance margin.
fn small_account() -> World {
    let mut world = World::new();
    world.venue.wallets.push_back(dec("500"));
    world.start_and_enter(quick_strangle());
    world.run_ms(2_500);
    world
}

fn exit(world: &World) -> Option<ExitReason> {
    world.session().exit().map(|exit| exit.reason)
}

/// Just behind what the venue published.
fn hear(world: &mut World, event: MarketEvent) {
    world.input(Input::Market { events: vec![event] });
}

fn mark(world: &World, price: &str) -> MarketEvent {
    MarketEvent::Mark(Mark {
        symbol: call(),
        price: dec(price),
        band: None,
        delta: None,
        volatility: None,
        source: MarketSource::Stream,
        at: world.now,
    })
}

fn spot(world: &World, price: &str) -> MarketEvent {
    let underlying = Underlying::new("BTC");
    MarketEvent::Spot(Spot { underlying, price: dec(price), source: MarketSource::Stream, at: world.now })
}

#[test]
fn a_wallet_of_nothing_that_is_read_once_is_not_believed() {
    for absurd in ["0", "-1", "0.5"] {
        let mut world = small_account();
        world.venue.wallets.extend([dec(absurd), dec("500")]);
        world.run_ms(40_000);
        assert_eq!(exit(&world), None, "{absurd}: {:#?}", world.tail(6));
        assert_eq!(world.state().account.wallet.map(|(usd, _)| usd), Some(dec("500")));
    }
}

#[test]
fn a_wallet_that_two_reads_show_is_believed() {
    let mut world = small_account();
    world.venue.wallets.push_back(dec("1"));
    world.run_until("an exit", 20, |world| exit(world).is_some());
    assert_eq!(exit(&world), Some(ExitReason::Margin));
    let mut world = small_account();
    world.venue.wallets.push_back(dec("90000"));
    world.run_ms(20_000);
    assert_eq!(world.state().account.wallet.map(|(usd, _)| usd), Some(dec("90000")));
}

#[test]
fn one_absurd_mark_or_spot_price_is_no_margin_call() {
    for absurd in [mark, spot] {
        let mut world = small_account();
        let event = absurd(&world, "4600000");
        hear(&mut world, event);
        // The next one is two seconds away, as it may be at the venue.
        world.publishes = false;
        world.run_ms(1_900);
        world.publishes = true;
        world.run_ms(10_000);
        assert_eq!(exit(&world), None, "{:#?}", world.tail(6));
    }
}

#[test]
fn a_mark_or_a_spot_price_that_goes_on_saying_so_is_and_so_is_one_that_falls_silent() {
    for silent in [false, true] {
        let mut world = small_account();
        let book = world.venue.books.get_mut(&call()).expect("the book");
        book.mark = dec("4600");
        world.run_ms(600);
        world.publishes = !silent;
        world.run_until("an exit", 8, |world| exit(world).is_some());
        // Where the prices fall silent rules of loss may be sooner.
        assert!(silent || exit(&world) == Some(ExitReason::Margin), "{:?}", exit(&world));
    }
}
