//! What is looked at again, and when: a press that begins anew, a read that was lost, the audit's third look
//! (docs/laws.md).

use model::causes::ZeroCause;
use model::decision::{ClosingDecision, SessionDecision, TruthDecision};
use model::{Decision, Exposure, Lifecycle, Lots, Micros, SessionId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, eth_call, put, quick_strangle};

/// Whether each audit said flat, and the lots of the call that it left on.
fn audits(world: &World) -> Vec<(bool, Lots)> {
    let said = world.decisions().filter_map(|decision| match decision {
        Decision::Closing(ClosingDecision::Audited { flat, left }) => {
            Some((*flat, left.get(&call()).copied().unwrap_or_default()))
        }
        _ => None,
    });
    said.collect()
}

#[test]
fn a_second_press_begins_the_count_of_flat_reads_anew() {
    for of_all in [true, false] {
        let (mut world, id) = open_session();
        let scope: Option<SessionId> = (!of_all).then(|| id.clone());
        world.panic(scope.clone());
        let seen = |world: &World| {
            let of = world.records.iter().filter(|record| record.session_id.as_ref() == Some(&id));
            let seen = of.filter_map(|record| match &record.decision {
                Decision::Closing(ClosingDecision::FlatSeen { requested_at, .. }) => Some(*requested_at),
                _ => None,
            });
            seen.collect::<Vec<Micros>>()
        };
        world.run_until("a flat read", 10, |world| seen(world).len() == 1);
        let pressed = world.now;
        world.panic(scope);
        world.run_until("STOPPED", 20, is_stopped);
        let [.., first, second] = seen(&world)[..] else { panic!("two reads: {:?}", seen(&world)) };
        assert!(first >= pressed && second > first, "of all: {of_all}: what was seen before does not count");
    }
}

#[test]
fn verified_flat_says_how_long_it_took() {
    let (mut world, id) = open_session();
    let began = world.now;
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let said = world.records.iter().find_map(|record| match &record.decision {
        Decision::Closing(ClosingDecision::VerifiedFlat { elapsed_ms, .. }) => Some((record.at, *elapsed_ms)),
        _ => None,
    });
    let (at, elapsed_ms) = said.expect("it was verified");
    assert_eq!(elapsed_ms, (at.0 - began.0) / 1_000);
    assert_eq!(told(&world, "exit.flat_refuted"), 0, "nothing spoke against it");
}

#[test]
fn an_audit_leaves_alone_what_the_next_session_has_on_in_the_same_contracts() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let next = world.start_and_enter(quick_strangle());
    world.run_until("the audit", 15, |world| !audits(world).is_empty());
    assert_eq!(audits(&world), [(true, 0)], "200 lots are on, and they are not its own");
    world.run_ms(5_000);
    assert!(world.state().account.latch.is_none());
    assert_eq!(world.of(&next).lifecycle, Lifecycle::Running);
}

#[test]
fn an_audit_of_all_that_agrees_says_so_once_and_arms_nothing() {
    let (mut world, _) = open_session();
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    world.run_ms(30_000);
    // One of the session, one of the account.
    assert_eq!(audits(&world), [(true, 0), (true, 0)]);
    assert_eq!(world.state().account.latch.as_ref().map(|latch| latch.presses), Some(1));
}

#[test]
fn an_audit_of_all_finds_what_is_on_in_a_contract_that_nobody_closed() {
    let (mut world, _) = open_session();
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    world.venue.positions.insert(eth_call(), -7);
    world.run_until("the audit", 15, |world| !world.is_account_flat());
    world.run_until("verified flat again", 20, World::is_account_flat);
    assert!(world.venue.is_flat(), "{:?}", world.venue.positions);
}

#[test]
fn a_read_that_was_lost_is_asked_for_again_when_its_life_is_over() {
    let (mut world, _) = open_session();
    let asked = |world: &World| {
        let asked = world.records.iter().filter_map(|record| match &record.decision {
            Decision::Truth(TruthDecision::Requested { .. }) => Some(record.at),
            _ => None,
        });
        asked.collect::<Vec<Micros>>()
    };
    let before = asked(&world).len();
    world.muted = true;
    world.run_until("a read", 20, |world| asked(world).len() > before);
    world.muted = false;
    world.run_until("the next", 20, |world| asked(world).len() > before + 1);
    let asked = asked(&world);
    assert_eq!(asked[before + 1].0 - asked[before].0, 5 * SECOND);
    assert_eq!(world.session().position(&put()), -200);
}

