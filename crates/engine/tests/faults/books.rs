//! The books: one fill is one fill whatever door it comes through, what was charged replaces what was estimated, and
//! more than an order's size is a fault to report (issue 7, B21).

use model::causes::FillFault;
use model::decision::OrderDecision;
use model::fill::Fill;
use model::input::ExecutionReport;
use model::order::Side;
use model::{Decision, ExitReason, FillId, Input, Lifecycle, OrderId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, dec, put, quick_strangle};

/// The fill that sold the call, as the stream brings it.
fn first_fill(world: &World) -> Fill {
    let fill = world.venue.fills.iter().find(|fill| fill.symbol == call()).expect("a fill");
    Fill { fee: None, ..fill.clone() }
}

fn hear(world: &mut World, fill: Fill) {
    world.input(Input::Execution(ExecutionReport::Fill(fill)));
}

fn refused(world: &World) -> Vec<FillFault> {
    let refused = world.decisions().filter_map(|decision| match decision {
        Decision::Order(OrderDecision::FillRefused { fault, .. }) => Some(*fault),
        _ => None,
    });
    refused.collect()
}

#[test]
fn one_fill_is_one_fill_through_stream_list_and_repetition() {
    let (mut world, id) = open_session();
    let fill = first_fill(&world);
    for copy in [
        fill.clone(),
        Fill { client_order_id: None, ..fill.clone() },
        Fill { at: model::Micros(fill.at.0 + 5), ..fill },
    ] {
        hear(&mut world, copy);
    }
    // Periodic reads bring the list of fills as well.
    world.run_ms(35_000);
    assert_eq!((world.session().fills.len(), world.session().position(&call())), (2, -200));
    assert_eq!(world.session().ledger.credit.normalize(), dec("116"));
    assert_eq!(refused(&world), []);
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    assert_eq!(realized(&world), dec("-3.6"));
}

#[test]
fn what_was_charged_replaces_what_was_estimated_with_its_sign() {
    for (charged, fees) in [("0.5", "1"), ("-0.25", "-0.5"), ("0", "0"), ("3.25", "6.5")] {
        let mut world = World::new();
        world.start_and_enter(crate::support::quick_strangle());
        // 1.18 × 0.0001 × 46,000 × 0.2 a leg: the rate binds, not 3.5 % of the premium.
        assert_eq!(world.session().ledger.fees, dec("2.1712"), "as estimated");
        assert!(world.session().fills.awaits_charges());
        world.venue.fills.iter_mut().for_each(|fill| fill.fee = Some(dec(charged)));
        world.run_ms(17_000);
        assert!(!world.session().fills.awaits_charges());
        assert_eq!(world.session().ledger.fees.normalize(), dec(fees), "as charged");
        let of_call = world.session().ledger.holding(&call()).expect("it was traded").fees;
        assert_eq!(of_call.normalize(), dec(charged));
        assert_eq!(told(&world, "order.fill_charged"), 2, "once a fill");
    }
}

#[test]
fn a_fee_that_is_charged_after_the_end_changes_the_summary_and_the_day() {
    let (mut world, id) = open_session();
    world.venue.fills_empty_until = later(&world, 60_000);
    stop(&mut world, &id);
    world.run_until("STOPPED", 30, is_stopped);
    let estimated = realized(&world);
    let fill = world.venue.fills.last().expect("a fill").clone();
    hear(&mut world, Fill { fee: Some(dec("2")), ..fill });
    assert_ne!(realized(&world), estimated);
    let summary = world.session().summary.as_ref().expect("a summary");
    assert_eq!(Some(realized(&world)), summary.net, "the day counts it once");
    assert_eq!(summary.fees, world.session().ledger.fees);
}

