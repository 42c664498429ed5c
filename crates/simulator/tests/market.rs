//! Laws of the simulated market in virtual time: parity, determinism, decay of time value, settlement,
//! publication.

use rust_decimal::Decimal;
use simulator::account::FillKind;
use simulator::book::Side;
use simulator::chain::{Contract, Product};
use simulator::pricing::{Right, YEAR_S, black_scholes};
use simulator::tape::Bar;
use simulator::{
    Channel, Exchange, OrderRequest, Setup, Source, Tape, TapeEnd, Underlying, VenueEvent, Volatility,
};

const SECOND: i64 = 1_000_000;
/// 2026-09-21T12:00:00Z, an expiry.
const NOON: i64 = 1_789_992_000 * SECOND;

fn flat(speed: u32, start_us: i64) -> Exchange {
    let bar = Bar { open: 450_000, high: 450_000, low: 450_000, close: 450_000 };
    let source = Source::Tape(Tape::from_bars("flat", vec![bar]).unwrap(), TapeEnd::Hold);
    let volatility = Volatility { held: true, ..Volatility::default() };
    Exchange::new(Setup { speed, volatility, ..Setup::new(1, source, start_us) })
}

fn recorded(seed: u64, speed: u32, start_us: i64) -> Exchange {
    let source = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
    Exchange::new(Setup { speed, ..Setup::new(seed, source, start_us) })
}

fn option(exchange: &mut Exchange, now_us: i64, right: Right, strike: u32, least_s: i64) -> Product {
    let products = exchange.products(now_us);
    let expiry_s =
        products.iter().filter_map(Product::expiry_s).find(|e| e - now_us / SECOND >= least_s).unwrap();
    let product = Product::of(Underlying::Btc, Contract::Option { right, strike, expiry_s });
    assert!(products.contains(&product), "{} is listed", product.symbol);
    product
}

fn f(value: Decimal) -> f64 {
    value.try_into().unwrap()
}

#[test]
fn puts_and_calls_keep_parity() {
    let mut exchange = recorded(5, 120, NOON + SECOND);
    for step in 0..40 {
        let now_us = NOON + SECOND + step * 3 * SECOND;
        let spot = exchange.spot(now_us, Underlying::Btc);
        for strike in [40_000, 44_000, 46_000, 48_000, 52_000] {
            let call = option(&mut exchange, now_us, Right::Call, strike, 86_000);
            let put = option(&mut exchange, now_us, Right::Put, strike, 86_000);
            let gap = exchange.ticker(now_us, &call).mark - exchange.ticker(now_us, &put).mark;
            let error = gap - (spot - Decimal::from(strike));
            assert!(error.abs() <= Decimal::new(1, 8), "{strike}: {error}");
        }
    }
}

/// Everything published and answered in eight seconds with an order in it.
fn story(seed: u64, source: Source) -> String {
    let mut exchange = Exchange::new(Setup { speed: 60, ..Setup::new(seed, source, NOON + SECOND) });
    let call = option(&mut exchange, NOON + SECOND, Right::Call, 46_000, 86_000);
    exchange.watch(Channel::Ticker, &call.chain_token().unwrap());
    for channel in [Channel::TopOfBook, Channel::Depth, Channel::Mark] {
        exchange.watch(channel, &call.symbol);
    }
    let mut told = String::new();
    for step in 1..16 {
        let now_us = NOON + SECOND + step * SECOND / 2;
        if step == 5 {
            let sold = exchange.place(now_us, &OrderRequest::market(call.id, Side::Sell, 100));
            told += &format!("{sold:?}\n");
        }
        for event in exchange.advance(now_us) {
            told += &format!("{event:?}\n");
        }
    }
    told
}

#[test]
fn the_same_seed_and_inputs_tell_the_same_story() {
    let tape = || Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
    for source in [tape as fn() -> Source, || Source::Walk] {
        let told = story(11, source());
        assert!(told.len() > 10_000);
        assert!(told == story(11, source()), "the same seed");
        assert!(told != story(12, source()), "another seed");
    }
}

#[test]
fn on_a_flat_market_a_short_option_earns_the_value_of_twenty_hours() {
    let start_us = NOON + SECOND;
    let mut exchange = flat(120, start_us);
    let call = option(&mut exchange, start_us, Right::Call, 46_000, 86_400);
    exchange.place(start_us, &OrderRequest::market(call.id, Side::Sell, 10)).unwrap();
    let at = |exchange: &mut Exchange, now_us: i64| {
        exchange.advance(now_us);
        (f(exchange.ticker(now_us, &call).ask.unwrap().0), f(exchange.ticker(now_us, &call).mark))
    };
    let (ask, mark) = at(&mut exchange, start_us + SECOND / 10);
    let later_us = start_us + 600 * SECOND;
    let (ask_later, mark_later) = at(&mut exchange, later_us);
    let years = (call.expiry_s().unwrap() * SECOND - start_us) as f64 / SECOND as f64 / YEAR_S;
    let value = |years: f64| {
        // The smile moves with time too; the published volatility of each moment is used.
        let sigma = |years: f64| {
            let x = (46_000.0_f64 / 45_000.0).ln() / (0.6 * years.sqrt());
            0.6 * (1.0 - 0.02 * x + 0.04 * x * x)
        };
        black_scholes(Right::Call, 45_000.0, 46_000.0, years, sigma(years)).price
    };
    let hours = value(years) - value(years - 20.0 * 3_600.0 / YEAR_S);
    let spread_change = (ask - mark) - (ask_later - mark_later);
    assert!(hours > 50.0, "{hours}");
    assert!(
        (ask - ask_later - (hours + spread_change)).abs() < 0.3,
        "{ask} {ask_later} {hours} {spread_change}"
    );
}

