//! Reads of the venue that fail in part or in whole: what is needed for closing is known without the rest, and a
//! failed read lowers nothing (issue 7, B9, B16).

use model::causes::OperatorCause;
use model::decision::TruthDecision;
use model::read::TruthPart;
use model::{Decision, ExitReason, Exposure, Health, Lifecycle};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, quick_strangle};

#[test]
fn a_wallet_that_cannot_be_read_keeps_nothing_from_being_known_or_closed() {
    let mut world = World::new();
    world.venue.wallet_fails_until = later(&world, 10_000_000);
    world.start_and_enter(quick_strangle());
    world.run_ms(20_000);
    let failed = world.decisions().any(|decision| {
        matches!(decision, Decision::Truth(TruthDecision::Unknown { part: TruthPart::Wallet, .. }))
    });
    assert!(failed, "the wallet's failure is told");
    assert!(world.state().account.truth.unknown.is_none(), "positions are known");
    assert!(!is_unwell(&world, Health::VenueUnreachable));
    assert_eq!((world.lifecycle(), world.session().exposure), (Lifecycle::Running, Exposure::Open));
    let pressed = world.now;
    world.panic(None);
    world.run_until("STOPPED", 5, is_stopped);
    assert_ended(&world, ExitReason::Panic);
    assert!(world.now.0 - pressed.0 <= 2 * SECOND);
    world.run_until("verified flat", 20, World::is_account_flat);
}

#[test]
fn what_closes_a_position_does_not_even_ask_for_the_wallet() {
    let (mut world, id) = open_session();
    let before = world.records.len();
    stop(&mut world, &id);
    world.run_until("STOPPED", 10, is_stopped);
    let asked = world.records[before..].iter().filter_map(|record| match &record.decision {
        Decision::Truth(TruthDecision::Requested { purpose, .. }) => Some(purpose.reads_wallet()),
        _ => None,
    });
    assert!(asked.clone().count() >= 2 && !asked.clone().any(|wallet| wallet));
}

#[test]
fn reads_that_fail_lower_nothing_and_closing_goes_on_with_what_was_known() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 20_000);
    world.panic(None);
    world.run_ms(3_000);
    assert!(world.venue.is_flat(), "reduce-only closes of what was last known are safe");
    assert!(!verified(&world) && !is_stopped(&world), "and nothing is believed without reads");
    world.run_ms(6_000);
    assert_eq!(world.session().exposure, Exposure::Unknown);
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Panic);
    assert!(world.state().account.truth.unknown.is_none());
}

#[test]
fn an_unreachable_venue_is_told_after_five_seconds_and_again_when_it_answers() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 30_000);
    world.run_until("VENUE_UNREACHABLE", 30, |world| is_unwell(world, Health::VenueUnreachable));
    assert_eq!(world.session().position(&call()), -200);
    let known = world.state().account.truth.position(&call()).map(|read| read.lots);
    assert_eq!(known, Some(-200), "a read that failed says nothing, least of all that nothing is on");
    assert_eq!(told(&world, "position.mismatched"), 0);
    assert!(world.session().exit().is_none(), "the market is fresh: no reason to leave");
    world.run_until("it answers", 40, |world| !is_unwell(world, Health::VenueUnreachable));
    assert_eq!(world.lifecycle(), Lifecycle::Running);
}

#[test]
fn a_recovery_that_cannot_read_the_venue_asks_for_a_person_with_its_exits_armed() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 60_000);
    world.kill_and_restart();
    let boot = world.now;
    world.run_until("NEEDS_OPERATOR", 15, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    assert_eq!((world.now.0 - boot.0) / SECOND, 10, "after ten seconds, not for ever STARTING");
    assert!(matches!(world.session().needs_operator, Some(OperatorCause::Unread { .. })));
    assert_eq!(world.session().exposure, Exposure::Unknown);
    world.venue.reprice("1.51");
    world.run_until("an exit", 10, |world| world.session().exit().is_some());
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxLoss));
    world.run_ms(5_000);
    assert!(world.venue.is_flat(), "closed by what was last known");
    world.run_until("STOPPED", 60, is_stopped);
    assert_ended(&world, ExitReason::MaxLoss);
}

#[test]
fn exits_are_armed_while_a_recovery_still_waits_for_its_first_read() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 8_000);
    world.kill_and_restart();
    world.venue.reprice("1.51");
    world.run_until("an exit", 5, |world| world.session().exit().is_some());
    world.run_until("STOPPED", 40, is_stopped);
    assert_ended(&world, ExitReason::MaxLoss);
}

#[test]
fn a_recovery_that_can_read_again_pauses_by_itself() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 15_000);
    world.kill_and_restart();
    world.run_until("NEEDS_OPERATOR", 15, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    world.run_until("PAUSED", 15, |world| world.lifecycle() == Lifecycle::Paused);
    assert_eq!(world.session().exposure, Exposure::Open);
    assert!(world.session().needs_operator.is_none());
}

#[test]
fn one_differing_read_is_a_venue_that_lags_and_two_are_for_a_person() {
    let (mut world, _) = open_session();
    world.venue.empty_until = later(&world, 15_500);
    world.run_until("a differing read", 20, |world| world.session().mismatches == 1);
    world.venue.empty_until = model::Micros(0);
    world.run_until("agreement", 5, |world| world.session().mismatches == 0);
    assert_eq!((told(&world, "position.mismatched"), world.lifecycle()), (1, Lifecycle::Running));
    world.venue.empty_until = later(&world, 60_000);
    world.run_until("NEEDS_OPERATOR", 20, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    assert_eq!(world.session().mismatches, 2);
    assert!(matches!(world.session().needs_operator, Some(OperatorCause::Differs { .. })));
}

#[test]
fn two_answers_to_one_request_do_not_make_two_reads() {
    let (mut world, _) = open_session();
    world.venue.empty_until = later(&world, 17_000);
    world.run_until("a differing read", 20, |world| world.session().mismatches == 1);
    let same = world.inputs.iter().rev().find_map(|(_, input)| match input {
        model::Input::Truth(truth) => Some(truth.clone()),
        _ => None,
    });
    world.input(model::Input::Truth(same.expect("a read")));
    assert_eq!(world.session().mismatches, 1);
}
