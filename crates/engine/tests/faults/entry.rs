//! Entry: plans that age, pauses in the middle of it, the day's limit at the door, draining (issue 7, B12, B13, B15).

use model::causes::EntryFailure;
use model::decision::{EntryDecision, SessionDecision};
use model::gate::Gate;
use model::input::OperatorAction;
use model::refusal::Refusal;
use model::{Configuration, Decision, ExitReason, Exposure, Input, Lifecycle, Micros, SessionId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, quick_strangle, quick_strangle_eth};

fn pause(world: &mut World, session_id: &SessionId) {
    world.operate(OperatorAction::Pause { session_id: session_id.clone() });
}

fn resume(world: &mut World, session_id: &SessionId) {
    world.operate(OperatorAction::Resume { session_id: session_id.clone() });
}

/// Paused before anything was sent.
fn paused_before_entry() -> (World, SessionId) {
    let mut world = World::new();
    let id = world.start(quick_strangle());
    pause(&mut world, &id);
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
    assert!(world.session().entry().plan.is_some() && world.session().orders.is_empty());
    (world, id)
}

/// The plan that an entry followed was at most a minute old, and not nothing.
fn assert_young_plan(world: &World) {
    let mut planned = None;
    for record in &world.records {
        match &record.decision {
            Decision::Entry(EntryDecision::Planned { credit, .. }) => planned = Some((record.at, *credit)),
            Decision::Entry(EntryDecision::Started { plan_credit, .. }) => {
                let (at, credit) = planned.expect("a plan before an entry");
                assert!(record.at.0 - at.0 <= 60 * SECOND, "the plan is {} µs old", record.at.0 - at.0);
                assert_eq!(credit, *plan_credit);
                assert!(*plan_credit > dec("0"), "a missing plan is no plan of 0");
            }
            _ => {}
        }
    }
}

#[test]
fn a_plan_older_than_a_minute_is_not_followed() {
    for (waits_ms, expired) in [(50_000, 0), (61_000, 1), (300_000, 1)] {
        let (mut world, id) = paused_before_entry();
        world.run_ms(waits_ms);
        // Hours later the strikes of then would be in the money, and dearer: the guard alone lets them pass.
        world.venue.reprice("1.6");
        world.run_ms(1_000);
        resume(&mut world, &id);
        world.run_until("entry", 10, |world| world.session().entry().completed_at.is_some());
        assert_eq!(told(&world, "entry.plan_expired"), expired, "after {waits_ms} ms");
        assert_young_plan(&world);
    }
}

#[test]
fn a_process_killed_between_choice_and_plan_plans_before_it_enters() {
    let mut world = World::new();
    let id = world.start(quick_strangle());
    world.run_until("a choice", 5, |world| world.session().entry().chosen_at.is_some());
    assert!(world.session().entry().plan.is_none());
    world.kill_for_ms(3_000);
    world.run_until("PAUSED", 12, |world| world.lifecycle() == Lifecycle::Paused);
    resume(&mut world, &id);
    world.run_until("entry", 10, |world| world.session().entry().completed_at.is_some());
    assert_young_plan(&world);
    assert_eq!(world.session().position(&call()), -200);
}

#[test]
fn a_start_that_was_killed_before_its_choice_ends_flat() {
    let mut world = World::new();
    world.start(quick_strangle());
    world.kill_and_restart();
    world.run_until("STOPPED", 15, is_stopped);
    assert_ended(&world, ExitReason::EntryFailed);
    let cause = world.decisions().find_map(|decision| match decision {
        Decision::Entry(EntryDecision::Failed { cause }) => Some(cause),
        _ => None,
    });
    assert_eq!(cause, Some(&EntryFailure::BeforeStrikes));
}

/// Entry orders rest, nothing is sold.
fn entering() -> (World, SessionId) {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    let id = world.start(quick_strangle());
    world.run_until("orders", 5, |world| world.venue.open_orders() == 2);
    (world, id)
}

#[test]
fn a_pause_while_entering_with_nothing_sold_withdraws_and_the_session_stays() {
    let (mut world, id) = entering();
    pause(&mut world, &id);
    world.run_ms(10_000);
    assert_eq!((world.lifecycle(), world.session().exposure), (Lifecycle::Paused, Exposure::Flat));
    assert_eq!((told(&world, "entry.withdrawn"), told(&world, "entry.failed")), (1, 0));
    assert_eq!(world.venue.open_orders(), 0);
    world.venue.books.values_mut().for_each(|book| book.size = 1_000);
    resume(&mut world, &id);
    world.run_until("entry", 10, |world| world.session().entry().completed_at.is_some());
    assert_eq!(world.session().round().number, 2);
    assert_young_plan(&world);
}

#[test]
fn a_pause_while_entering_with_one_leg_sold_keeps_no_half_position() {
    let (mut world, id) = entering();
    world.venue.books.get_mut(&call()).expect("the book").size = 1_000;
    world.run_until("one leg", 3, |world| world.session().position(&call()) == -200);
    pause(&mut world, &id);
    world.venue.books.values_mut().for_each(|book| book.size = 1_000);
    world.run_until("STOPPED", 15, is_stopped);
    assert_ended(&world, ExitReason::EntryFailed);
}