#[test]
fn time_value_decays_faster_only_while_held_and_nobody_who_holds_sees_a_jump() {
    let start_us = NOON + SECOND;
    let mut exchange = flat(120, start_us);
    let call = option(&mut exchange, start_us, Right::Call, 46_000, 86_400);
    let mark = |exchange: &mut Exchange, second: i64| {
        exchange.advance(start_us + second * SECOND);
        f(exchange.ticker(start_us + second * SECOND, &call).mark)
    };
    let before = mark(&mut exchange, 60);
    let sell = OrderRequest::market(call.id, Side::Sell, 10);
    exchange.place(start_us + 60 * SECOND, &sell).unwrap();
    assert!((mark(&mut exchange, 60) - before).abs() < 0.01, "no jump at the fill");
    let held = mark(&mut exchange, 120);
    assert!(held < before - 5.0, "two market hours: {before} {held}");
    let buy = OrderRequest { reduce_only: true, ..OrderRequest::market(call.id, Side::Buy, 10) };
    exchange.place(start_us + 120 * SECOND, &buy).unwrap();
    assert!(mark(&mut exchange, 124) < held, "still decaying for five seconds");
    let after = mark(&mut exchange, 127);
    assert!(after > held && (after - before).abs() < 2.0, "back on the wall clock: {after}");
}

#[test]
fn an_expiry_settles_at_the_mean_of_the_last_half_hour() {
    let start_us = NOON - 3_600 * SECOND;
    let mut exchange = recorded(3, 1, start_us);
    let call = option(&mut exchange, start_us, Right::Call, 45_000, 3_000);
    assert_eq!(call.expiry_s(), Some(NOON / SECOND));
    exchange.place(start_us, &OrderRequest::market(call.id, Side::Sell, 50)).unwrap();
    let resting = OrderRequest::limit(call.id, Side::Buy, 10, Decimal::from(500));
    let resting = exchange.place(start_us, &OrderRequest { post_only: true, ..resting }).unwrap();
    let balance = exchange.wallet(start_us).balance;

    let tape = Tape::embedded().unwrap();
    let sum: i64 = (1_800..3_600).map(|second| tape.index_at(second * SECOND, TapeEnd::Mirror)).sum();
    let mean = Decimal::from(sum) / Decimal::from(18_000);
    let events = exchange.advance(NOON + 10 * SECOND);
    let pays = mean.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        - Decimal::from(45_000);
    assert!(pays > Decimal::from(500), "{pays}");
    let fills = exchange.fills(NOON + 10 * SECOND);
    assert_eq!((fills[0].kind, fills[0].price, fills[0].fee), (FillKind::Settlement, pays, Decimal::ZERO));
    assert_eq!((fills[0].size, fills[0].position_after, fills[0].created_us), (50, 0, NOON));
    let wallet = exchange.wallet(NOON + 10 * SECOND);
    let filled: i64 = fills.iter().skip(1).filter(|fill| fill.side == Side::Buy).map(|fill| fill.size).sum();
    assert_eq!(filled, 0, "the resting order was not reached");
    assert_eq!(wallet.balance, balance - pays * Decimal::new(50, 3));
    assert!(exchange.positions(NOON + 10 * SECOND).is_empty());
    assert!(exchange.product(&call.symbol).is_none(), "it trades no more");
    let ended = exchange.order(NOON + 10 * SECOND, &simulator::OrderKey::Id(resting.id)).unwrap();
    assert!(!ended.is_live());
    assert!(events.iter().any(|event| matches!(event, VenueEvent::Settled { at_us: NOON, .. })));
    let late = OrderRequest::market(call.id, Side::Sell, 1);
    assert_eq!(exchange.place(NOON + 10 * SECOND, &late).unwrap_err().code(), "invalid_contract");
}

#[test]
fn publications_keep_their_intervals_and_repeat_what_does_not_change() {
    let count = |speed: u32, channel: Channel, seconds: i64| {
        let start_us = NOON + SECOND;
        let mut exchange = flat(speed, start_us);
        let call = option(&mut exchange, start_us, Right::Call, 46_000, 86_400);
        exchange.watch(channel, if channel == Channel::Spot { ".DEXBTUSD" } else { &call.symbol });
        let events = exchange.advance(start_us + seconds * SECOND);
        events.iter().filter(|event| !matches!(event, VenueEvent::Note(_))).count()
    };
    assert_eq!(count(1, Channel::Ticker, 60), 12);
    assert_eq!(count(60, Channel::Ticker, 60), 60);
    assert_eq!(count(1, Channel::Mark, 60), 30);
    assert_eq!(count(60, Channel::Mark, 60), 120);
    // The index stands still: only the five-second repeats remain.
    assert_eq!(count(1, Channel::Spot, 60), 12);
    let depths = count(1, Channel::Depth, 60);
    assert!((6..=120).contains(&depths), "{depths}");
    let tops = count(1, Channel::TopOfBook, 60);
    assert!((12..=600).contains(&tops), "{tops}");
}

#[test]
fn a_night_switched_off_is_caught_up() {
    let mut exchange = recorded(3, 1, NOON + SECOND);
    let call = option(&mut exchange, NOON + SECOND, Right::Call, 46_000, 80_000);
    exchange.place(NOON + SECOND, &OrderRequest::market(call.id, Side::Sell, 5)).unwrap();
    let later_us = NOON + 2 * 86_400 * SECOND;
    exchange.advance(later_us);
    assert!(exchange.positions(later_us).is_empty(), "the expiry passed");
    assert_eq!(exchange.fills(later_us)[0].kind, FillKind::Settlement);
}
