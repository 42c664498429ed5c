//! How large a close is, at which price and when it goes: numbers that a mistake of one sign in the code would change
//! (docs/laws.md).

use model::causes::CancelCause;
use model::decision::OrderDecision;
use model::market::{Depth, Level, MarketEvent, MarketSource};
use model::order::Side;
use model::{Decision, Input, Lots, Micros, Symbol};

use crate::story::*;
use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, put, quick_strangle_eth};

/// Limit and lots of the first close in an instrument, once its position was read.
fn first(world: &mut World, symbol: &Symbol) -> (Option<String>, Lots) {
    world.run_until("a close", 1, |world| closes(world).iter().any(|(_, close)| &close.symbol == symbol));
    let close = closes(world).into_iter().find(|(_, close)| &close.symbol == symbol).expect("a close").1;
    (close.limit.map(|limit| limit.normalize().to_string()), close.lots)
}

/// What is on show of the call from now on, best first on both sides, and nothing newer.
fn show(world: &mut World, bids: &[(&str, Lots)], asks: &[(&str, Lots)]) {
    let levels = |side: &[(&str, Lots)]| -> Vec<Level> {
        side.iter().map(|(price, lots)| Level { price: dec(price), lots: *lots }).collect()
    };
    let depth = Depth {
        symbol: call(),
        bids: levels(bids),
        asks: levels(asks),
        source: MarketSource::Stream,
        at: world.now,
    };
    world.venue.books.get_mut(&call()).expect("the book").frozen = true;
    world.input(Input::Market { events: vec![MarketEvent::Depth(depth)] });
}

const BIDS: [(&str, Lots); 3] = [("300", 20), ("290", 1_200), ("100", 500)];
const ASKS: [(&str, Lots); 3] = [("304", 50), ("307", 60), ("310", 3_000)];

#[test]
fn a_close_is_no_larger_than_what_is_on_show_inside_its_limit() {
    // Offers up to 307.1 are 110 lots, and the best of the quote is a thousand: the larger counts, at most what is on.
    let (mut world, id) = open_session();
    world.venue.books.get_mut(&call()).expect("the book").size = 90;
    world.run_ms(500);
    show(&mut world, &BIDS, &ASKS);
    stop(&mut world, &id);
    assert_eq!(first(&mut world, &call()), (Some("307.1".to_owned()), 110));
    // Eleven seconds later nobody knows the depth any more: what the quote shows counts.
    let (mut world, id) = open_session();
    world.venue.books.get_mut(&call()).expect("the book").size = 90;
    world.run_ms(500);
    show(&mut world, &BIDS, &ASKS);
    world.run_ms(11_100);
    world.venue.books.get_mut(&call()).expect("the book").frozen = false;
    let events = world.venue.publish(world.now).into_iter();
    let events = events.filter(|event| !matches!(event, MarketEvent::Depth(_))).collect();
    world.input(Input::Market { events });
    stop(&mut world, &id);
    assert_eq!(first(&mut world, &call()), (Some("307.1".to_owned()), 90));
}

#[test]
fn a_long_is_sold_in_what_is_bid_inside_its_limit() {
    // Bids from 285 on are 1,220 lots, those below 500; and the best of the quote is 90.
    let mut world = World::new();
    world.venue.positions.insert(call(), 2_000);
    world.venue.books.get_mut(&call()).expect("the book").size = 90;
    refuse_orders(&mut world, 1, "rate_limit_exceeded");
    world.panic(None);
    // The first goes at once, without a price; with it the market begins to be watched.
    world.run_until("a sale", 2, |world| closes(world).len() == 1);
    let events = world.venue.publish(world.now);
    world.input(Input::Market { events });
    show(&mut world, &BIDS, &ASKS);
    world.run_until("another", 2, |world| closes(world).len() == 2);
    let sale = closes(&world)[1].1;
    let limit = sale.limit.map(|limit| limit.normalize().to_string());
    assert_eq!((sale.side, limit, sale.lots), (Side::Sell, Some("285".to_owned()), 1_220));
}

#[test]
fn the_price_steps_by_the_tick_of_its_instrument() {
    // 24.4 × 1.01 = 24.644, up to 0.05; 25.4 × 1.01 = 25.654.
    let mut world = World::new();
    let id = world.start_and_enter(quick_strangle_eth());
    world.run_ms(2_500);
    stop(&mut world, &id);
    let eth = (crate::support::eth_call(), crate::support::eth_put());
    assert_eq!(first(&mut world, &eth.0).0, Some("25.7".to_owned()));
    assert_eq!(first(&mut world, &eth.1).0, Some("24.65".to_owned()));
}