#[test]
fn a_plain_exit_looks_a_second_time_after_four_hundred_milliseconds_and_no_oftener() {
    let (mut world, id) = open_session();
    let reads = world.venue.reads.len();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let seen = world.decisions().filter_map(|decision| match decision {
        Decision::Closing(ClosingDecision::FlatSeen { requested_at, .. }) => Some(requested_at.0),
        _ => None,
    });
    let seen: Vec<i64> = seen.collect();
    let [first, second] = seen[..] else { panic!("two reads: {seen:?}") };
    assert!((400_000..=500_000).contains(&(second - first)), "{} µs apart", second - first);
    let reads = world.venue.reads.len() - reads;
    assert!((2..=4).contains(&reads), "{reads} reads: before and after the closes, and once more");
}

#[test]
fn reads_of_a_close_are_a_hundred_and_fifty_milliseconds_apart() {
    let (mut world, id) = open_session();
    world.venue.books.values_mut().for_each(|book| book.size = 1);
    world.run_ms(500);
    let before = world.venue.reads.len();
    world.panic(Some(id));
    world.run_ms(10_000);
    let reads = &world.venue.reads[before..];
    let least = reads.windows(2).map(|pair| pair[1].0 - pair[0].0).min().expect("reads");
    assert!(reads.len() >= 10 && least >= 150_000, "{} reads, the closest {least} µs apart", reads.len());
}

/// When the venue was asked for the account's own list.
fn lists(world: &World) -> Vec<i64> {
    let lists = world.records.iter().filter_map(|record| match &record.decision {
        Decision::Truth(TruthDecision::Requested { account: true, .. }) => Some(record.at.0),
        _ => None,
    });
    lists.collect()
}

#[test]
fn the_accounts_list_is_read_when_it_can_no_longer_lag_behind_an_end_and_every_15_s_while_it_shows_a_stranger()
 {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let ended = world.session().ended_at.expect("ended").0;
    world.venue.positions.insert(eth_call(), -3);
    let before = lists(&world).len();
    world.run_ms(60_000);
    let lists = lists(&world).split_off(before);
    assert!((10 * SECOND..=10 * SECOND + 150_000).contains(&(lists[0] - ended)), "{} µs", lists[0] - ended);
    let pauses: Vec<i64> = lists.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() >= 3 && pauses.iter().all(|it| (15 * SECOND..=15 * SECOND + 150_000).contains(it)));
}

#[test]
fn fills_are_asked_for_since_ten_minutes_before_the_start() {
    let (mut world, id) = open_session();
    let started = world.of(&id).started_at.0;
    world.run_ms(16_000);
    let since = world.decisions().filter_map(|decision| match decision {
        Decision::Truth(TruthDecision::Requested { fills_since, .. }) => *fills_since,
        _ => None,
    });
    let since: Vec<i64> = since.map(|at| started - at.0).collect();
    assert!(!since.is_empty() && since.iter().all(|ago| *ago == 600 * SECOND), "{since:?}");
}

#[test]
fn fills_that_are_missing_are_asked_for_three_times_a_second() {
    let mut world = World::new();
    world.venue.stream_dead_until = later(&world, 60_000);
    world.venue.fills_empty_until = later(&world, 60_000);
    world.start(quick_strangle());
    world.run_until("missing fills", 8, |world| world.session().orders.missing_fills().count() == 2);
    let asked = told(&world, "position.read_requested");
    world.run_ms(3_000);
    let asked = told(&world, "position.read_requested") - asked;
    assert!((5..=10).contains(&asked), "{asked} times in 3 s");
}

