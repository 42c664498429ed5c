//! When "flat" is believed: a zero must be explained, two reads must be consecutive, and a third look is taken
//! (issue 7, B0, B4, B6; case A01).

use std::collections::BTreeMap;

use model::causes::ZeroCause;
use model::decision::{ClosingDecision, OrderDecision, TruthDecision};
use model::input::ExecutionReport;
use model::order::{OrderRequest, OrderStatus, Side};
use model::record::DecisionRecord;
use model::refusal::Refusal;
use model::{Decision, ExitReason, Health, Input, Lifecycle, Lots, Money};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{call, dec, put, quick_strangle};

/// The venue answers positions with nothing for ten seconds, and takes no order meanwhile.
fn lying(world: &mut World, ms: i64) {
    world.venue.empty_until = later(world, ms);
    refuse_orders(world, 100, "rate_limit_exceeded");
}

/// Nothing was believed, nothing booked, and closing goes on.
fn assert_not_believed(world: &World) {
    assert!(!verified(world), "a zero that nothing explains was believed: {:#?}", world.tail(10));
    assert!(!is_stopped(world));
    assert!(world.session().summary.is_none(), "no result, least of all a profit");
    assert_eq!(realized(world), Money::ZERO, "nothing of it counts in the day");
    assert!(is_unwell(world, Health::Unreconciled), "UNRECONCILED is told");
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-200, -200));
    let sent = closes(world);
    assert!(sent.iter().any(|(_, close)| close.symbol == call() && close.lots == 200), "closes are sent");
}

#[test]
fn a_zero_that_nothing_explains_is_not_believed_by_a_panic() {
    let (mut world, _) = open_session();
    lying(&mut world, 10_000);
    world.panic(None);
    world.run_ms(9_900);
    assert_not_believed(&world);
    world.venue.faults.clear();
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Panic);
    // Sold for 300 and 280, bought back at 304 and 284, four fees of 0.5.
    assert_eq!(world.session().summary.as_ref().and_then(|summary| summary.net), Some(dec("-3.6")));
    assert_eq!(realized(&world), dec("-3.6"));
}

#[test]
fn fifteen_seconds_of_lies_and_then_a_stop_end_flat_by_our_own_fills() {
    let (mut world, id) = open_session();
    lying(&mut world, 24_000);
    world.run_ms(15_000);
    assert!(!verified(&world) && !is_stopped(&world));
    stop(&mut world, &id);
    world.run_ms(8_900);
    assert_not_believed(&world);
    world.venue.faults.clear();
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    assert_eq!(realized(&world), dec("-3.6"));
    assert!(!is_unwell(&world, Health::Unreconciled));
}

#[test]
fn under_a_lie_closes_are_sent_and_their_fills_explain_the_zero() {
    let (mut world, _) = open_session();
    world.venue.empty_until = later(&world, 60_000);
    world.panic(None);
    world.run_until("STOPPED", 5, is_stopped);
    assert_ended(&world, ExitReason::Panic);
    assert_eq!(told(&world, "position.zero_explained"), 0, "our own fills are explanation enough");
}

#[test]
fn only_the_refusal_for_want_of_a_position_explains_a_zero() {
    for code in ["rate_limit_exceeded", "insufficient_margin", "http_500", "expired_signature"] {
        let (mut world, _) = open_session();
        world.venue.empty_until = later(&world, 10_000);
        refuse_orders(&mut world, 100, code);
        world.panic(None);
        world.run_ms(9_900);
        assert_not_believed(&world);
    }
}

#[test]
fn a_refused_reduce_only_order_explains_a_zero_and_its_cost_stays_unknown() {
    let (mut world, id) = open_session();
    world.venue.positions.insert(call(), 0);
    stop(&mut world, &id);
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    let explained = world.decisions().find_map(|decision| match decision {
        Decision::Truth(TruthDecision::ZeroExplained { symbol, lots, by }) => {
            Some((symbol.clone(), *lots, *by))
        }
        _ => None,
    });
    assert_eq!(explained, Some((call(), -200, ZeroCause::Refused)));
    let summary = world.session().summary.as_ref().expect("a summary");
    assert_eq!((summary.net, summary.gross, summary.cost_to_close), (None, None, None));
    assert_eq!(summary.without_price.get(&call()), Some(&-200));
    assert!(summary.assumed <= Money::ZERO && realized(&world) == summary.assumed, "never a profit");
}