#[test]
fn only_a_strangers_offer_in_the_same_contract_stands_in_the_way() {
    // An offer in the put below where the call is bought, and a bid in the call: neither lowers the call's price.
    let (mut world, id) = open_session();
    let now = world.now;
    world.venue.by_hand(&put(), Side::Sell, 10, Some("295"), now);
    world.venue.by_hand(&call(), Side::Buy, 10, Some("250"), now);
    world.run_ms(16_000);
    let listed = world.state().account.truth.open_orders.as_ref().map(|read| read.foreign.len());
    assert_eq!(listed, Some(2), "they were read");
    stop(&mut world, &id);
    assert_eq!(first(&mut world, &call()).0, Some("307.1".to_owned()));
    assert_eq!(first(&mut world, &put()).0, Some("286.9".to_owned()), "and 295 is far enough away");
}

#[test]
fn after_a_restart_a_mark_alone_is_a_price() {
    let (mut world, id) = open_session();
    world.muted = true;
    stop(&mut world, &id);
    world.publishes = false;
    world.kill_for_ms(0);
    world.run_ms(300);
    assert!(closes(&world).is_empty() || !world.venue.is_flat());
    let before = closes(&world).len();
    let events = world.venue.publish(world.now);
    let marks = events.into_iter().filter(|event| matches!(event, MarketEvent::Mark(_))).collect();
    world.input(Input::Market { events: marks });
    world.run_ms(100);
    let new = closes(&world).split_off(before);
    // 302 × 1.01 or, later in its steps, × 1.05, up to the tick.
    assert!(new.iter().any(|(_, close)| close.symbol == call() && close.limit.is_some()), "{new:?}");
}

/// When the first cancel of that cause was asked for.
fn canceled(world: &World, cause: CancelCause) -> Option<Micros> {
    world.records.iter().find_map(|record| match &record.decision {
        Decision::Order(OrderDecision::CancelRequested { cause: known, .. }) if *known == cause => {
            Some(record.at)
        }
        _ => None,
    })
}

#[test]
fn a_close_that_rests_is_given_a_second() {
    let (mut world, id) = open_session();
    world.venue.books.get_mut(&call()).expect("the book").ask = None;
    world.run_ms(500);
    stop(&mut world, &id);
    world.run_until("a cancel", 20, |world| canceled(world, CancelCause::Reprice).is_some());
    let sent = closes(&world).into_iter().find(|(_, close)| shape(close) == "resting").expect("it rests").0;
    let rested = canceled(&world, CancelCause::Reprice).map(|at| at.0 - sent.0);
    assert!(rested.is_some_and(|rested| (SECOND..SECOND + 150_000).contains(&rested)), "{rested:?} µs");
}

#[test]
fn an_entry_of_which_nothing_was_heard_is_canceled_with_the_stop() {
    let mut world = World::new();
    world.venue.faults.extend([Fault::Late(3_000), Fault::Late(3_000)]);
    let id = world.start(crate::support::quick_strangle());
    world.run_until("the orders", 8, |world| world.session().orders.live().count() == 2);
    stop(&mut world, &id);
    assert_eq!(canceled(&world, CancelCause::Closing), Some(world.now), "in the same step, by our id");
    world.run_until("STOPPED", 30, is_stopped);
    assert!(world.venue.is_flat());
}

#[test]
fn a_protective_order_that_cannot_be_canceled_keeps_a_session_from_its_end() {
    let (mut world, id) = open_session();
    crate::closing::protect(&mut world);
    world.venue.cancel_faults.extend([Fault::Rejected("rate_limit_exceeded"); 6]);
    stop(&mut world, &id);
    world.run_ms(3_000);
    assert!(!is_stopped(&world), "an order of ours rests: {:#?}", world.tail(12));
    world.run_until("STOPPED", 40, is_stopped);
    assert_eq!(world.venue.open_orders(), 0);
}

