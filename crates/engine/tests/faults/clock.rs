//! Time: clocks that step, machines that sleep, processes that are held up. Neither an exit nor a frozen engine
//! (issue 7, B11; cases A03, A04).

use model::causes::HealthCause;
use model::decision::AccountDecision;
use model::input::{ClockReport, GapKind};
use model::{Configuration, Decision, ExitReason, Health, Input, Lifecycle};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, dec, quick_strangle};

fn step(world: &mut World, skew_ms: i64) {
    world.input(Input::Clock(ClockReport::Stepped { skew_ms }));
}

#[test]
fn a_clock_that_steps_is_a_mark_of_health_and_nothing_else() {
    for skew_ms in [-600_000, -5_000, 120_000] {
        let (mut world, _) = open_session();
        step(&mut world, skew_ms);
        assert!(world.state().account.health.contains(&Health::ClockSkew), "{skew_ms}");
        let cause = world.decisions().find_map(|decision| match decision {
            Decision::Account(AccountDecision::HealthChanged {
                health: Health::ClockSkew, cause, ..
            }) => Some(cause),
            _ => None,
        });
        assert_eq!(cause, Some(&HealthCause::ClockStepped { skew_ms }), "by how much");
        let evaluated = told(&world, "exit.evaluated");
        world.run_ms(40_000);
        assert!(told(&world, "exit.evaluated") >= evaluated + 39, "P&L goes on moving");
        assert_eq!((world.lifecycle(), world.session().exit()), (Lifecycle::Running, None), "{skew_ms}");
        step(&mut world, 0);
        assert!(!world.state().account.health.contains(&Health::ClockSkew));
    }
}

#[test]
fn rules_fire_and_a_panic_is_flat_in_two_seconds_under_a_stepped_clock() {
    for skew_ms in [-600_000, -5_000, 120_000] {
        let (mut world, _) = open_session();
        step(&mut world, skew_ms);
        world.venue.reprice("0.6");
        world.run_until("STOPPED", 8, is_stopped);
        assert_ended(&world, ExitReason::MaxProfit);
        let (mut world, _) = open_session();
        step(&mut world, skew_ms);
        let pressed = world.now;
        world.panic(None);
        world.run_until("STOPPED", 5, is_stopped);
        assert_ended(&world, ExitReason::Panic);
        assert!(world.now.0 - pressed.0 <= 2 * SECOND, "{} µs", world.now.0 - pressed.0);
    }
}

#[test]
fn half_a_second_of_skew_and_two_of_the_venue_are_no_news() {
    for (report, on) in [
        (ClockReport::Stepped { skew_ms: 500 }, false),
        (ClockReport::Stepped { skew_ms: -501 }, true),
        (ClockReport::Venue { offset_ms: -2_500 }, false),
        (ClockReport::Venue { offset_ms: 2_501 }, true),
    ] {
        let mut world = World::new();
        world.input(Input::Clock(report));
        assert_eq!(world.state().account.health.contains(&Health::ClockSkew), on, "{report:?}");
    }
}

/// Ways to be away for a while with a healthy position on.
fn away(world: &mut World, kind: Option<GapKind>, ms: i64) {
    match kind {
        Some(kind) => world.stall_ms(ms, kind),
        None => world.kill_for_ms(ms),
    }
}

#[test]
fn a_process_that_was_away_for_twenty_seconds_does_not_leave_a_healthy_position() {
    for kind in [None, Some(GapKind::Suspended), Some(GapKind::Stalled)] {
        for ms in [20_000, 40_000, 300_000] {
            let (mut world, _) = open_session();
            away(&mut world, kind, ms);
            world.run_ms(10_000);
            assert!(world.session().exit().is_none(), "{kind:?} {ms}: {:#?}", world.tail(10));
            assert!(!world.session().health.contains(&Health::DataStale));
            let on = world.session().positions().values().all(|lots| *lots == -200);
            assert!(on && matches!(world.lifecycle(), Lifecycle::Running | Lifecycle::Paused));
        }
    }
}

