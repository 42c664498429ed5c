//! A panic of all is about the account, whatever the journal knows (issue 7, B5; case A02).

use model::decision::ClosingDecision;
use model::{Decision, Health, Lots};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, eth_call, put};

/// The position is on, and the process knows nothing of it.
fn lost() -> World {
    let (mut world, _) = open_session();
    world.lose_the_journal();
    world.latest = None;
    world
}

fn found(world: &World) -> Vec<(String, Lots)> {
    let found = world.decisions().filter_map(|decision| match decision {
        Decision::Closing(ClosingDecision::PositionFound { symbol, closing, .. }) => {
            assert!(closing.foreign, "it belongs to no session");
            Some((symbol.to_string(), closing.was))
        }
        _ => None,
    });
    found.collect()
}

#[test]
fn a_position_that_the_journal_does_not_know_is_shown_as_not_ours() {
    let mut world = lost();
    world.run_ms(1_500);
    let foreign = world.state().foreign_positions();
    assert_eq!(foreign.get(&call()), Some(&-200));
    assert_eq!(foreign.get(&put()), Some(&-200));
    assert!(world.state().account.health.contains(&Health::Unreconciled), "a mark of health");
    assert!(closes(&world).is_empty(), "shown, and left alone until a panic");
}

#[test]
fn a_panic_of_all_closes_what_a_lost_journal_does_not_know_and_is_flat_only_then() {
    let mut world = lost();
    world.panic(None);
    for _ in 0..1_200 {
        if world.is_account_flat() {
            break;
        }
        world.run_ms(50);
        assert!(!world.is_account_flat() || world.venue.is_flat(), "flat only once the account is flat");
    }
    assert!(world.is_account_flat() && world.venue.is_flat(), "{:#?}", world.tail(20));
    assert_eq!(found(&world), [(call().to_string(), -200), (put().to_string(), -200)]);
    world.run_ms(12_000);
    assert!(!world.state().account.health.contains(&Health::Unreconciled));
    world.acknowledge();
    assert!(world.state().account.latch.is_none());
}

#[test]
fn the_acknowledgement_is_refused_while_the_account_is_not_flat() {
    let mut world = lost();
    refuse_orders(&mut world, 1_000, "rate_limit_exceeded");
    world.panic(None);
    for _ in 0..30 {
        world.run_ms(1_000);
        world.acknowledge();
        assert!(world.state().account.latch.is_some() && !verified(&world));
    }
    world.venue.faults.clear();
    world.run_until("verified flat", 20, World::is_account_flat);
    assert!(world.venue.is_flat());
}

#[test]
fn a_strangers_position_in_another_contract_is_closed_by_a_panic_of_all_and_by_nothing_less() {
    let (mut world, id) = open_session();
    world.venue.positions.insert(eth_call(), 35);
    world.panic(Some(id));
    world.run_until("STOPPED", 20, is_stopped);
    world.run_ms(15_000);
    assert_eq!(world.venue.position(&eth_call()), 35, "the panic of one session leaves it alone");
    world.panic(None);
    world.run_until("verified flat", 40, World::is_account_flat);
    assert_eq!(world.venue.position(&eth_call()), 0);
    assert_eq!(found(&world), [(eth_call().to_string(), 35)]);
}

#[test]
fn an_older_journal_put_back_leaves_nothing_out_of_a_panic() {
    for keep in [3, 12, 20, 30] {
        let (mut world, _) = open_session();
        world.restore_older(keep);
        if world.latest.as_ref().is_some_and(|id| world.state().session(id).is_none()) {
            world.latest = None;
        }
        world.run_ms(1_000);
        world.panic(None);
        world.run_until("verified flat", 60, World::is_account_flat);
        assert!(world.venue.is_flat(), "of {keep} decisions: {:?}", world.venue.positions);
        assert_eq!(world.venue.open_orders(), 0);
    }
}

#[test]
fn a_list_that_lags_or_lies_ends_no_sweep() {
    let mut world = lost();
    world.venue.empty_until = later(&world, 4_000);
    world.panic(None);
    world.run_ms(3_900);
    assert!(
        !world.is_account_flat(),
        "an order of a process before this one may still arrive for seven seconds"
    );
    world.run_until("verified flat", 40, World::is_account_flat);
    assert!(world.venue.is_flat());
}

#[test]
fn wings_are_sold_after_the_shorts_are_bought() {
    let mut world = World::new();
    world.venue.positions.insert(call(), -100);
    world.venue.positions.insert(put(), 100);
    world.venue.books.get_mut(&call()).expect("the book").size = 40;
    world.panic(None);
    let mut worst = 0;
    for _ in 0..600 {
        world.run_ms(50);
        if world.venue.position(&call()) != 0 {
            worst = worst.max(100 - world.venue.position(&put()));
        }
        if world.is_account_flat() {
            break;
        }
    }
    assert_eq!(worst, 0, "the long stays until the short is gone");
    assert!(world.is_account_flat() && world.venue.is_flat(), "{:#?}", world.tail(20));
}
