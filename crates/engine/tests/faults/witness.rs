//! An account that shows nothing and of which the journal knows nothing is flat only once something explains it: its
//! fills, and the margin that it blocks (issue 7, B0 and B5; cases A01 and A02 at once).

use model::decision::ClosingDecision;
use model::witness::Doubt;
use model::{Decision, Health};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{call, eth_call, put};

const FOR_EVER: i64 = 3_600_000;

/// The position is on, the process knows nothing of it, and the venue answers both lists with nothing for so long.
fn lost_and_hidden(ms: i64) -> World {
    let (mut world, _) = open_session();
    world.venue.empty_until = later(&world, ms);
    world.lose_the_journal();
    world.latest = None;
    world
}

/// An account with these lots of a stranger, sold longer ago than its fills are read, and both lists empty for so long.
fn old_and_hidden(ms: i64) -> World {
    let mut world = World::new();
    world.venue.positions.extend([(call(), -200), (eth_call(), -40)]);
    world.venue.empty_until = later(&world, ms);
    world.kill_and_restart();
    world
}

/// Flat is said only when it is so, and cleared only then.
fn run_honestly(world: &mut World, ms: i64) {
    for _ in 0..ms / 50 {
        world.run_ms(50);
        assert!(!world.is_account_flat() || world.venue.is_flat(), "{:#?}", world.tail(20));
    }
}

fn doubts(world: &World) -> Vec<Option<Doubt>> {
    let doubts = world.decisions().filter_map(|decision| match decision {
        Decision::Closing(ClosingDecision::Doubted { doubt }) => Some(doubt.clone()),
        _ => None,
    });
    doubts.collect()
}

fn is_unreconciled(world: &World) -> bool {
    world.state().account.health.contains(&Health::Unreconciled)
}

fn stays_latched(world: &mut World) {
    world.acknowledge();
    assert!(world.state().account.latch.is_some() && !world.is_account_flat(), "{:#?}", world.tail(20));
}

#[test]
fn what_the_lists_hide_is_closed_by_what_the_fills_say() {
    let mut world = lost_and_hidden(FOR_EVER);
    world.panic(None);
    run_honestly(&mut world, 30_000);
    assert!(world.venue.is_flat(), "{:?} {:#?}", world.venue.positions, world.tail(20));
    assert!(closes(&world).iter().all(|(_, request)| request.reduce_only));
    assert_eq!(closes(&world).len(), 2, "{:#?}", world.tail(20));
    assert!(world.is_account_flat(), "{:#?}", world.tail(20));
    world.acknowledge();
    assert!(world.state().account.latch.is_none());
}

#[test]
fn what_the_list_showed_once_is_not_gone_because_it_is_shown_no_more() {
    let (mut world, _) = open_session();
    world.lose_the_journal();
    world.latest = None;
    // The list of the start is on its way already; everything after it is empty, and so is the list of fills.
    world.venue.empty_until = later(&world, FOR_EVER);
    world.venue.fills_empty_until = later(&world, FOR_EVER);
    world.venue.wallet_fails_until = later(&world, FOR_EVER);
    world.panic(None);
    run_honestly(&mut world, 30_000);
    assert!(world.venue.is_flat() && world.is_account_flat(), "{:#?}", world.tail(20));
}

#[test]
fn fills_that_cannot_be_read_leave_it_unexplained_and_say_so() {
    let mut world = lost_and_hidden(FOR_EVER);
    world.venue.fills_fail_until = later(&world, 60_000);
    world.panic(None);
    run_honestly(&mut world, 4_000);
    assert!(doubts(&world).is_empty(), "not before it has lasted");
    run_honestly(&mut world, 50_000);
    assert!(matches!(doubts(&world)[..], [Some(Doubt::Unread { code: Some(_) })]), "{:?}", doubts(&world));
    assert!(is_unreconciled(&world));
    stays_latched(&mut world);
    run_honestly(&mut world, 30_000);
    assert!(world.venue.is_flat() && world.is_account_flat(), "{:#?}", world.tail(20));
}

#[test]
fn what_is_seen_is_closed_whether_fills_and_wallet_can_be_read_or_not() {
    let (mut world, _) = open_session();
    world.lose_the_journal();
    world.latest = None;
    world.venue.fills_fail_until = later(&world, FOR_EVER);
    world.venue.wallet_fails_until = later(&world, FOR_EVER);
    world.panic(None);
    world.run_until("closed", 5, |world| world.venue.is_flat());
    run_honestly(&mut world, 20_000);
    stays_latched(&mut world);
    world.venue.fills_fail_until = world.now;
    world.run_until("verified flat", 20, World::is_account_flat);
}