#[test]
fn more_than_an_order_asked_for_is_reported_and_not_traded() {
    let (mut world, id) = open_session();
    let fill = first_fill(&world);
    hear(&mut world, Fill { id: FillId::from("too-much"), lots: 1, ..fill.clone() });
    hear(
        &mut world,
        Fill { id: FillId::from("other-side"), side: model::order::Side::Buy, lots: 1, ..fill.clone() },
    );
    hear(&mut world, Fill { id: FillId::from("nothing"), lots: 0, ..fill.clone() });
    hear(&mut world, Fill { id: FillId::from("minus"), price: dec("-3"), lots: 1, ..fill.clone() });
    hear(&mut world, Fill { id: FillId::from("elsewhere"), symbol: crate::support::put(), lots: 1, ..fill });
    use FillFault::{Absurd, Overfilled};
    assert_eq!(refused(&world), [Overfilled, Overfilled, Absurd, Absurd, Absurd]);
    assert_eq!(world.session().position(&call()), -200);
    assert_eq!(world.session().ledger.credit.normalize(), dec("116"));
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    assert_eq!(realized(&world), dec("-3.6"));
}

#[test]
fn fills_of_one_read_that_together_are_too_many_are_stopped_at_the_orders_size() {
    let (mut world, _) = open_session();
    let fill = first_fill(&world);
    // The list shows one fill in two parts under new ids: together as large as the order, which is full already.
    for (id, lots) in [("part-1", 150), ("part-2", 50)] {
        let part = Fill { id: FillId::from(id), lots, fee: Some(dec("0.5")), ..fill.clone() };
        world.venue.fills.push(part);
    }
    world.run_ms(17_000);
    assert_eq!(refused(&world), [FillFault::Overfilled, FillFault::Overfilled]);
    assert_eq!(world.session().position(&call()), -200);
}

#[test]
fn a_fill_of_a_session_that_nobody_knows_is_somebody_elses() {
    let (mut world, _) = open_session();
    let lost = model::ids::client_order_id(&model::SessionId::new("s-forgotten1"), "entry", 0, 1);
    let fill = Fill {
        id: FillId::from("lost"),
        order_id: OrderId::from("999"),
        client_order_id: Some(lost),
        ..first_fill(&world)
    };
    let lots = fill.signed_lots();
    hear(&mut world, fill);
    assert_eq!(
        refused(&world),
        [FillFault::Foreign],
        "what a lost journal's session holds is not this one's"
    );
    assert_eq!(world.session().foreign_lots(&call()), lots);
}

#[test]
fn fills_that_the_stream_loses_are_read() {
    let mut world = World::new();
    world.venue.stream_dead_until = later(&world, 60_000);
    world.start_and_enter(crate::support::quick_strangle());
    assert_eq!(world.session().ledger.fees.normalize(), dec("1"), "as charged: they came from the list");
    world.venue.reprice("0.6");
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::MaxProfit);
}

#[test]
fn a_summary_says_what_came_in_what_went_out_and_where_the_time_went() {
    let (mut world, id) = open_session();
    world.run_ms(20_000);
    let entered = world.session().entry().completed_at.expect("entered").0;
    refuse_orders(&mut world, 4, "rate_limit_exceeded");
    let decided = world.now.0;
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let summary = world.session().summary.clone().expect("a summary");
    let (gross, cost) = (summary.gross.expect("known"), summary.cost_to_close.expect("known"));
    // 0.2 × (300 + 280), and 0.2 × (304 + 284) to close.
    assert_eq!(
        (summary.credit, cost.normalize(), gross.normalize()),
        (dec("116.0"), dec("117.6"), dec("-1.6"))
    );
    assert_eq!(
        (summary.fees.normalize(), summary.net.map(|net| net.normalize())),
        (dec("2"), Some(dec("-3.6")))
    );
    // At the decision it was worth −1.6 − 1 − 2.1712: the venue's fees of leaving were 1.
    assert_eq!(summary.slippage.map(|it| it.normalize()), Some(dec("1.1712")));
    let spent = &summary.seconds_by_lifecycle;
    let ended = world.session().ended_at.expect("ended").0;
    assert_eq!(spent.get("EXITING"), Some(&((ended - decided) / 1_000_000)), "{spent:?}");
    assert!(ended - decided > 2_000_000, "two rounds were refused");
    let (sum, total) = (spent.values().sum::<i64>(), (ended - world.session().started_at.0) / 1_000_000);
    assert!((total - 3..=total).contains(&sum), "whole seconds of {total}: {spent:?}");
    assert_eq!(summary.held_ms, (ended - entered) / 1_000);
}