#[test]
fn after_the_market_had_its_chance_silence_counts_again() {
    for kind in [None, Some(GapKind::Suspended), Some(GapKind::Stalled)] {
        let (mut world, _) = open_session();
        world.publishes = false;
        away(&mut world, kind, 20_000);
        let back = world.now;
        world.run_until("an exit", 40, |world| world.session().exit().is_some());
        let waited = (world.now.0 - back.0) / SECOND;
        // The link may be silent for 3 s, then 15 s of staleness: both anew.
        assert!((18..=19).contains(&waited), "{kind:?}: {waited} s");
        assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::Error));
        assert!(world.session().health.contains(&Health::DataStale));
    }
}

#[test]
fn a_floor_that_was_crossed_during_a_stall_is_judged_on_fresh_prices() {
    let (mut world, _) = open_session();
    world.venue.reprice("0.80");
    world.run_ms(2_000);
    assert!(world.session().rules.trailing.active);
    world.venue.reprice("0.95");
    world.stall_ms(30_000, GapKind::Suspended);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Trailing);
}

#[test]
fn a_panic_during_a_stall_is_carried_out_when_the_process_comes_back() {
    let (mut world, _) = open_session();
    world.panic(None);
    world.stall_ms(40_000, GapKind::Stalled);
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

fn venue_is_ahead(world: &mut World, minutes: i64) {
    world.input(Input::Clock(ClockReport::Venue { offset_ms: minutes * 60_000 }));
}

#[test]
fn expiry_and_square_off_go_by_the_venues_clock_for_options_settle_by_it() {
    // The expiry is 60 hours away by our clock, and at least 24 are wanted.
    let mut world = World::new();
    venue_is_ahead(&mut world, 40 * 60);
    world.start(crate::support::quick_strangle());
    world.run_until("an end without an entry", 20, is_stopped);
    assert_eq!(told(&world, "order.submitted"), 0, "20 hours are left by the venue's clock");

    let (mut world, _) = open_session();
    venue_is_ahead(&mut world, 60 * 60 - 20);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Time);
}

/// A machine whose clock is 59 hours ahead after a restart, as one that takes local time for UTC is by some: the venue's
/// clock is known a little later.
#[test]
fn a_restart_under_a_clock_that_is_ahead_does_not_square_off_before_the_venues_clock_is_known() {
    let mut world = World::new();
    let untimed = Configuration { holding_minutes_max: None, ..crate::support::quick_strangle() };
    world.start_and_enter(untimed);
    world.run_ms(2_500);
    world.kill_for_ms(59 * 3_600_000 + 1_800_000);
    world.run_ms(1_200);
    venue_is_ahead(&mut world, -59 * 60);
    world.run_ms(20_000);
    assert_eq!(world.session().exit(), None, "{:#?}", world.tail(10));
    // Where it is never known, ours is what there is.
    world.kill_for_ms(1_800_000);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Time);
}

/// A position of ten minutes at most, and a process that takes it up under a clock that is `apart_minutes` ahead of the
/// venue's, which is known a little later.
fn taken_up(apart_minutes: i64) -> (World, i64) {
    let (mut world, _) = open_session();
    let entered = world.session().entry().completed_at.expect("it is in").0;
    world.kill_for_ms(apart_minutes.max(0) * 60_000);
    world.run_ms(1_200);
    venue_is_ahead(&mut world, -apart_minutes);
    (world, entered)
}

#[test]
fn the_longest_holding_goes_by_the_venues_clock_after_a_restart_under_one_that_is_ahead() {
    for minutes in [9, 60, 60 * 24] {
        let (mut world, entered) = taken_up(minutes);
        world.run_ms(20_000);
        assert_eq!(world.session().exit(), None, "{minutes}: {:#?}", world.tail(10));
        world.run_until("an end", 600, is_stopped);
        assert_ended(&world, ExitReason::Time);
        let decided = world.session().exit().expect("an exit").decided_at.0;
        let held = (decided - entered) / SECOND - minutes * 60;
        assert!((599..=601).contains(&held), "{minutes}: held {held} s");
        let summary = world.session().summary.as_ref().expect("a summary");
        assert!((599_000..=605_000).contains(&summary.held_ms), "{minutes}: {} ms", summary.held_ms);
    }
}