/// A fail-over node shows no position, refuses to reduce one, and is away again after half a minute.
#[test]
fn what_was_written_off_and_is_on_after_all_is_found_soon() {
    let (mut world, id) = open_session();
    world.venue.empty_until = later(&world, 30_000);
    refuse_orders(&mut world, 100, "no_position_for_reduce_only");
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    world.run_ms(60_000);
    assert_eq!((world.venue.position(&call()), world.venue.position(&put())), (-200, -200));
    assert!(world.state().account.health.contains(&Health::Unreconciled), "{:#?}", world.tail(8));
}

#[test]
fn a_refusal_for_want_of_a_position_that_the_venue_shows_ends_nothing() {
    let (mut world, _) = open_session();
    world.venue.stream_dead_until = later(&world, 30_000);
    world.venue.fills_empty_until = later(&world, 30_000);
    world.venue.faults.push_back(Fault::Rejected("no_position_for_reduce_only"));
    world.panic(None);
    world.run_until("STOPPED", 60, is_stopped);
    assert!(world.venue.is_flat(), "the venue holds {:?}", world.venue.positions);
    assert_eq!(told(&world, "position.zero_explained"), 0);
}

#[test]
fn something_on_between_two_flat_reads_begins_the_count_anew() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("the first flat read", 10, |world| told(world, "exit.flat_seen") == 1);
    world.venue.positions.insert(put(), -10);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Operator);
    let story: Vec<u32> = world
        .decisions()
        .filter_map(|decision| match decision {
            Decision::Closing(ClosingDecision::FlatSeen { reads, .. }) => Some(*reads),
            Decision::Closing(ClosingDecision::FlatRefuted { .. }) => Some(0),
            _ => None,
        })
        .collect();
    assert_eq!(story, [1, 0, 1, 2], "first, refuted, first again, second");
}

#[test]
fn the_streams_later_word_refutes_a_flat_read() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("the first flat read", 10, |world| told(world, "exit.flat_seen") == 1);
    let at = world.now;
    world.input(Input::Execution(ExecutionReport::Position { symbol: put(), lots: -10, at }));
    assert_eq!(told(&world, "exit.flat_refuted"), 1);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Operator);
}

#[test]
fn the_two_reads_are_four_hundred_milliseconds_apart_and_after_the_last_fill() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let reads: Vec<_> = world
        .decisions()
        .filter_map(|decision| match decision {
            Decision::Closing(ClosingDecision::FlatSeen { request, requested_at, .. }) => {
                Some((*request, requested_at.0))
            }
            _ => None,
        })
        .collect();
    let [(first, at), (second, later)] = reads[..] else { panic!("two reads: {reads:?}") };
    let last_fill = world.session().fills.iter().map(|fill| fill.at.0).max().expect("fills");
    assert!(second > first && later - at >= 400_000 && at >= last_fill, "{reads:?}, last fill {last_fill}");
}

/// A panic of all that is verified flat.
fn panicked_flat() -> World {
    let (mut world, _) = open_session();
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    world
}

fn refusal(records: &[model::record::DecisionRecord]) -> Option<&Refusal> {
    records.iter().find_map(|record| match &record.decision {
        Decision::Session(model::decision::SessionDecision::RequestRefused { refusal, .. }) => Some(refusal),
        _ => None,
    })
}

#[test]
fn an_audit_that_shows_something_on_arms_the_panic_again() {
    let mut world = panicked_flat();
    world.venue.positions.insert(call(), -50);
    world.run_until("the audit", 15, |world| !world.is_account_flat());
    let refused = world.acknowledge();
    assert_eq!(refusal(&refused), Some(&Refusal::NotVerifiedFlat), "no acknowledgement meanwhile");
    world.run_until("verified flat again", 20, World::is_account_flat);
    assert!(world.venue.is_flat());
    world.run_ms(12_000);
    assert!(world.is_account_flat(), "the second audit agrees");
    world.acknowledge();
    assert!(world.state().account.latch.is_none());
}

#[test]
fn a_panic_under_a_verified_latch_looks_at_the_venue_anew_and_closes() {
    let mut world = panicked_flat();
    world.run_ms(15_000);
    world.venue.positions.insert(put(), -70);
    let reads = world.venue.reads.len();
    let pressed = world.panic(None);
    let anew = pressed.iter().any(|record| {
        matches!(record.decision, Decision::Closing(ClosingDecision::PanicRepeated { anew: true, .. }))
    });
    assert!(anew && !world.is_account_flat(), "a press begins anew");
    let refused = world.acknowledge();
    assert_eq!(refusal(&refused), Some(&Refusal::NotVerifiedFlat));
    world.run_until("verified flat again", 20, World::is_account_flat);
    assert!(world.venue.reads.len() > reads && world.venue.is_flat());
}

