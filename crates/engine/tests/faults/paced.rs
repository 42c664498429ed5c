//! The venue's budget: a panic that is refused reads and sends at a pace it can keep up for hours, and the close still
//! leaves (issue 7, B2). The venue grants 10,000 units in five minutes; 2,000 of them are for closing alone.

use model::{ExitReason, Lifecycle};

use crate::story::*;
use crate::support::call;
use crate::support::venue::Fault;
use crate::support::world::World;

/// Milliseconds between the closes of the call.
fn pauses(world: &World) -> Vec<i64> {
    let closes = closes(world);
    let of_call = closes.iter().filter(|(_, close)| close.symbol == call());
    let sent: Vec<i64> = of_call.map(|(at, _)| at.0 / 1_000).collect();
    sent.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn a_panic_whose_closes_are_refused_for_165_seconds_keeps_its_budget_and_closes_in_the_end() {
    let (mut world, _) = open_session();
    refuse_orders(&mut world, 10_000, "rate_limit_exceeded");
    world.panic(None);
    world.run_ms(165_000);
    let (reads, orders) = (world.venue.reads.len(), closes(&world).len());
    // The sessions' positions once a second, and so the account's own list; two legs whose pauses double up to 5 s.
    assert!(reads <= 340, "{reads} reads of the venue in 165 s");
    assert!((60..=100).contains(&orders), "{orders} orders in 165 s");
    world.run_ms(135_000);
    assert!(world.venue.spent <= 8_000, "{} units in five minutes: the reserve stays", world.venue.spent);
    assert_eq!(world.lifecycle(), Lifecycle::Panicking);
    world.venue.faults.clear();
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn refusals_in_a_row_double_the_pause_up_to_five_seconds() {
    let (mut world, id) = open_session();
    refuse_orders(&mut world, 10_000, "rate_limit_exceeded");
    world.panic(Some(id));
    world.run_ms(60_000);
    let pauses = pauses(&world);
    // A refusal costs a read before the next; ticks come every 100 ms.
    let least = [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000];
    for (index, (pause, least)) in pauses.iter().zip(least).enumerate() {
        assert!((least..least + 400).contains(pause), "pause {index} is {pause} ms: {pauses:?}");
    }
    let late = &pauses[least.len()..];
    assert!(late.iter().all(|pause| (5_000..5_400).contains(pause)), "one round every 5 s: {pauses:?}");
}

#[test]
fn without_refusals_an_exit_steps_once_a_second_and_a_panic_from_100_ms_up_to_two_seconds() {
    for (panic, least) in [(false, vec![1_000, 1_000]), (true, vec![100, 200, 400, 800, 1_600, 2_000, 2_000])]
    {
        let (mut world, id) = open_session();
        // One lot at a time: each attempt is filled and leaves most of it on.
        world.venue.books.values_mut().for_each(|book| book.size = 1);
        world.run_ms(500);
        if panic {
            world.panic(Some(id));
        } else {
            stop(&mut world, &id);
        }
        world.run_ms(13_000);
        let pauses = pauses(&world);
        for (index, (pause, least)) in pauses.iter().zip(least).enumerate() {
            assert!((least..least + 300).contains(pause), "panic {panic}, pause {index}: {pauses:?}");
        }
    }
}

#[test]
fn reads_that_fail_are_asked_for_twice_a_second_and_no_more() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 60_000);
    refuse_orders(&mut world, 10_000, "http_503");
    let before = told(&world, "position.read_requested");
    world.panic(None);
    world.run_ms(30_000);
    let asked = told(&world, "position.read_requested") - before;
    assert!((20..=62).contains(&asked), "{asked} reads in 30 s");
}

#[test]
fn a_refusal_for_size_halves_the_next_order_and_a_good_one_restores_it() {
    for code in ["order_size_exceed_available", "insufficient_margin", "immediate_liquidation"] {
        let (mut world, id) = open_session();
        world.venue.faults.extend([Fault::Rejected(code), Fault::Passes, Fault::Rejected(code)]);
        world.panic(Some(id));
        world.run_until("STOPPED", 20, is_stopped);
        let lots: Vec<_> = closes(&world)
            .iter()
            .filter(|(_, close)| close.symbol == call())
            .map(|(_, close)| close.lots)
            .collect();
        assert_eq!(lots, [200, 100, 50, 150], "{code}: half, half again, and what is left");
        assert!(world.venue.is_flat());
    }
}