/// Our clock never goes back, but it may be behind the venue's by more than the one before it was.
#[test]
fn the_longest_holding_is_not_exceeded_after_a_restart_under_a_clock_that_is_behind() {
    let (mut world, entered) = taken_up(-8);
    world.run_until("an end", 130, is_stopped);
    assert_ended(&world, ExitReason::Time);
    let decided = world.session().exit().expect("an exit").decided_at.0;
    assert!(((decided - entered) / SECOND - 120).abs() <= 1, "two of ten minutes were left");
}

/// Within one process ours goes evenly: what is learned of the venue's late changes nothing.
#[test]
fn the_longest_holding_goes_by_our_own_clock_in_the_process_that_entered() {
    for minutes in [-60, 60] {
        let (mut world, _) = open_session();
        let entered = world.session().entry().completed_at.expect("it is in").0;
        venue_is_ahead(&mut world, minutes);
        world.run_until("an end", 610, is_stopped);
        assert_ended(&world, ExitReason::Time);
        let decided = world.session().exit().expect("an exit").decided_at.0;
        assert_eq!((decided - entered) / SECOND, 600, "{minutes}");
    }
}

#[test]
fn the_offset_of_the_process_that_entered_is_kept_over_two_restarts() {
    let (mut world, _) = open_session();
    let entered = world.session().entry().completed_at.expect("it is in").0;
    venue_is_ahead(&mut world, -30);
    for _ in 0..2 {
        world.kill_for_ms(1_000);
        world.run_ms(1_200);
        venue_is_ahead(&mut world, -30);
        world.run_ms(10_000);
        assert_eq!(world.session().exit(), None, "{:#?}", world.tail(10));
    }
    world.run_until("an end", 600, is_stopped);
    let decided = world.session().exit().expect("an exit").decided_at.0;
    assert!(((decided - entered) / SECOND - 600).abs() <= 1);
}

/// Whether a session of that limit for the day is let in.
fn is_let_in(world: &mut World, limit: &str) -> bool {
    let limited = Configuration { day_loss_limit: Some(dec(limit)), ..quick_strangle() };
    let id = world.start(limited);
    world.state().session(&id).is_some()
}

#[test]
fn what_the_day_has_lost_is_not_forgotten_under_a_clock_that_is_ahead() {
    for (hours, known_after_ms) in [(26, 1_200), (16, 1_200), (26, 9_000)] {
        let (mut world, id) = open_session();
        world.venue.reprice("1.3");
        stop(&mut world, &id);
        world.run_until("STOPPED", 20, is_stopped);
        let lost = world.state().realized_today(world.now);
        assert!(lost < dec("-10"), "{lost}");
        let apart = hours * 60;
        world.kill_for_ms(apart * 60_000);
        world.run_ms(1_200);
        assert!(!is_let_in(&mut world, "10"), "{hours}: before the venue's clock is known");
        world.run_ms(known_after_ms - 1_200);
        venue_is_ahead(&mut world, -apart);
        world.run_ms(10_000);
        assert_eq!(world.state().realized_today(world.now), lost, "{hours}");
        assert!(!is_let_in(&mut world, "10"), "{hours}: by the venue's clock it is the same day");
        assert!(is_let_in(&mut world, "1000"));
    }
}

#[test]
fn a_day_that_is_really_over_is_over_five_seconds_after_a_restart() {
    let (mut world, id) = open_session();
    world.venue.reprice("1.3");
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    world.kill_for_ms(26 * 3_600_000);
    world.run_ms(6_000);
    assert_eq!(world.state().realized_today(world.now), dec("0"));
    assert!(is_let_in(&mut world, "10"));
}

/// One answer with a wrong date, from a cache or a gateway on the way: the next says what is the case.
#[test]
fn a_venues_clock_that_is_hours_away_for_a_moment_ends_nothing() {
    for restarts in [false, true] {
        let (mut world, _) = open_session();
        if restarts {
            world.kill_for_ms(1_000);
            world.run_ms(10_000);
        }
        venue_is_ahead(&mut world, 60 * 60);
        world.run_ms(2_000);
        venue_is_ahead(&mut world, 0);
        world.run_ms(10_000);
        assert_eq!(world.session().exit(), None, "{restarts}: {:#?}", world.tail(8));
        assert_eq!(told(&world, "engine.day_began"), 1, "nor does a day");
    }
}