#[test]
fn a_leg_that_is_still_missing_after_five_seconds_ends_the_entry() {
    let (mut world, _) = entering();
    let began = world.session().entry().started_at.expect("it began");
    world.venue.books.get_mut(&call()).expect("the book").size = 1_000;
    world.run_until("an exit", 8, |world| world.session().exit().is_some());
    let waited = world.now.0 - began.0;
    assert!((5 * SECOND..5 * SECOND + 200_000).contains(&waited), "{waited} µs");
    world.venue.books.values_mut().for_each(|book| book.size = 1_000);
    world.run_until("STOPPED", 15, is_stopped);
    assert_ended(&world, ExitReason::EntryFailed);
    let attempts = world.session().entry().attempts.values().max().copied();
    assert!(attempts.is_some_and(|attempts| attempts <= 4), "the first price and three re-pricings");
}

fn limited(limit: &str) -> Configuration {
    Configuration { day_loss_limit: Some(dec(limit)), ..quick_strangle() }
}

/// A session that lost about 63 today.
fn lost_today() -> World {
    let mut world = World::new();
    world.start_and_enter(limited("500"));
    world.venue.reprice("1.51");
    world.run_until("STOPPED", 20, is_stopped);
    assert!(realized(&world) < dec("-60") && realized(&world) > dec("-66"), "{}", realized(&world));
    world.run_ms(12_000);
    world.venue.reprice("1");
    world
}

fn start_refusal(world: &mut World, configuration: Configuration) -> Option<Refusal> {
    let before = world.records.len();
    world.start(configuration);
    world.records[before..].iter().find_map(|record| match &record.decision {
        Decision::Session(SessionDecision::RequestRefused { refusal, .. }) => Some(refusal.clone()),
        _ => None,
    })
}

#[test]
fn a_day_beyond_its_limit_refuses_the_next_start_and_a_new_day_does_not() {
    let mut world = lost_today();
    let realized = realized(&world).round_dp(2);
    assert_eq!(
        start_refusal(&mut world, limited("60")),
        Some(Refusal::DayLimit { realized, limit: dec("60") }),
        "with both numbers"
    );
    assert_eq!(start_refusal(&mut world, limited("70")), None, "a wider limit is not reached");
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    world.acknowledge();
    world.now = Micros(world.now.0 + 24 * 3_600 * SECOND);
    world.input(Input::Timer);
    assert_eq!(start_refusal(&mut world, limited("60")), None, "it counts anew from 00:00 UTC");
}

#[test]
fn an_open_loss_elsewhere_counts_at_the_door_and_an_open_profit_does_not() {
    for (factor, refused) in [("1.45", true), ("0.7", false)] {
        let mut world = World::new();
        world.start_and_enter(Configuration { trailing: None, max_profit: None, ..limited("500") });
        world.venue.reprice(factor);
        world.run_ms(1_000);
        let next =
            Configuration { day_loss_limit: Some(dec("50")), max_loss: dec("48"), ..quick_strangle_eth() };
        assert_eq!(start_refusal(&mut world, next).is_some(), refused, "{factor}");
    }
}

#[test]
fn a_limit_that_is_reached_while_paused_shuts_the_gate_as_well() {
    let (mut world, id) = paused_before_entry();
    world.start_and_enter(Configuration {
        max_loss: dec("40"),
        max_profit: None,
        trailing: None,
        ..quick_strangle_eth()
    });
    let lost = Configuration { day_loss_limit: Some(dec("30")), ..quick_strangle() };
    assert!(lost.problems().contains_key("day_loss_limit"));
    world.venue.reprice("1.5");
    world.run_until("STOPPED", 20, is_stopped);
    assert!(realized(&world) < dec("-40"));
    world.latest = Some(id.clone());
    resume(&mut world, &id);
    world.run_ms(3_000);
    assert_ne!(world.session().entry().told_gate, Some(Gate::DayLimit), "its own limit of 500 is far");
    assert!(world.session().entry().started_at.is_some());
}

#[test]
fn a_drain_without_a_position_ends_drained_and_flat() {
    let (mut world, id) = paused_before_entry();
    world.operate(OperatorAction::Drain { session_id: id });
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Drained);
    assert_eq!(world.session().summary.as_ref().and_then(|summary| summary.net), Some(dec("0")));
}

#[test]
fn a_drain_with_a_position_waits_for_its_natural_end() {
    let (mut world, id) = open_session();
    world.operate(OperatorAction::Drain { session_id: id });
    assert_eq!(world.lifecycle(), Lifecycle::Paused);
    world.run_ms(20_000);
    assert_eq!((world.lifecycle(), world.session().exit()), (Lifecycle::Paused, None), "nothing is forced");
    world.venue.settle("120");
    world.run_until("STOPPED", 60, is_stopped);
    assert_ended(&world, ExitReason::Settlement);
}

#[test]
fn a_drain_while_entering_withdraws_and_ends_drained() {
    let (mut world, id) = entering();
    world.operate(OperatorAction::Drain { session_id: id });
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Drained);
}

#[test]
fn a_resume_takes_a_drain_back() {
    let (mut world, id) = open_session();
    world.operate(OperatorAction::Drain { session_id: id.clone() });
    resume(&mut world, &id);
    assert_eq!((world.lifecycle(), world.session().drain), (Lifecycle::Running, false));
}
