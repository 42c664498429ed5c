//! What single judges say at their edges: once, at their number, of what they are about and of nothing else. Each was
//! written for a mistake of one sign in the code (docs/laws.md).

use model::causes::{CancelCause, FillFault};
use model::decision::{OrderDecision, TruthDecision};
use model::fill::Fill;
use model::input::{ExecutionReport, Truth, TruthKnown, TruthOutcome};
use model::market::{Level, MarketEvent, MarketSource, Quote};
use model::order::{OrderSnapshot, OrderStatus, Side};
use model::{ClientOrderId, Code, Decision, DecisionRecord, FillId, Input, Lifecycle, Micros, OrderId};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, eth_call, quick_strangle};

/// A trade of somebody else in the call.
pub fn trade(id: &str, side: Side, at: Micros) -> Fill {
    Fill {
        id: FillId::from(id),
        order_id: OrderId::from(id),
        client_order_id: None,
        symbol: call(),
        side,
        lots: 30,
        price: dec("300"),
        fee: Some(dec("0.5")),
        fee_estimated: false,
        settlement: false,
        at,
    }
}

fn hear(world: &mut World, fill: Fill) -> Vec<DecisionRecord> {
    world.input(Input::Execution(ExecutionReport::Fill(fill)))
}

fn fault(records: &[DecisionRecord]) -> Option<FillFault> {
    records.iter().find_map(|record| match &record.decision {
        Decision::Order(OrderDecision::FillRefused { fault, .. }) => Some(*fault),
        _ => None,
    })
}

#[test]
fn after_the_last_look_a_strangers_trade_is_no_business_of_an_ended_session() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    let at = world.now;
    assert_eq!(fault(&hear(&mut world, trade("before", Side::Sell, at))), Some(FillFault::Foreign));
    world.run_until("the last look", 20, |world| told(world, "exit.audited") == 1);
    let known = world.session().foreign_lots(&call());
    let at = world.now;
    assert_eq!(fault(&hear(&mut world, trade("after", Side::Sell, at))), None);
    assert_eq!(world.session().foreign_lots(&call()), known);
}

#[test]
fn only_a_nameless_trade_of_a_living_session_may_be_nobodys() {
    let (mut world, id) = open_session();
    let gap = later(&world, 2_000);
    world.kill_for_ms(4_000);
    world.run_until("PAUSED", 12, |world| world.lifecycle() == Lifecycle::Paused);
    let named =
        Fill { client_order_id: Some(ClientOrderId::from("hand-1")), ..trade("named", Side::Buy, gap) };
    assert_eq!(fault(&hear(&mut world, named)), Some(FillFault::Foreign), "somebody has named it");
    assert_eq!(fault(&hear(&mut world, trade("nameless", Side::Sell, gap))), Some(FillFault::Unclaimed));
    stop(&mut world, &id);
    world.run_until("STOPPED", 30, is_stopped);
    assert_eq!(
        fault(&hear(&mut world, trade("ended", Side::Buy, gap))),
        Some(FillFault::Foreign),
        "it is over"
    );
}

#[test]
fn clocks_may_differ_by_five_seconds_and_no_more() {
    for (slack_ms, expected) in [(4_900, FillFault::Unclaimed), (5_200, FillFault::Foreign)] {
        let (mut world, _) = open_session();
        world.run_ms(10_000);
        world.kill_for_ms(2_000);
        let gap = world.session().unwatched.last().copied().expect("a gap");
        let early = Micros(gap.from.0 - slack_ms * 1_000);
        assert_eq!(fault(&hear(&mut world, trade("early", Side::Sell, early))), Some(expected));
        let late = Micros(gap.until.0 + slack_ms * 1_000);
        assert_eq!(fault(&hear(&mut world, trade("late", Side::Sell, late))), Some(expected));
    }
}

#[test]
fn settlements_in_one_list_take_no_more_than_is_held() {
    let (mut world, _) = open_session();
    let settled = |id: &str, lots: i64, world: &World| Fill {
        lots,
        settlement: true,
        fee: Some(dec("0")),
        ..trade(id, Side::Buy, world.now)
    };
    let absurd = Fill { lots: 0, ..settled("absurd", 1, &world) };
    for (id, lots) in [("s1", 150), ("s2", 150), ("s3", 150)] {
        let fill = settled(id, lots, &world);
        world.venue.fills.push(fill);
    }
    world.venue.positions.insert(call(), 0);
    assert!(hear(&mut world, absurd).is_empty(), "nothing is no settlement");
    world.run_until("the list", 40, |world| world.session().position(&call()) == 0);
    let booked: Vec<i64> =
        world.session().fills.iter().filter(|fill| fill.settlement).map(|fill| fill.lots).collect();
    assert_eq!(booked, [150, 50]);
}

