//! Orders and trades of somebody else on the same account: in the way of a close, or in the same contract (issue 7,
//! B14, B19, B21; case A08).

use model::causes::CancelCause;
use model::decision::OrderDecision;
use model::input::{OperatorAction, ResolveChoice};
use model::order::{OrderStatus, Side};
use model::refusal::Refusal;
use model::{Decision, ExitReason, Lifecycle, Money, SessionId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, dec, put};

/// A stranger sells in the call: 300 far away at 420, and 10 just above the offer of 304, at 310.
fn strangers_rest(world: &mut World) {
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 300, Some("420"), now);
    world.venue.by_hand(&call(), Side::Sell, 10, Some("310"), now);
}

fn by_hand_left(world: &World) -> usize {
    world.venue.orders.values().filter(|order| order.by_hand && !order.status.is_terminal()).count()
}

#[test]
fn a_panic_cancels_what_rests_in_its_contract_whoever_placed_it_and_says_so() {
    let (mut world, _) = open_session();
    strangers_rest(&mut world);
    world.panic(None);
    world.run_until("STOPPED", 10, is_stopped);
    assert_ended(&world, ExitReason::Panic);
    assert_eq!(by_hand_left(&world), 0, "both are gone");
    let said = world.decisions().filter(|decision| {
        matches!(
            decision,
            Decision::Order(OrderDecision::CancelRequested { cause: CancelCause::InTheWay, .. })
        )
    });
    assert_eq!(said.count(), 2);
    assert!(closes(&world).len() <= 8, "{} orders, not one a tick", closes(&world).len());
}

#[test]
fn a_strangers_order_that_appears_while_closing_is_found_by_the_refusal() {
    let (mut world, _) = open_session();
    refuse_orders(&mut world, 4, "rate_limit_exceeded");
    world.panic(None);
    world.run_ms(300);
    strangers_rest(&mut world);
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Panic);
    assert_eq!(by_hand_left(&world), 0);
}

#[test]
fn an_exit_works_just_inside_a_strangers_price_and_leaves_the_order_alone() {
    let (mut world, id) = open_session();
    world.venue.by_hand(&call(), Side::Sell, 10, Some("305"), world.now);
    stop(&mut world, &id);
    world.run_until("STOPPED", 14, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    assert_eq!(by_hand_left(&world), 1, "an exit touches nobody's orders");
    let last =
        closes(&world).into_iter().rfind(|(_, close)| close.symbol == call()).map(|(_, close)| close.limit);
    assert_eq!(last, Some(Some(dec("304.9"))), "one tick inside 305");
    assert_eq!(shapes(&world, &call()).iter().filter(|shape| **shape == "market").count(), 0);
}

#[test]
fn while_a_strangers_order_cannot_be_canceled_retries_back_off() {
    let (mut world, _) = open_session();
    world.venue.by_hand(&call(), Side::Sell, 300, Some("304.5"), world.now);
    world.venue.cancel_faults.extend(std::iter::repeat_n(crate::support::venue::Fault::NotSent, 10_000));
    world.panic(None);
    world.run_ms(70_000);
    assert!(closes(&world).len() <= 30, "{} orders in 70 s", closes(&world).len());
    world.run_ms(230_000);
    assert!(world.venue.spent <= 8_000, "{} units in five minutes: the reserve stays", world.venue.spent);
    assert_eq!(world.venue.position(&put()), 0, "the other leg is closed");
    world.venue.cancel_faults.clear();
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Panic);
}

#[test]
fn a_hand_trade_in_the_same_contract_does_not_spoil_the_result() {
    // The same close with and without 30 lots that somebody sold, and bought back dearer.
    let net = |by_hand: bool| -> Option<Money> {
        let (mut world, id) = open_session();
        if by_hand {
            let now = world.now;
            world.venue.by_hand(&call(), Side::Sell, 30, None, now);
            world.venue.by_hand(&call(), Side::Buy, 30, Some("320"), now);
            world.run_ms(1_000);
        }
        stop(&mut world, &id);
        world.run_until("STOPPED", 30, is_stopped);
        assert_eq!(world.session().ledger.credit.normalize(), dec("116"));
        assert_eq!(realized(&world), dec("-3.6"));
        world.session().summary.as_ref().and_then(|summary| summary.net)
    };
    assert_eq!((net(true), net(false)), (Some(dec("-3.6")), Some(dec("-3.6"))));
}