#[test]
fn a_stop_whose_audit_shows_something_on_becomes_a_panic_of_all() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    world.venue.positions.insert(call(), -30);
    world.run_until("the latch", 15, |world| world.state().account.latch.is_some());
    world.run_until("verified flat", 30, World::is_account_flat);
    assert!(world.venue.is_flat());
    assert_eq!(world.lifecycle(), Lifecycle::Stopped);
}

/// A stranger's trade in the instrument after the end is no reason to close anybody's session.
#[test]
fn a_strangers_trade_after_the_end_is_marked_and_latches_nothing() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 30, None, now);
    world.run_until("the audit", 15, |world| told(world, "exit.audited") == 1);
    assert!(matches!(audited(&world), Some((true, -30))), "{:#?}", world.tail(6));
    world.run_until("the mark", 15, |world| world.state().account.health.contains(&Health::Unreconciled));
    assert_eq!(world.state().foreign_positions(), BTreeMap::from([(call(), -30)]));
    world.run_ms(20_000);
    assert!(world.state().account.latch.is_none(), "nothing was pressed");
    assert_eq!(world.venue.position(&call()), -30, "it is not ours");
}

/// Whether the audit says flat, and what of the call it says is not ours.
fn audited(world: &World) -> Option<(bool, Lots)> {
    world.decisions().find_map(|decision| match decision {
        Decision::Closing(ClosingDecision::Audited { flat, left }) => {
            Some((*flat, left.get(&call()).copied().unwrap_or_default()))
        }
        _ => None,
    })
}

#[test]
fn an_order_that_we_hold_for_ended_and_the_venue_lists_is_canceled_before_flat_is_believed() {
    for status in [OrderStatus::Rejected, OrderStatus::Canceled] {
        let (mut world, id) = open_session();
        // A refusal that was none, or a cancel that was believed: it rests at the venue, far from the market.
        let order =
            world.venue.orders.values_mut().find(|order| order.request.symbol == call()).expect("an order");
        let mut request = order.request.clone();
        request.client_order_id = model::ids::client_order_id(&id, "entry@boot1", 0, 2);
        (request.limit, request.attempt) = (Some(dec("900")), 2);
        journal_order(&mut world, request.clone(), status);
        world.venue.place(&request, world.now);
        assert_eq!(world.venue.open_orders(), 1);
        stop(&mut world, &id);
        world.run_until("STOPPED", 20, is_stopped);
        assert_ended(&world, ExitReason::Operator);
    }
}

/// The journal holds this order, and its end.
fn journal_order(world: &mut World, request: OrderRequest, status: OrderStatus) {
    let id = request.client_order_id.clone();
    let symbol = request.symbol.clone();
    let side = request.side;
    let submitted = OrderDecision::Submitted(request);
    let ended = match status {
        OrderStatus::Rejected => OrderDecision::Rejected {
            client_order_id: id,
            symbol,
            side,
            code: "http_400".into(),
            detail: None,
            attempt: 2,
        },
        _ => OrderDecision::NeverSent { client_order_id: id, symbol, age_ms: 7_000 },
    };
    for decision in [submitted, ended] {
        let last = world.records.last().expect("records").clone();
        let (seq, decision) = (last.seq + 1, Decision::Order(decision));
        world.records.push(DecisionRecord { seq, session_id: world.latest.clone(), decision, ..last });
    }
    world.kill_and_restart();
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
}

#[test]
fn what_never_chose_an_instrument_is_not_called_flat_by_the_venues_word() {
    for panics in [true, false] {
        let mut world = World::new();
        let id = world.start(quick_strangle());
        if panics {
            world.panic(Some(id.clone()))
        } else {
            stop(&mut world, &id)
        };
        world.run_until("STOPPED", 20, is_stopped);
        assert!(world.session().legs().is_empty());
        let words = world.tail(200);
        assert!(
            !words.iter().any(|word| word.contains("venue shows flat") || word.contains("Verified flat"))
        );
        assert!(words.iter().any(|word| word.contains("chose no instrument")), "{words:#?}");
    }
}
