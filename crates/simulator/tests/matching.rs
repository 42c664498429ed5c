//! Orders against the displayed book, in virtual time: what is accepted, refused, filled and left.

use rust_decimal::Decimal;
use simulator::account::Role;
use simulator::book::Side;
use simulator::chain::{Contract, Product};
use simulator::order::{CancelReason, OrderState, StopKind, TimeInForce};
use simulator::pricing::Right;
use simulator::tape::Bar;
use simulator::{
    Exchange, OrderKey, OrderRequest, Quirks, Setup, Source, Tape, TapeEnd, Underlying, Volatility,
};

const SECOND: i64 = 1_000_000;
const START: i64 = 1_789_992_001 * SECOND;

fn venue(seed: u64, bars: Vec<Bar>, quirks: Quirks) -> (Exchange, Product) {
    let source = Source::Tape(Tape::from_bars("made", bars).unwrap(), TapeEnd::Hold);
    let volatility = Volatility { held: true, ..Volatility::default() };
    let mut exchange = Exchange::new(Setup { volatility, quirks, ..Setup::new(seed, source, START) });
    let expiry_s = exchange.products(START).iter().filter_map(Product::expiry_s).nth(200).unwrap();
    let call =
        Product::of(Underlying::Btc, Contract::Option { right: Right::Call, strike: 46_000, expiry_s });
    assert!(exchange.product(&call.symbol).is_some());
    (exchange, call)
}

fn flat() -> Vec<Bar> {
    vec![Bar { open: 450_000, high: 450_000, low: 450_000, close: 450_000 }]
}

/// A straight minute from 45,000 to `to`.
fn ramp(to: i64) -> Vec<Bar> {
    vec![Bar { open: 450_000, high: 450_000.max(to), low: 450_000.min(to), close: to }]
}

fn tick() -> Decimal {
    Decimal::new(1, 1)
}

#[test]
fn refusals() {
    let (mut exchange, call) = venue(1, flat(), Quirks::default());
    let top = exchange.top_of_book(START, &call);
    let (bid, ask) = (top.bid.unwrap().0, top.ask.unwrap().0);
    let buy = |price: Decimal| OrderRequest::limit(call.id, Side::Buy, 10, price);
    let ioc = TimeInForce::Ioc;
    let cases = [
        ("invalid_contract", OrderRequest { product_id: 5, ..buy(bid) }),
        ("less_than_order_min_size", OrderRequest { size: 0, ..buy(bid) }),
        ("order_max_size_exceeded", OrderRequest { size: 100_001, ..buy(bid) }),
        ("bad_schema", buy(bid + Decimal::new(5, 2))),
        ("bad_schema", buy(-bid)),
        ("bad_schema", OrderRequest { limit_price: None, ..buy(bid) }),
        ("bad_schema", OrderRequest { client_order_id: Some("x".repeat(33)), ..buy(bid) }),
        ("bad_schema", buy(ask * Decimal::from(5))),
        ("immediate_execution_post_only", OrderRequest { post_only: true, ..buy(ask) }),
        ("no_position_for_reduce_only", OrderRequest { reduce_only: true, ..buy(ask) }),
        ("order_size_exceed_available", OrderRequest { time_in_force: ioc, ..buy(bid) }),
    ];
    for (code, request) in cases {
        assert_eq!(exchange.place(START, &request).unwrap_err().code(), code, "{request:?}");
    }
    assert!(exchange.open_orders(START).is_empty() && exchange.order_history(START).is_empty());
    assert_eq!(exchange.cancel(START, &OrderKey::Id(1)).unwrap_err().code(), "open_order_not_found");
    // 100,000 lots are 100 BTC: 45,000 USD of initial margin for each order, of 100,000 USD.
    let sell = OrderRequest { size: 100_000, side: Side::Sell, ..buy(ask) };
    assert!(exchange.place(START, &sell).is_ok() && exchange.place(START, &sell).is_ok());
    assert_eq!(exchange.place(START, &sell).unwrap_err().code(), "insufficient_margin");
}

