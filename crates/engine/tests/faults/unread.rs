//! Reads that fail: told when it begins, when the reason changes, and now and then while it lasts; and for as long as a
//! position cannot be read, the venue counts as unreachable, whatever else it answers.

use model::decision::TruthDecision;
use model::{Decision, Health, Micros};
use telemetry::{Event, Level};

use crate::story::*;
use crate::support::put;
use crate::support::world::World;

/// When failures of reads were told at warn or above, seconds after `from`, with the sentence.
fn told_unread(world: &World, from: Micros) -> Vec<(i64, String)> {
    let unread = world.records.iter().filter(|record| {
        matches!(record.decision, Decision::Truth(TruthDecision::Unknown { .. })) && record.at >= from
    });
    let loud = unread.filter(|record| record.decision.level() >= Level::Warn);
    loud.map(|record| ((record.at.0 - from.0) / 1_000_000, record.decision.message())).collect()
}

#[test]
fn reads_that_are_refused_are_told_once_and_again_after_a_minute_with_their_number() {
    for panics in [true, false] {
        let (mut world, id) = open_session();
        let from = world.now;
        world.venue.refuse_reads(later(&world, 100_000), "http_503");
        refuse_orders(&mut world, 1_000, "http_503");
        if panics {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.run_ms(90_000);
        let told = told_unread(&world, from);
        // Positions, open orders, fills.
        assert!((4..=6).contains(&told.len()), "{told:#?}");
        let again: Vec<_> = told.iter().filter(|(second, _)| *second > 5).collect();
        assert!(
            again.iter().all(|(second, said)| *second >= 60 && said.contains("times since")),
            "{told:#?}"
        );
        assert!(!again.is_empty(), "{told:#?}");
        assert!(told.iter().any(|(_, said)| said.contains("positions")), "{told:#?}");
    }
}

#[test]
fn another_reason_is_told_at_once_and_so_is_a_new_beginning() {
    let (mut world, id) = open_session();
    world.venue.refuse_reads(later(&world, 5_000), "http_503");
    refuse_orders(&mut world, 1_000, "http_503");
    stop(&mut world, &id);
    let from = world.now;
    world.run_ms(4_000);
    let first = told_unread(&world, from).len();
    let changed = world.now;
    world.venue.refuse_reads(later(&world, 5_000), "rate_limited");
    world.run_ms(2_000);
    assert_eq!(told_unread(&world, changed).len(), first, "as many parts");
    // It is over for twenty seconds.
    world.run_ms(23_000);
    let anew = world.now;
    world.venue.refuse_reads(later(&world, 5_000), "http_503");
    world.run_ms(2_000);
    let said = told_unread(&world, anew);
    assert!(said.len() == first && said.iter().all(|(_, said)| !said.contains("since")), "{said:#?}");
}

/// One product cannot be read, and open orders, fills and the other one can.
#[test]
fn a_position_that_cannot_be_read_is_an_unreachable_venue_though_it_answers_everything_else() {
    let (mut world, id) = open_session();
    world.venue.unread_symbol = Some(put());
    world.run_ms(25_000);
    assert!(world.state().account.health.contains(&Health::VenueUnreachable), "{:#?}", world.tail(8));
    world.venue.unread_symbol = None;
    world.run_ms(5_000);
    assert!(!world.state().account.health.contains(&Health::VenueUnreachable));
    world.venue.unread_symbol = Some(put());
    refuse_orders(&mut world, 1_000, "rate_limit_exceeded");
    stop(&mut world, &id);
    world.run_ms(9_000);
    assert_eq!(told(&world, "panic.blocked"), 1, "{:#?}", world.tail(8));
}
