//! What is told when a count of flat reads begins anew: what was the reason, never figures that say the opposite.

use model::Decision;
use model::decision::ClosingDecision;
use model::decision::closing::Refutation;
use telemetry::{Event, Level};

use crate::story::*;
use crate::support::put;
use crate::support::world::World;

/// A session that was stopped and is flat by one read.
fn flat_by_one_read() -> (World, model::SessionId) {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("the first flat read", 10, |world| told(world, "exit.flat_seen") == 1);
    (world, id)
}

/// The reasons that were given, with the sentences.
fn refuted(world: &World) -> Vec<(Option<Refutation>, String, Level)> {
    let refuted = world.decisions().filter_map(|decision| match decision {
        Decision::Closing(ClosingDecision::FlatRefuted { why, .. }) => {
            Some((why.clone(), decision.message(), decision.level()))
        }
        _ => None,
    });
    refuted.collect()
}

fn assert_not_called_open(world: &World, why: Refutation) {
    let told = refuted(world);
    let [(reason, sentence, level)] = &told[..] else { panic!("{told:#?}") };
    assert_eq!(reason.as_ref(), Some(&why), "{sentence}");
    assert!(!sentence.contains("Not flat") && !sentence.contains('0'), "the venue shows nothing: {sentence}");
    assert_eq!(*level, Level::Info);
}

#[test]
fn a_restart_between_two_flat_reads_is_not_told_as_something_on() {
    let (mut world, _) = flat_by_one_read();
    world.kill_for_ms(1_000);
    world.run_until("STOPPED", 20, is_stopped);
    assert!(world.venue.is_flat());
    assert_not_called_open(&world, Refutation::ProcessBegan);
}

#[test]
fn a_press_between_two_flat_reads_is_not_told_as_something_on() {
    let (mut world, id) = open_session();
    world.panic(Some(id.clone()));
    world.run_until("the first flat read", 10, |world| told(world, "exit.flat_seen") == 1);
    world.panic(Some(id));
    world.run_until("STOPPED", 20, is_stopped);
    assert_not_called_open(&world, Refutation::PressedAgain);
}

#[test]
fn what_is_on_is_told_with_its_lots_and_by_whom() {
    let (mut world, _) = flat_by_one_read();
    world.venue.positions.insert(put(), -10);
    world.run_until("STOPPED", 20, is_stopped);
    let told = refuted(&world);
    assert_eq!(told[0].0, Some(Refutation::Shown { symbol: put(), lots: -10 }));
    assert_eq!(told[0].1, format!("Not flat after all: the venue shows −{} {}.", 10, put()));
    assert_eq!(told[0].2, Level::Error);
}