#[test]
fn a_close_in_doubt_holds_up_the_next_for_two_seconds() {
    let (mut world, id) = open_session();
    world.venue.faults.push_back(Fault::LostRequest);
    world.venue.lookups_fail_until = later(&world, 12_000);
    world.panic(Some(id));
    world.run_ms(4_000);
    let sent: Vec<Micros> =
        closes(&world).iter().filter(|(_, close)| close.symbol == call()).map(|(at, _)| *at).collect();
    let pause = sent[1].0 - sent[0].0;
    assert!((2 * SECOND..2 * SECOND + 250_000).contains(&pause), "{pause} µs");
}

#[test]
fn a_panic_of_half_a_minute_goes_on_with_one_round_in_five_seconds() {
    let (mut world, id) = open_session();
    // One lot at a time: no attempt is refused.
    world.venue.books.values_mut().for_each(|book| book.size = 1);
    world.run_ms(500);
    let began = world.now.0;
    world.panic(Some(id));
    world.run_ms(50_000);
    let sent: Vec<i64> = closes(&world)
        .iter()
        .filter(|(_, close)| close.symbol == call())
        .map(|(at, _)| at.0 - began)
        .collect();
    let late: Vec<i64> =
        sent.windows(2).filter(|pair| pair[1] > 30 * SECOND).map(|pair| pair[1] - pair[0]).collect();
    assert!(late.len() >= 3 && late.iter().all(|pause| *pause >= 5 * SECOND), "{late:?} µs");
}

#[test]
fn a_market_order_that_is_canceled_unfilled_found_nothing_as_well() {
    let (mut world, id) = open_session();
    // Prices are on show, and nothing behind them.
    world.venue.books.get_mut(&call()).expect("the book").size = 0;
    world.run_ms(500);
    stop(&mut world, &id);
    world.run_ms(8_000);
    assert_eq!(shapes(&world, &call())[..5], ["limit", "limit", "limit", "market", "resting"]);
}

#[test]
fn a_close_that_rests_is_priced_inside_the_band_so_that_a_mark_that_fell_does_not_refuse_it() {
    // The band ends at three times the mark: 302 + 0.9 × 604 = 845.6. The mark falls to 287, and nobody hears of it.
    let (mut world, id) = open_session();
    let book = world.venue.books.get_mut(&call()).expect("the book");
    (book.ask, book.frozen, book.mark) = (None, true, dec("287"));
    stop(&mut world, &id);
    world.run_until("it rests", 20, |world| shapes(world, &call()).contains(&"resting"));
    let closes = closes(&world);
    let resting = closes.iter().find(|(_, close)| shape(close) == "resting").expect("one").1;
    assert_eq!(resting.limit.map(|limit| limit.normalize()), Some(dec("845.6")));
    let order = &world.venue.orders[&resting.client_order_id];
    assert_eq!(order.status, model::order::OrderStatus::New, "it is taken");
}

#[test]
fn a_close_that_rests_and_fills_is_left_alone_for_five_seconds() {
    let (mut world, id) = open_session();
    world.venue.books.get_mut(&call()).expect("the book").ask = None;
    world.run_ms(500);
    stop(&mut world, &id);
    world.run_until("it rests", 20, |world| shapes(world, &call()).contains(&"resting"));
    let sent = closes(&world).into_iter().find(|(_, close)| shape(close) == "resting").expect("it rests").0;
    // One lot every 50 ms.
    let book = world.venue.books.get_mut(&call()).expect("the book");
    (book.ask, book.size) = (Some(dec("304")), 1);
    world.run_until("a cancel", 20, |world| canceled(world, CancelCause::Reprice).is_some());
    let rested = canceled(&world, CancelCause::Reprice).map(|at| at.0 - sent.0);
    assert!(
        rested.is_some_and(|rested| (5 * SECOND..5 * SECOND + 150_000).contains(&rested)),
        "{rested:?} µs"
    );
    assert!(world.session().position(&call()) > -150, "it was filling well");
}

#[test]
fn a_price_older_than_the_streams_freshness_is_no_limit() {
    for (silent_ms, expected) in [(4_000, "limit"), (7_000, "market")] {
        for panics in [true, false] {
            let (mut world, id) = open_session();
            world.publishes = false;
            world.run_ms(silent_ms);
            if panics {
                world.panic(Some(id.clone()))
            } else {
                stop(&mut world, &id)
            };
            world.run_until("a close", 1, |world| !closes(world).is_empty());
            assert_eq!(shapes(&world, &call())[0], expected, "silent for {silent_ms} ms, panic {panics}");
            world.run_until("STOPPED", 20, is_stopped);
        }
    }
}
