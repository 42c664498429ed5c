//! No false alarms: what a list of the venue shows of a moment ago is held against what has happened since (third
//! search, H11).

use model::causes::{CancelCause, HealthCause};
use model::decision::{AccountDecision, OrderDecision};
use model::{Decision, Health};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, put, quick_strangle, quick_strangle_eth};

/// Marks of what is on and not ours, and cancels of what nobody waits for.
fn alarms(world: &World) -> Vec<String> {
    let alarm = |decision: &&Decision| {
        matches!(
            decision,
            Decision::Account(AccountDecision::HealthChanged {
                health: Health::Unreconciled,
                on: true,
                cause: HealthCause::Foreign { .. } | HealthCause::OrdersRest { .. },
            }) | Decision::Order(OrderDecision::CancelRequested { cause: CancelCause::Orphan, .. })
        )
    };
    world.decisions().filter(alarm).map(telemetry::Event::message).collect()
}

#[test]
fn an_order_that_has_just_filled_is_no_order_that_nobody_waits_for() {
    for (panics, waits_ms) in
        (0..12).flat_map(|step| [(true, 6_000 + 150 * step), (false, 8_000 + 150 * step)])
    {
        let (mut world, id) = open_session();
        for symbol in [call(), put()] {
            world.venue.books.get_mut(&symbol).expect("the book").ask = None;
        }
        if panics {
            world.panic(Some(id.clone()))
        } else {
            stop(&mut world, &id)
        };
        world.run_ms(waits_ms);
        world.venue.reprice("1");
        world.run_until("STOPPED", 30, is_stopped);
        assert_eq!(
            alarms(&world),
            Vec::<String>::new(),
            "panic {panics}, {waits_ms} ms: {:#?}",
            world.tail(20)
        );
    }
}

#[test]
fn what_a_session_held_when_the_list_was_read_is_not_a_strangers_once_it_is_forgotten() {
    let mut world = World::new();
    let eth = world.start_and_enter(quick_strangle_eth());
    stop(&mut world, &eth);
    world.run_until("STOPPED", 20, |world| world.of(&eth).is_over());
    // The list is asked for ten seconds after an end: just then another session is on.
    world.run_ms(7_000);
    let btc = world.start_and_enter(quick_strangle());
    let listed = |world: &World| world.state().account.truth.account.clone().expect("a list");
    world.run_until("the list", 10, |world| listed(world).positions.contains_key(&call()));
    stop(&mut world, &btc);
    world.run_until("STOPPED", 20, |world| world.of(&btc).is_over());
    for _ in 0..6 {
        let id = world.start(quick_strangle_eth());
        stop(&mut world, &id);
        world.run_until("STOPPED", 20, |world| world.of(&id).is_over());
        assert!(listed(&world).positions.contains_key(&call()), "the list is the one of then");
    }
    world.run_ms(30_000);
    assert_eq!(alarms(&world), Vec::<String>::new());
    assert!(world.state().sessions.len() <= 8 && world.venue.is_flat());
    let next = world.start(quick_strangle());
    assert!(world.state().sessions.len() <= 4, "and then it is forgotten");
    assert!(world.state().session(&next).is_some());
}