#[test]
fn fills_in_one_list_take_no_more_than_the_order() {
    let mut world = World::new();
    world.venue.books.get_mut(&call()).expect("the book").size = 0;
    world.start(quick_strangle());
    world.run_until("orders", 5, |world| world.venue.orders.len() == 2);
    let order = world.venue.orders.values().find(|order| order.request.symbol == call()).expect("one");
    let (id, name) = (order.id.clone(), order.request.client_order_id.clone());
    let fill = |part: &str| Fill {
        order_id: id.clone(),
        client_order_id: Some(name.clone()),
        lots: 90,
        ..trade(part, Side::Sell, world.now)
    };
    let known = TruthKnown {
        positions: Default::default(),
        open_orders: None,
        fills: Some(["a", "b", "c"].map(fill).to_vec()),
        wallet_balance: None,
        account: None,
        failures: Vec::new(),
    };
    let (request, requested_at) = (world.state().account.truth.requests, world.now);
    let outcome = TruthOutcome::Known(Box::new(known));
    world.input(Input::Truth(Truth { request, requested_at, outcome }));
    assert_eq!(told(&world, "order.fill_refused"), 1);
    assert_eq!(world.session().position(&call()), -180, "{:#?}", world.tail(12));
}

// Look-ups.

/// When look-ups were asked for.
fn lookups(world: &World) -> Vec<i64> {
    let asked = world.records.iter().filter_map(|record| match &record.decision {
        Decision::Order(OrderDecision::LookupRequested { .. }) => Some(record.at.0),
        _ => None,
    });
    asked.collect()
}

#[test]
fn look_ups_that_fail_are_asked_again_after_half_a_second_one_two_and_four() {
    let (mut world, id) = open_session();
    world.venue.lookups_fail_until = later(&world, 40_000);
    world.venue.faults.push_back(Fault::LostRequest);
    world.panic(Some(id));
    world.run_ms(20_000);
    let asked = lookups(&world);
    let pauses: Vec<i64> = asked.windows(2).map(|pair| (pair[1] - pair[0]) / 100_000).collect();
    assert!(pauses.len() >= 5, "{pauses:?}");
    for (pause, expected) in pauses.iter().zip([5, 10, 20, 40, 40]) {
        assert!((expected..=expected + 1).contains(pause), "{pauses:?} tenths of a second");
    }
}

/// An order of the call whose end nobody told: it is said to rest.
fn seems_to_rest(world: &mut World, id: &ClientOrderId) {
    world.input(Input::Execution(ExecutionReport::Order(OrderSnapshot {
        client_order_id: id.clone(),
        order_id: OrderId::from("silent"),
        status: OrderStatus::New,
        filled_lots: 0,
        average_price: None,
        reason: None,
    })));
}

#[test]
fn an_order_that_must_not_rest_is_looked_at_after_two_seconds() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    // The order leaves and is lost; what is heard of it is that it rests.
    while closes(&world).is_empty() {
        world.muted = world.session().flatten().is_some() && !world.venue.reads.is_empty();
        world.run_ms(50);
    }
    world.muted = false;
    let sent = closes(&world)[0].1.client_order_id.clone();
    let heard = world.now.0;
    seems_to_rest(&mut world, &sent);
    world.run_until("a look-up", 6, |world| !lookups(world).is_empty());
    let waited = world.now.0 - heard;
    assert!((2 * SECOND..2 * SECOND + 150_000).contains(&waited), "{waited} µs");
}

#[test]
fn a_cancel_of_which_nothing_is_heard_is_looked_at_after_two_seconds() {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    world.start(quick_strangle());
    world.run_until("orders", 5, |world| world.venue.open_orders() == 2);
    world.run_ms(500);
    world.muted = true;
    world.run_until("a cancel", 3, |world| told(world, "order.cancel_requested") == 2);
    world.muted = false;
    let (asked, rests) = (world.now.0, lookups(&world).len());
    assert_eq!(rests, 0, "an entry may rest");
    world.run_until("a look-up", 6, |world| !lookups(world).is_empty());
    let waited = world.now.0 - asked;
    assert!((2 * SECOND..2 * SECOND + 150_000).contains(&waited), "{waited} µs");
}