#[test]
fn a_stranger_who_adds_to_our_contract_keeps_his_part_when_we_leave() {
    let (mut world, id) = open_session();
    world.venue.by_hand(&call(), Side::Sell, 30, None, world.now);
    world.run_until("NEEDS_OPERATOR", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    resolve(&mut world, &id, ResolveChoice::IgnoreForeign);
    assert_eq!(world.lifecycle(), Lifecycle::Paused);
    world.run_ms(20_000);
    assert_eq!(world.lifecycle(), Lifecycle::Paused, "what was accepted is no mismatch any more");
    stop(&mut world, &id);
    world.run_until("STOPPED", 30, is_stopped);
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-30, 0), "his 30 stay his");
    assert_eq!(realized(&world), dec("-3.6"));
}

fn resolve(world: &mut World, id: &SessionId, choice: ResolveChoice) -> Vec<model::record::DecisionRecord> {
    world.operate(OperatorAction::Resolve { session_id: id.clone(), choice })
}

/// The call is bought back by hand from the venue's own app, 200 at 304.
fn leg_closed_by_hand() -> (World, SessionId) {
    let (mut world, id) = open_session();
    world.venue.reprice("1.2");
    world.run_ms(2_000);
    world.venue.by_hand(&call(), Side::Buy, 200, None, world.now);
    world.run_until("NEEDS_OPERATOR", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    (world, id)
}

#[test]
fn a_leg_closed_by_hand_and_resolved_leaves_the_result_unknown_and_the_day_takes_the_worse() {
    let (mut world, id) = leg_closed_by_hand();
    let loss = world.session().ledger.last_loss_side.expect("it was evaluated");
    // 0.2 × (580 − 705.6) = −25.12, less fees of 1 charged and 2.1712 to come.
    assert_eq!(loss.normalize(), dec("-28.2912"));
    resolve(&mut world, &id, ResolveChoice::Close);
    world.run_until("STOPPED", 30, is_stopped);
    assert!(world.venue.is_flat());
    let summary = world.session().summary.as_ref().expect("a summary");
    assert_eq!((summary.net, summary.gross, summary.cost_to_close), (None, None, None), "unknown, not zero");
    assert_eq!(summary.without_price.get(&call()), Some(&-200));
    assert_eq!(summary.without_price.len(), 1);
    assert!(summary.assumed <= dec("-28"), "no better than what it was worth last: {}", summary.assumed);
    assert_eq!(realized(&world), summary.assumed, "the day's limit is not loosened");
}

#[test]
fn in_needs_operator_a_foreign_fill_is_journaled_once() {
    let (mut world, id) = leg_closed_by_hand();
    world.run_ms(60_000);
    assert_eq!(told(&world, "order.foreign_fill"), 1);
    let (before, reads) = (world.records.len(), world.venue.reads.len());
    world.run_ms(60_000);
    assert_eq!(told(&world, "order.foreign_fill"), 1);
    // Three records a second of the sampled evaluation, prices as they were looked at, a read every five seconds.
    assert!(world.records.len() - before <= 60 * 5, "{} records a minute", world.records.len() - before);
    assert!(world.venue.reads.len() - reads <= 14, "a person is waited for, not polled for");
    resolve(&mut world, &id, ResolveChoice::Close);
    world.run_until("STOPPED", 30, is_stopped);
}

#[test]
fn a_difference_that_nobodys_trade_explains_cannot_be_ignored() {
    let (mut world, id) = open_session();
    world.venue.positions.insert(call(), -150);
    world.run_until("NEEDS_OPERATOR", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    let refused = resolve(&mut world, &id, ResolveChoice::IgnoreForeign);
    let refusal = refused.iter().find_map(|record| match &record.decision {
        Decision::Session(model::decision::SessionDecision::RequestRefused { refusal, .. }) => Some(refusal),
        _ => None,
    });
    assert_eq!(refusal, Some(&Refusal::Unexplained));
    assert_eq!(world.lifecycle(), Lifecycle::NeedsOperator);
    let late = world.venue.orders.values().filter(|order| order.status == OrderStatus::New);
    assert_eq!(late.count(), 0);
}