#[test]
fn of_a_settlement_as_much_is_ours_as_we_hold() {
    let (mut world, _) = open_session();
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 100, None, now);
    world.run_ms(1_000);
    world.venue.settle("0");
    world.run_until("the settlement", 60, |world| world.session().position(&call()) != -200);
    assert_eq!((world.session().position(&call()), world.session().position(&put())), (0, 0));
}

#[test]
fn a_charge_that_is_what_was_estimated_is_a_charge() {
    let (mut world, _) = open_session();
    let booked: Vec<_> = world.session().fills.iter().filter(|fill| fill.fee_estimated).cloned().collect();
    assert_eq!(booked.len(), 2, "the stream does not say what was charged");
    for fill in booked {
        assert!(world.session().fills.awaits_charges());
        world.input(Input::Execution(ExecutionReport::Fill(Fill { fee_estimated: false, ..fill })));
    }
    assert!(!world.session().fills.awaits_charges());
}

#[test]
fn what_a_stranger_did_before_the_session_began_is_none_of_its_business() {
    let mut world = World::new();
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 30, None, now);
    world.venue.positions.clear();
    world.run_ms(1_000);
    world.start_and_enter(quick_strangle());
    world.kill_and_restart();
    world.run_ms(3_000);
    assert!(world.state().account.truth.fills_read_at.is_some(), "they were read");
    assert_eq!(world.session().foreign_lots(&call()), 0);
    assert_eq!(world.lifecycle(), Lifecycle::Paused, "{:#?}", world.tail(12));
}

#[test]
fn one_fill_told_with_another_size_or_price_is_told_once_and_leaves_the_result_unknown() {
    for change in 0..4 {
        let mut world = World::new();
        let id = world.start_and_enter(quick_strangle());
        let fill = first_fill(&world);
        let other = match change {
            0 | 3 => Fill { price: dec("1"), ..fill },
            1 => Fill { lots: 3, ..fill },
            _ => Fill { side: Side::Buy, ..fill },
        };
        if change == 3 {
            // Two in one list.
            world.venue.fills.push(Fill { fee: Some(dec("0.5")), ..other });
        } else {
            hear(&mut world, other.clone());
            hear(&mut world, other);
        }
        world.run_ms(20_000);
        assert_eq!(told(&world, "order.fill_refused"), 1, "change {change}: {:#?}", world.tail(8));
        assert_eq!((world.session().fills.len(), world.session().position(&call())), (2, -200));
        stop(&mut world, &id);
        world.run_until("STOPPED", 20, is_stopped);
        let summary = world.session().summary.as_ref().expect("a summary");
        assert_eq!((summary.net, summary.gross), (None, None), "change {change}");
        assert_eq!(realized(&world), summary.assumed, "change {change}");
        assert!(world.venue.is_flat());
        world.assert_replay();
    }
}

#[test]
fn a_fee_that_is_corrected_is_booked_once_more_and_a_repeated_one_is_not() {
    let (mut world, _) = open_session();
    let fill = first_fill(&world);
    for (fee, times) in [("0.5", 1), ("0.5", 1), ("0.7", 2), ("0.7", 2)] {
        hear(&mut world, Fill { fee: Some(dec(fee)), ..fill.clone() });
        assert_eq!(told(&world, "order.fill_charged"), times, "{fee}");
    }
    let known = world.session().fills.get(&fill.id).and_then(|fill| fill.fee);
    assert_eq!(known, Some(dec("0.7")));
}