#[test]
fn client_order_ids_are_unique_among_open_orders_and_own_orders_never_trade() {
    let (mut exchange, call) = venue(1, flat(), Quirks::default());
    let ask = exchange.top_of_book(START, &call).ask.unwrap().0 - tick();
    let sell = OrderRequest { post_only: true, ..OrderRequest::limit(call.id, Side::Sell, 10, ask) };
    let sell = OrderRequest { client_order_id: Some("a".to_owned()), ..sell };
    let first = exchange.place(START, &sell).unwrap();
    assert_eq!(exchange.place(START, &sell).unwrap_err().code(), "bad_schema");
    let buy = OrderRequest::limit(call.id, Side::Buy, 10, ask);
    assert_eq!(exchange.place(START, &buy).unwrap_err().code(), "overlapping_buy_sell_orders");
    let cancelled = exchange.cancel(START, &OrderKey::ClientOrderId("a".to_owned())).unwrap();
    assert_eq!(
        (cancelled.state, cancelled.cancel_reason),
        (OrderState::Cancelled, Some(CancelReason::ByUser))
    );
    let second = exchange.place(START, &sell).unwrap();
    assert!(second.id > first.id);
    assert_eq!(exchange.order_by_client_id(START, "a").unwrap().id, second.id, "the live one");
}

/// An own sale at the best offer stands behind the makers who were there before; one deeper behind all better.
#[test]
fn an_order_is_refused_only_if_it_would_reach_an_own_one() {
    for level in [0, 3] {
        let (mut exchange, call) = venue(2, flat(), Quirks::default());
        let asks = exchange.book(START, &call).asks;
        let sell = OrderRequest::limit(call.id, Side::Sell, 10, asks[level].0);
        let sell = OrderRequest { post_only: true, ..sell };
        exchange.place(START, &sell).unwrap();
        let in_front: i64 = asks[..=level].iter().map(|(_, lots)| lots).sum();
        let buy = |lots: i64| OrderRequest {
            time_in_force: TimeInForce::Ioc,
            ..OrderRequest::limit(call.id, Side::Buy, lots, asks[level + 1].0)
        };
        let refused = exchange.place(START, &buy(in_front + 1)).unwrap_err();
        assert_eq!(refused.code(), "overlapping_buy_sell_orders");
        let under = OrderRequest::limit(call.id, Side::Buy, in_front + 1, asks[level].0 - tick());
        assert_eq!(
            exchange.place(START, &under).map(|order| order.filled() < in_front + 1),
            Ok(true),
            "below it"
        );
        let (mut exchange, _) = venue(2, flat(), Quirks::default());
        exchange.place(START, &sell).unwrap();
        assert_eq!(exchange.place(START, &buy(in_front)).unwrap().filled(), in_front);
        assert_eq!(exchange.open_orders(START).len(), 1, "the own one still rests");
    }
}

#[test]
fn an_order_walks_the_displayed_levels_and_never_beyond() {
    for quirks in [Quirks::default(), Quirks { ioc_rest_is_closed: true, ..Quirks::default() }] {
        let (mut exchange, call) = venue(2, flat(), quirks);
        let asks = exchange.book(START, &call).asks;
        let limit = asks[2].0;
        let displayed: i64 = asks[..3].iter().map(|(_, lots)| lots).sum();
        let request = OrderRequest::limit(call.id, Side::Buy, displayed + 500, limit);
        let order =
            exchange.place(START, &OrderRequest { time_in_force: TimeInForce::Ioc, ..request }).unwrap();
        assert_eq!((order.filled(), order.unfilled), (displayed, 500));
        let ended = if quirks.ioc_rest_is_closed { OrderState::Closed } else { OrderState::Cancelled };
        assert_eq!(order.state, ended);
        let fills = exchange.fills(START);
        let mut by_price: std::collections::BTreeMap<Decimal, i64> = std::collections::BTreeMap::new();
        for fill in &fills {
            *by_price.entry(fill.price).or_default() += fill.size;
            assert_eq!(fill.role, Role::Taker);
        }
        assert_eq!(by_price.into_iter().collect::<Vec<_>>(), asks[..3].to_vec());
        let cost: Decimal = fills.iter().map(|fill| fill.price * Decimal::from(fill.size)).sum();
        let average = order.average_fill_price().unwrap();
        assert!((average * Decimal::from(displayed) - cost).abs() < Decimal::new(1, 6));
        assert!(exchange.top_of_book(START, &call).ask.unwrap().0 > limit, "what was taken is gone");
        let back = START + 60 * SECOND;
        exchange.advance(back);
        assert!(exchange.top_of_book(back, &call).ask.unwrap().0 < limit, "and returns");
    }
}