#[test]
fn blocked_margin_keeps_an_account_from_flat_when_its_fills_say_nothing() {
    let mut world = old_and_hidden(60_000);
    world.panic(None);
    run_honestly(&mut world, 50_000);
    assert!(matches!(doubts(&world)[..], [Some(Doubt::Margin { .. })]), "{:?}", doubts(&world));
    assert!(is_unreconciled(&world));
    stays_latched(&mut world);
    run_honestly(&mut world, 40_000);
    assert!(world.venue.is_flat() && world.is_account_flat(), "{:#?}", world.tail(20));
    assert_eq!(doubts(&world).last(), Some(&None), "told as over");
    world.run_ms(12_000);
    assert!(!is_unreconciled(&world));
}

#[test]
fn a_list_of_fills_that_hides_them_too_is_betrayed_by_the_margin() {
    let mut world = lost_and_hidden(30_000);
    world.venue.fills_empty_until = later(&world, 30_000);
    world.panic(None);
    run_honestly(&mut world, 60_000);
    assert!(world.venue.is_flat() && world.is_account_flat(), "{:#?}", world.tail(20));
}

#[test]
fn margin_of_what_is_no_option_is_nobodys_doubt() {
    let mut world = old_and_hidden(FOR_EVER);
    world.venue.elsewhere = 1;
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    assert!(doubts(&world).is_empty(), "{:?}", doubts(&world));
}

#[test]
fn a_flat_account_is_flat_whether_its_wallet_can_be_read_or_not() {
    for wallet_fails in [false, true] {
        let mut world = World::new();
        if wallet_fails {
            world.venue.wallet_fails_until = later(&world, FOR_EVER);
        }
        world.panic(None);
        world.run_until("verified flat", 12, World::is_account_flat);
        assert!(closes(&world).is_empty() && doubts(&world).is_empty());
        world.acknowledge();
        assert!(world.state().account.latch.is_none());
    }
}

#[test]
fn fills_that_do_not_go_back_far_enough_are_explained_by_a_refusal() {
    let mut world = World::new();
    let now = world.now;
    world.venue.by_hand(&call(), model::order::Side::Buy, 70, None, now);
    world.venue.positions.insert(call(), 0);
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    let (_, request) = closes(&world)[0];
    assert_eq!((request.lots, request.reduce_only, closes(&world).len()), (70, true, 1));
    let explained = world.decisions().any(|decision| {
        matches!(decision, Decision::Closing(ClosingDecision::ZeroExplained { lots: 70, .. }))
    });
    assert!(explained, "{:#?}", world.tail(20));
}

#[test]
fn a_contract_that_has_ended_is_over_whatever_its_fills_leave_on() {
    let mut world = World::new();
    let now = world.now;
    world.venue.by_hand(&put(), model::order::Side::Sell, 70, None, now);
    world.venue.positions.insert(put(), 0);
    refuse_orders(&mut world, 1, "invalid_contract");
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    assert_eq!(closes(&world).len(), 1);
}

#[test]
fn a_settlement_explains_a_zero() {
    let (mut world, _) = open_session();
    world.venue.settle("0");
    world.lose_the_journal();
    world.latest = None;
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    assert!(closes(&world).is_empty(), "{:#?}", world.tail(20));
    assert_eq!(told(&world, "panic.position_found"), 0, "what has been settled is nothing");
}

#[test]
fn margin_counts_as_an_options_while_nobody_knows_of_anything_else() {
    let mut world = old_and_hidden(FOR_EVER);
    world.venue.elsewhere_fails = true;
    world.panic(None);
    run_honestly(&mut world, 30_000);
    stays_latched(&mut world);
}

#[test]
fn what_a_person_closes_at_the_venue_is_seen_although_nothing_of_ours_moves() {
    let mut world = old_and_hidden(FOR_EVER);
    world.panic(None);
    run_honestly(&mut world, 20_000);
    stays_latched(&mut world);
    world.venue.positions.clear();
    world.run_until("verified flat", 20, World::is_account_flat);
}

#[test]
fn an_order_of_the_sweep_without_an_answer_is_looked_up() {
    for fault in [Fault::LostReply, Fault::LostRequest, Fault::Late(3_000)] {
        let (mut world, _) = open_session();
        world.lose_the_journal();
        world.latest = None;
        world.venue.faults.push_back(fault);
        world.panic(None);
        run_honestly(&mut world, 20_000);
        assert!(world.is_account_flat(), "{fault:?}: {:#?}", world.tail(20));
    }
}

#[test]
fn what_a_stranger_had_on_is_explained_beside_a_session_that_is_being_closed() {
    let (mut world, id) = open_session();
    world.venue.positions.insert(eth_call(), 35);
    world.kill_and_restart();
    world.run_ms(2_000);
    assert_eq!(world.state().foreign_positions().get(&eth_call()), Some(&35));
    // The stranger has closed it; the account's list lags and still shows it.
    refuse_orders(&mut world, 8, "rate_limit_exceeded");
    world.panic(None);
    world.run_ms(50);
    world.venue.positions.insert(eth_call(), 0);
    world.run_until("verified flat", 40, World::is_account_flat);
    assert!(told(&world, "panic.zero_explained") == 1, "{:#?}", world.tail(30));
    assert!(world.of(&id).summary.as_ref().is_some_and(|summary| summary.net.is_some()), "its own is known");
}
