//! The engine's invariants over random worlds (engine design, section 7): venue faults of every kind, price moves,
//! buttons, strangers on the account, stalls, killed processes, lost and older journals, two underlyings. And the
//! replay of every one of them. `DELTASCOPE_FULL=1` runs many more.

#[path = "../support/mod.rs"]
mod support;

mod happenings;
mod invariants;

use happenings::{Happening, happening, live_through};
use model::restriction::Restrictions;
use model::{Lifecycle, Micros};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::world::World;
use support::{SECOND, quick_strangle, quick_strangle_eth};

/// The same worlds each time, so that a failure is a change; `DELTASCOPE_SEED` visits others.
fn config() -> ProptestConfig {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let full = std::env::var_os("DELTASCOPE_FULL").is_some();
    ProptestConfig {
        cases: if full { 10_000 } else { 1_000 },
        failure_persistence: None,
        max_shrink_iters: 400,
        rng_seed: RngSeed::Fixed(number("DELTASCOPE_SEED").unwrap_or(20_220_105)),
        ..ProptestConfig::default()
    }
}

/// Two sessions, or one; whatever happens to them; and a panic in the end.
fn live(happenings: &[Happening], [both, fills_come_first, ends_get_lost]: [bool; 3]) -> World {
    let mut world = World::new();
    (world.venue.fills_come_first, world.venue.ends_get_lost) = (fills_come_first, ends_get_lost);
    world.run_ms(1_000);
    world.start(quick_strangle());
    if both {
        world.start(quick_strangle_eth());
    }
    for happening in happenings {
        live_through(&mut world, happening);
        invariants::now(&world);
    }
    world
}

/// The end is given a venue to end in: it answers, and shows a book.
fn make_well(world: &mut World) {
    world.venue.faults.clear();
    world.venue.cancel_faults.clear();
    world.restricted_until = None;
    world.restrict(Restrictions::default());
    for until in [
        &mut world.venue.reads_fail_until,
        &mut world.venue.lookups_fail_until,
        &mut world.venue.empty_until,
        &mut world.venue.fills_empty_until,
        &mut world.venue.wallet_fails_until,
        &mut world.venue.stream_dead_until,
    ] {
        *until = Micros(0);
    }
    for book in world.venue.books.values_mut() {
        (book.size, book.frozen) = (1_000, false);
    }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever happens, a panic in the end leaves the whole account flat, and the journal explains it. The mutants
    /// that it was seen to catch stand in docs/laws.md.
    #[test]
    fn it_always_ends_flat(happenings in prop::collection::vec(happening(), 1..14), chance in any::<[bool; 3]>()) {
        let mut world = live(&happenings, chance);
        make_well(&mut world);
        world.run_ms(50);
        world.panic(None);
        world.run_until("verified flat", 400, World::is_account_flat);
        prop_assert!(world.venue.is_flat(), "the venue holds {:?}", world.venue.positions);
        prop_assert!(world.state().sessions.values().all(|session| session.lifecycle == Lifecycle::Stopped));
        invariants::now(&world);
        // The third look agrees, and nothing stirs after it.
        world.run_ms(12_000);
        prop_assert!(world.venue.is_flat() && world.is_account_flat());
        prop_assert_eq!(world.venue.open_orders(), 0, "no order of ours rests");
        invariants::over_the_journal(&world);
        invariants::books(&world);
        world.acknowledge();
        prop_assert!(world.state().account.latch.is_none(), "{:?}", world.tail(5));
        world.assert_replay();
    }

    /// Without a panic a session goes on or ends; it never gets stuck closing at a venue that is well.
    #[test]
    fn a_stop_ends_within_a_minute_of_a_venue_that_is_well(
        happenings in prop::collection::vec(happening(), 1..8), chance in any::<[bool; 2]>(),
    ) {
        let mut world = live(&happenings, [false, chance[0], chance[1]]);
        make_well(&mut world);
        let ids: Vec<_> = world.state().active().map(|session| session.id.clone()).collect();
        for session_id in ids {
            world.operate(model::input::OperatorAction::Stop { session_id });
        }
        let deadline = world.now.0 + 90 * SECOND;
        while world.state().active().next().is_some() && world.now.0 < deadline {
            world.run_ms(250);
        }
        let stuck: Vec<_> = world.state().active().map(|session| session.lifecycle).collect();
        prop_assert!(stuck.is_empty(), "{stuck:?}: {:#?}", world.tail(30));
        invariants::now(&world);
        invariants::over_the_journal(&world);
        world.assert_replay();
    }
}