#[test]
fn an_ioc_that_needs_its_whole_size_is_refused_by_the_switch() {
    let (mut exchange, call) = venue(2, flat(), Quirks { ioc_needs_whole_size: true, ..Quirks::default() });
    let (price, lots) = exchange.book(START, &call).asks[0];
    let request = OrderRequest::limit(call.id, Side::Buy, lots + 1, price);
    let request = OrderRequest { time_in_force: TimeInForce::Ioc, ..request };
    let refused = exchange.place(START, &request).unwrap_err();
    assert_eq!(refused.code(), "order_size_not_available_in_orderbook");
}

#[test]
fn two_hundred_lots_fill_in_about_seven_pieces() {
    let pieces = |seed: u64| {
        let (mut exchange, call) = venue(seed, flat(), Quirks::default());
        exchange.place(START, &OrderRequest::market(call.id, Side::Sell, 200)).unwrap();
        exchange.fills(START).len()
    };
    let total: usize = (0..40).map(pieces).sum();
    assert!((240..=340).contains(&total), "{} on average", total as f64 / 40.0);
}

#[test]
fn a_resting_order_fills_at_its_own_price_when_the_market_comes() {
    let (mut exchange, call) = venue(3, ramp(446_000), Quirks::default());
    let bid = exchange.top_of_book(START, &call).bid.unwrap().0;
    let limit = bid - Decimal::from(30);
    let order = exchange.place(START, &OrderRequest::limit(call.id, Side::Buy, 40, limit)).unwrap();
    assert_eq!(order.filled(), 0);
    exchange.advance(START + SECOND);
    assert_eq!(exchange.open_orders(START + SECOND).len(), 1);
    exchange.advance(START + 60 * SECOND);
    let order = exchange.order(START + 60 * SECOND, &OrderKey::Id(order.id)).unwrap();
    assert_eq!((order.state, order.average_fill_price()), (OrderState::Closed, Some(limit)));
    assert!(
        exchange
            .fills(START + 60 * SECOND)
            .iter()
            .all(|fill| fill.role == Role::Maker && fill.price == limit)
    );
}

#[test]
fn at_the_best_price_an_order_queues_and_in_front_of_it_trades_reach_it_sooner() {
    let filled_after = |seed: u64, better: i64| {
        let (mut exchange, call) = venue(seed, flat(), Quirks::default());
        let bid = exchange.top_of_book(START, &call).bid.unwrap().0;
        let price = bid + tick() * Decimal::from(better);
        let order = exchange.place(START, &OrderRequest::limit(call.id, Side::Buy, 20, price)).unwrap();
        assert_eq!(order.queue_ahead > 0, better == 0);
        exchange.advance(START + 10 * SECOND);
        exchange.order(START + 10 * SECOND, &OrderKey::Id(order.id)).unwrap().filled()
    };
    let total = |better: i64| (0..20).map(|seed| filled_after(seed, better)).sum::<i64>();
    assert_eq!(total(0), 0, "thousands of lots stand in front of it");
    assert!(total(3) > 100, "of 400");
}