// Words of the venue.

#[test]
fn the_streams_word_on_a_position_counts_once_of_what_is_held_and_never_backwards() {
    let (mut world, _) = open_session();
    let now = world.now;
    let mut say = |symbol: model::Symbol, lots: i64, at: i64| {
        let at = Micros(now.0 + at);
        let records = world.input(Input::Execution(ExecutionReport::Position { symbol, lots, at }));
        let streamed = |record: &&DecisionRecord| {
            matches!(record.decision, Decision::Truth(TruthDecision::Streamed { .. }))
        };
        records.iter().filter(streamed).count()
    };
    assert_eq!(say(eth_call(), -5, 0), 0, "nobody holds it");
    assert_eq!(say(call(), -200, 0), 1);
    assert_eq!(say(call(), -200, 10), 0, "the same");
    assert_eq!(say(call(), -150, -10), 0, "older");
    assert_eq!(say(call(), -150, 0), 1, "of the same instant");
    assert_eq!(say(call(), -100, 20), 1, "newer");
}

#[test]
fn an_end_that_comes_as_the_first_answer_is_told_after_the_acknowledgement() {
    let (world, _) = open_session();
    let of_call: Vec<_> = world
        .decisions()
        .filter_map(|decision| match decision {
            Decision::Order(OrderDecision::Acknowledged(news) | OrderDecision::Filled(news)) => Some(news),
            _ => None,
        })
        .filter(|news| news.symbol == call())
        .map(|news| (news.snapshot.status, news.snapshot.filled_lots))
        .collect();
    assert_eq!(of_call, [(OrderStatus::New, 0), (OrderStatus::Filled, 200)]);

    // With an average and a reason, which the acknowledgement has not.
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    while closes(&world).is_empty() {
        world.muted = world.session().flatten().is_some() && !world.venue.reads.is_empty();
        world.run_ms(50);
    }
    let sent = closes(&world)[0].1.client_order_id.clone();
    let records = world.input(Input::Execution(ExecutionReport::Order(OrderSnapshot {
        client_order_id: sent,
        order_id: OrderId::from("n1"),
        status: OrderStatus::Canceled,
        filled_lots: 20,
        average_price: Some(dec("304")),
        reason: Some(Code::from("ioc")),
    })));
    let news = |record: &DecisionRecord| match &record.decision {
        Decision::Order(OrderDecision::Acknowledged(news) | OrderDecision::Canceled(news)) => {
            Some((news.snapshot.filled_lots, news.snapshot.average_price, news.snapshot.reason.is_some()))
        }
        _ => None,
    };
    let told: Vec<_> = records.iter().filter_map(news).collect();
    assert_eq!(told, [(0, None, false), (20, Some(dec("304")), true)]);
}

#[test]
fn a_quote_older_than_the_known_one_is_not_taken() {
    let (mut world, _) = open_session();
    let quote = |bid: &str, at: Micros| {
        let bid = Some(Level { price: dec(bid), lots: 1 });
        let quote = Quote { symbol: call(), bid, ask: None, source: MarketSource::Stream, at };
        Input::Market { events: vec![MarketEvent::Quote(quote)] }
    };
    let known = world.state().market(&call()).and_then(|market| market.quote.clone()).expect("a quote");
    world.input(quote("1", Micros(known.at.0 - 1)));
    let bid =
        |world: &World| world.state().market(&call()).and_then(|market| market.bid()).map(|bid| bid.price);
    assert_eq!(bid(&world), known.bid.map(|bid| bid.price));
    world.input(quote("299", Micros(known.at.0 + 1)));
    assert_eq!(bid(&world), Some(dec("299")));
}

#[test]
fn a_strangers_order_is_canceled_by_its_number_alone() {
    let (mut world, id) = open_session();
    let now = world.now;
    world.venue.by_hand(&call(), Side::Sell, 10, Some("420"), now);
    world.panic(Some(id));
    world.run_until("canceled", 10, |world| told(world, "order.cancel_requested") > 0);
    let names: Vec<_> = world
        .decisions()
        .filter_map(|decision| match decision {
            Decision::Order(OrderDecision::CancelRequested { cause, client_order_id, order_id, .. }) => {
                Some((*cause, client_order_id.is_some(), order_id.is_some()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(names[0], (CancelCause::InTheWay, false, true));
}