#[test]
fn a_list_of_fills_that_cannot_be_read_does_not_use_up_the_budget() {
    let mut world = World::new();
    world.venue.stream_dead_until = later(&world, 600_000);
    world.venue.fills_fail_until = later(&world, 600_000);
    world.start(quick_strangle());
    world.run_until("missing fills", 8, |world| world.session().orders.missing_fills().count() == 2);
    let asked = told(&world, "position.read_requested");
    world.run_ms(4_000);
    let asked = told(&world, "position.read_requested") - asked;
    assert!((3..=12).contains(&asked), "{asked} times in 4 s");
}

#[test]
fn a_read_belongs_to_the_close_that_needs_it() {
    let (mut world, id) = open_session();
    let before = world.records.len();
    stop(&mut world, &id);
    world.run_until("verified", 20, verified);
    let close = world.session().flatten().expect("a close").correlation_id.clone();
    let reads = world.records[before..]
        .iter()
        .filter(|record| matches!(record.decision, Decision::Truth(TruthDecision::Read { .. })));
    assert!(reads.clone().count() >= 2);
    assert!(reads.clone().all(|record| record.correlation_id == close), "by which it is found in the log");
    world.run_ms(12_000);
    let last = world
        .records
        .iter()
        .rfind(|record| matches!(record.decision, Decision::Truth(TruthDecision::Read { .. })));
    assert!(last.is_some_and(|record| record.correlation_id != close), "the audit is nobody's close");
}

#[test]
fn a_venue_that_cannot_be_read_is_told_after_five_seconds_of_closing_and_when_it_answers() {
    let (mut world, id) = open_session();
    world.venue.reads_fail_until = later(&world, 12_000);
    let began = world.now.0;
    world.panic(Some(id));
    world.run_until("STOPPED", 40, is_stopped);
    let at = |name: &str| {
        let of = |record: &&model::DecisionRecord| telemetry::Event::name(&record.decision) == name;
        world.records.iter().filter(of).map(|record| record.at.0 - began).collect::<Vec<i64>>()
    };
    let (blocked, unblocked) = (at("panic.blocked"), at("panic.unblocked"));
    assert!(matches!(blocked[..], [it] if (5 * SECOND..6 * SECOND).contains(&it)), "{blocked:?}");
    assert!(matches!(unblocked[..], [it] if (12 * SECOND..13 * SECOND).contains(&it)), "{unblocked:?}");
}

#[test]
fn a_panic_of_all_that_takes_long_is_one_already() {
    let (mut world, id) = open_session();
    refuse_orders(&mut world, 60, "rate_limit_exceeded");
    world.panic(None);
    world.run_ms(20_000);
    assert_eq!(told(&world, "exit.escalated"), 0);
    assert!(world.of(&id).latch.is_none(), "the account's latch is enough");
}

#[test]
fn after_a_restart_what_is_on_is_unknown_until_it_was_read() {
    let (mut world, id) = open_session();
    world.muted = true;
    stop(&mut world, &id);
    world.kill_for_ms(2_000);
    let boot = world.now;
    world.run_until("STOPPED", 20, is_stopped);
    let evidence =
        world.records.iter().filter(|record| record.at >= boot).find_map(|record| match &record.decision {
            Decision::Session(SessionDecision::ExposureChanged {
                to: Exposure::Closing,
                evidence_at,
                ..
            }) => Some(*evidence_at),
            _ => None,
        });
    assert!(evidence.flatten().is_some_and(|at| at >= boot), "{evidence:?}, the process began {boot:?}");
}

#[test]
fn what_a_stranger_bought_back_explains_the_zero() {
    let (mut world, id) = open_session();
    world.venue.by_hand(&call(), model::order::Side::Buy, 200, None, world.now);
    world.run_until("a person", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    let choice = model::input::ResolveChoice::Close;
    world.operate(model::input::OperatorAction::Resolve { session_id: id, choice });
    world.run_until("STOPPED", 30, is_stopped);
    let explained = world.decisions().find_map(|decision| match decision {
        Decision::Truth(TruthDecision::ZeroExplained { symbol, lots, by }) => {
            Some((symbol.clone(), *lots, *by))
        }
        _ => None,
    });
    assert_eq!(explained, Some((call(), -200, ZeroCause::ForeignFill)));
}