#[test]
fn reduce_only_is_capped_shrinks_with_the_position_and_ends_with_it() {
    let (mut exchange, call) = venue(5, flat(), Quirks::default());
    exchange.place(START, &OrderRequest::market(call.id, Side::Sell, 100)).unwrap();
    let bid = exchange.top_of_book(START, &call).bid.unwrap().0;
    let target = OrderRequest::limit(call.id, Side::Buy, 500, bid - Decimal::from(20));
    let target = exchange.place(START, &OrderRequest { reduce_only: true, ..target }).unwrap();
    assert_eq!(target.size, 100, "capped at the position");
    let buy =
        |lots: i64| OrderRequest { reduce_only: true, ..OrderRequest::market(call.id, Side::Buy, lots) };
    exchange.place(START, &buy(30)).unwrap();
    assert_eq!(exchange.open_orders(START)[0].unfilled, 70, "shrunk");
    assert_eq!(exchange.place(START, &buy(1_000)).unwrap().filled(), 70);
    let target = exchange.order(START, &OrderKey::Id(target.id)).unwrap();
    assert_eq!(target.cancel_reason, Some(CancelReason::ReduceOnly));
    assert!(exchange.positions(START).is_empty());
}

#[test]
fn while_only_reducing_orders_are_taken_what_rests_and_opens_waits() {
    let (mut exchange, call) = venue(3, ramp(446_000), Quirks::default());
    let bid = exchange.top_of_book(START, &call).bid.unwrap().0;
    exchange.place(START, &OrderRequest::market(call.id, Side::Sell, 40)).unwrap();
    let opens = OrderRequest::limit(call.id, Side::Buy, 60, bid - Decimal::from(30));
    let reduces = OrderRequest {
        reduce_only: true,
        ..OrderRequest::limit(call.id, Side::Buy, 40, bid - Decimal::from(31))
    };
    let [opens, reduces] = [opens, reduces].map(|request| exchange.place(START, &request).unwrap().id);
    let below = OrderRequest {
        stop: Some((bid - Decimal::from(20), StopKind::StopLoss)),
        ..OrderRequest::market(call.id, Side::Sell, 5)
    };
    let stop = exchange.place(START, &below).unwrap().id;
    exchange.only_reducing(true);
    let refused = exchange.place(START, &OrderRequest::market(call.id, Side::Buy, 1)).unwrap_err();
    assert_eq!(refused.code(), "reduce_only_orders_allowed");
    let later = START + 60 * SECOND;
    exchange.advance(later);
    let state = |exchange: &mut Exchange, id: i64, now_us: i64| {
        exchange.order(now_us, &OrderKey::Id(id)).unwrap().state
    };
    assert_eq!(state(&mut exchange, reduces, later), OrderState::Closed);
    assert_eq!(state(&mut exchange, opens, later), OrderState::Open);
    assert_eq!(state(&mut exchange, stop, later), OrderState::Pending);
    exchange.cancel(later, &OrderKey::Id(stop)).unwrap();
    exchange.only_reducing(false);
    exchange.advance(later + SECOND);
    assert_eq!(state(&mut exchange, opens, later + SECOND), OrderState::Closed);
}

#[test]
fn stops_trigger_on_the_mark() {
    let (mut exchange, call) = venue(6, ramp(456_000), Quirks::default());
    exchange.place(START, &OrderRequest::market(call.id, Side::Sell, 50)).unwrap();
    let mark = exchange.ticker(START, &call).mark;
    let stop = (mark + Decimal::from(100)).round_dp(1);
    let request = OrderRequest {
        reduce_only: true,
        stop: Some((stop, StopKind::StopLoss)),
        ..OrderRequest::market(call.id, Side::Buy, 50)
    };
    let order = exchange.place(START, &request).unwrap();
    assert_eq!(order.state, OrderState::Pending);
    let mut now_us = START;
    while exchange.order(now_us, &OrderKey::Id(order.id)).unwrap().state == OrderState::Pending {
        assert!(exchange.ticker(now_us, &call).mark < stop + Decimal::from(30), "not missed");
        now_us += SECOND;
        assert!(now_us < START + 60 * SECOND, "it triggers within the minute");
        exchange.advance(now_us);
    }
    assert!(exchange.ticker(now_us, &call).mark >= stop, "not too early");
    assert!(exchange.positions(now_us).is_empty());
}
