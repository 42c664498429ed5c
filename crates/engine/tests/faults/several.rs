//! Sessions side by side: leases, panics of one and of all, the context of every record, the day that they share.

use std::collections::BTreeSet;

use model::causes::EntryFailure;
use model::decision::{EntryDecision, OrderDecision, SessionDecision};
use model::refusal::Refusal;
use model::{Configuration, Decision, ExitReason, Lifecycle, SessionId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, dec, eth_call, eth_put, put, quick_strangle, quick_strangle_eth};

fn both() -> (World, SessionId, SessionId) {
    let mut world = World::new();
    let btc = world.start_and_enter(quick_strangle());
    let eth = world.start_and_enter(quick_strangle_eth());
    world.run_ms(2_500);
    (world, btc, eth)
}

#[test]
fn a_start_on_leased_instruments_is_refused_and_names_the_holder() {
    let (mut world, btc, _) = both();
    let before = world.records.len();
    let next = world.start_expecting(quick_strangle(), vec![call(), put()]);
    assert!(world.state().session(&next).is_none());
    let refusal = world.records[before..].iter().find_map(|record| match &record.decision {
        Decision::Session(SessionDecision::RequestRefused { refusal, .. }) => Some(refusal.clone()),
        _ => None,
    });
    assert_eq!(refusal, Some(Refusal::ProductLeased { symbol: call(), holder: btc }));
    assert_eq!(refusal.map(|refusal| refusal.code()), Some("PRODUCT_LEASED"));
}

#[test]
fn a_start_that_did_not_know_its_instruments_ends_as_it_chooses_leased_ones() {
    let (mut world, btc, _) = both();
    let next = world.start(quick_strangle());
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended_alone(&world, &next);
    let cause = world.decisions().find_map(|decision| match decision {
        Decision::Entry(EntryDecision::Failed { cause }) => Some(cause.clone()),
        _ => None,
    });
    assert_eq!(cause, Some(EntryFailure::Leased { symbol: call(), holder: btc.clone() }));
    assert_eq!(world.of(&btc).lifecycle, Lifecycle::Running);
    assert_eq!(world.venue.position(&call()), -200);
}

fn assert_ended_alone(world: &World, id: &SessionId) {
    assert_eq!(world.of(id).lifecycle, Lifecycle::Stopped);
    assert!(world.of(id).orders.is_empty());
}

#[test]
fn a_lease_is_free_again_once_its_session_stopped() {
    let (mut world, btc, _) = both();
    world.panic(Some(btc));
    world.latest = world.state().sessions.keys().next().cloned();
    world.run_until("STOPPED", 20, is_stopped);
    let held: BTreeSet<_> = world.state().account.leases.keys().cloned().collect();
    assert_eq!(held, BTreeSet::from([eth_call(), eth_put()]));
    world.start_and_enter(quick_strangle());
}

#[test]
fn a_panic_of_one_session_leaves_the_other_running() {
    let (mut world, btc, eth) = both();
    world.panic(Some(btc.clone()));
    world.run_until("the end of one", 20, |world| world.of(&btc).lifecycle == Lifecycle::Stopped);
    world.run_ms(15_000);
    assert_eq!((world.of(&eth).lifecycle, world.of(&eth).exit()), (Lifecycle::Running, None));
    assert_eq!((world.venue.position(&call()), world.venue.position(&eth_call())), (0, -200));
    assert!(world.state().account.latch.is_none());
    assert!(closes(&world).iter().all(|(_, close)| !close.symbol.as_str().contains("ETH")));
}

#[test]
fn a_panic_of_all_closes_both_and_only_then_is_the_account_flat() {
    let (mut world, btc, eth) = both();
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    assert!(world.venue.is_flat());
    for id in [&btc, &eth] {
        assert_eq!(world.of(id).lifecycle, Lifecycle::Stopped);
        assert_eq!(world.of(id).exit().map(|exit| exit.reason), Some(ExitReason::Panic));
    }
}

#[test]
fn each_record_carries_the_context_of_its_own_session() {
    let (mut world, btc, eth) = both();
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    let mut orders = 0;
    for record in &world.records {
        let Decision::Order(OrderDecision::Submitted(request)) = &record.decision else { continue };
        orders += 1;
        let eths = request.symbol.as_str().contains("ETH");
        let (id, name) = if eths { (&eth, "quick-strangle-eth") } else { (&btc, "quick-strangle") };
        assert_eq!(record.session_id.as_ref(), Some(id), "{request:?}");
        assert_eq!(record.configuration.as_deref(), Some(name));
        assert_eq!(record.strategy_id.as_deref(), Some("short_strangle"));
        assert!(record.execution_mode.is_some());
        assert!(request.client_order_id.as_str().starts_with(&model::ids::order_prefix(id)));
    }
    assert_eq!(orders, 8, "two entries and two closes each");
    for record in &world.records {
        let of_session =
            matches!(record.decision, Decision::Session(_) | Decision::Entry(_) | Decision::Rules(_));
        assert!(!of_session || record.session_id.is_some(), "{record:?}");
    }
}

#[test]
fn one_read_of_the_venue_serves_both() {
    let (mut world, ..) = both();
    let before = world.venue.reads.len();
    world.run_ms(60_000);
    let reads = world.venue.reads.len() - before;
    assert!(reads <= 10, "{reads} reads in a minute for two sessions");
}

#[test]
fn the_day_of_one_counts_what_the_other_would_lose() {
    // −45 of the first and −20 of the second are beyond a day's limit of 61, though each is within its own.
    let mut world = World::new();
    let limit = |configuration: Configuration| Configuration {
        day_loss_limit: Some(dec("61")),
        trailing: None,
        max_profit: None,
        ..configuration
    };
    world.start_and_enter(limit(quick_strangle()));
    world.start_and_enter(limit(quick_strangle_eth()));
    world.venue.reprice("1.35");
    world.run_until("the latch", 10, |world| world.state().account.latch.is_some());
    assert!(
        world
            .state()
            .sessions
            .values()
            .any(|session| { session.exit().is_some_and(|exit| exit.reason == ExitReason::DayLoss) })
    );
    world.run_until("verified flat", 20, World::is_account_flat);
    assert!(world.venue.is_flat());
}

#[test]
fn an_ended_session_is_panicked_anew_without_touching_who_holds_its_instruments_now() {
    let (mut world, btc, _) = both();
    world.panic(Some(btc.clone()));
    world.run_until("the end", 20, |world| world.of(&btc).lifecycle == Lifecycle::Stopped);
    world.run_ms(12_000);
    let next = world.start_and_enter(quick_strangle());
    world.run_ms(2_500);
    world.panic(Some(btc.clone()));
    world.run_ms(15_000);
    assert_eq!((world.of(&next).lifecycle, world.venue.position(&call())), (Lifecycle::Running, -200));
    assert!(world.of(&btc).latch.is_none(), "it found nothing of its own and is spent");
}

#[test]
fn what_a_start_expects_to_hold_is_held_before_its_strikes_are_chosen() {
    let mut world = World::new();
    world.run_ms(1_000);
    let first = world.start_expecting(quick_strangle(), vec![call(), crate::support::put()]);
    let second = world.start_expecting(quick_strangle(), vec![call()]);
    assert!(world.state().session(&first).is_some());
    assert!(world.state().session(&second).is_none(), "the call is the first one's");
}
