//! Exit rules on bad data: one silent leg, books that are too thin, spreads that are too wide, one absurd tick
//! (cases A09, A17).

use model::market::{MarketEvent, MarketSource};
use model::rules::{Rule, Verdict};
use model::{Configuration, ExitReason, Health, Input, Lifecycle};

use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, put, quick_strangle};

fn freeze(world: &mut World) {
    world.venue.books.get_mut(&call()).expect("the book").frozen = true;
}

/// Polls the frozen leg over REST, as the server does.
fn poll(world: &mut World) {
    let mut book = world.venue.books[&call()].clone();
    book.frozen = false;
    let events = book.publish(&call(), world.now).into_iter().map(|event| match event {
        MarketEvent::Quote(quote) => {
            MarketEvent::Quote(model::market::Quote { source: MarketSource::RestFallback, ..quote })
        }
        MarketEvent::Mark(mark) => {
            MarketEvent::Mark(model::market::Mark { source: MarketSource::RestFallback, ..mark })
        }
        other => other,
    });
    world.input(Input::Market { events: events.collect() });
}

fn verdict(world: &World, rule: Rule) -> Option<Verdict> {
    world.session().rules.readings.iter().find(|reading| reading.rule == rule).map(|reading| reading.verdict)
}

#[test]
fn a_floor_is_not_armed_and_no_profit_taken_on_a_leg_that_is_silent() {
    let (mut world, _) = open_session();
    freeze(&mut world);
    world.run_ms(7_000);
    // The live leg alone would arm the floor at 12 and take the profit of 40.
    world.venue.books.get_mut(&put()).expect("the book").ask = Some(dec("20"));
    world.run_ms(6_000);
    assert!(!world.session().rules.trailing.active, "{:?}", world.session().rules.trailing);
    assert_eq!(world.session().exit(), None);
    assert_eq!(verdict(&world, Rule::MaxProfit), Some(Verdict::Blocked));
}

#[test]
fn no_exit_while_polling_keeps_the_silent_leg_fresh_and_one_when_polling_fails_too() {
    let (mut world, _) = open_session();
    freeze(&mut world);
    for _ in 0..60 {
        world.run_ms(1_000);
        poll(&mut world);
    }
    assert_eq!((world.lifecycle(), world.session().exit()), (Lifecycle::Running, None));
    assert!(!world.session().health.contains(&Health::DataStale));
    let silent = world.now;
    world.run_until("an exit", 40, |world| world.session().exit().is_some());
    let waited = (world.now.0 - silent.0) / SECOND;
    // The mark counts 5 s, the quote 6 s, then 15 s of staleness.
    assert!((20..=21).contains(&waited), "{waited} s");
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::Error));
}

#[test]
fn loss_rules_run_on_stale_data() {
    let (mut world, _) = open_session();
    freeze(&mut world);
    world.run_ms(7_000);
    // 0.2 × (580 − 304 − 680) is beyond 60 with the frozen leg at its last price.
    world.venue.books.get_mut(&put()).expect("the book").ask = Some(dec("680"));
    world.run_until("an exit", 4, |world| world.session().exit().is_some());
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxLoss));
}

#[test]
fn a_book_that_is_too_thin_blocks_profit_until_it_is_deep_enough() {
    let (mut world, _) = open_session();
    world.venue.books.values_mut().for_each(|book| book.size = 120);
    world.venue.reprice("0.5");
    world.run_ms(5_000);
    assert_eq!(world.session().exit(), None, "80 of 200 lots have no price that is seen");
    assert_eq!(verdict(&world, Rule::MaxProfit), Some(Verdict::Blocked));
    assert_eq!(verdict(&world, Rule::Trailing), Some(Verdict::Blocked));
    world.venue.books.values_mut().for_each(|book| book.size = 200);
    world.run_until("an exit", 3, |world| world.session().exit().is_some());
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxProfit));
}

#[test]
fn a_loss_beyond_depth_counts_what_is_not_seen_dearer() {
    // At 1.40: 0.2 × (580 − 425.6 − 397.6) = −48.64, less fees of 1 paid and 2.17 to come: −51.8. With one lot on show
    // the other 199 of each leg cost 1.05 of it, 8.2 more: −60.
    let (mut world, _) = open_session();
    world.venue.reprice("1.4");
    world.run_ms(3_000);
    assert_eq!(world.session().exit(), None);
    world.venue.books.values_mut().for_each(|book| book.size = 1);
    world.run_until("an exit", 5, |world| world.session().exit().is_some());
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxLoss));
}

#[test]
fn a_wide_spread_blocks_profit_and_makes_a_loss_wait_a_second() {
    let (mut world, _) = open_session();
    let book = world.venue.books.get_mut(&call()).expect("the book");
    // The spread of 340 is more than a quarter of mid, and costs 68; the mark stays.
    (book.bid, book.ask) = (Some(dec("300")), Some(dec("640")));
    let (mut first, mut fired) = (None, None);
    for _ in 0..80 {
        world.run_ms(50);
        if first.is_none() && world.session().rules.breaches.contains_key(&Rule::MaxLoss) {
            first = Some(world.now.0);
        }
        if world.session().exit().is_some() {
            fired = Some(world.now.0);
            break;
        }
    }
    let waited = fired.zip(first).map(|(fired, first)| fired - first);
    assert_eq!(waited, Some(SECOND), "a second, not 200 ms");
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxLoss));
}

#[test]
fn one_absurd_tick_neither_stops_nor_arms() {
    for ask in ["4500", "0.5"] {
        let (mut world, _) = open_session();
        let good = world.venue.books[&call()].clone();
        world.venue.books.get_mut(&call()).expect("the book").ask = Some(dec(ask));
        let events = world.venue.publish(world.now);
        world.input(Input::Market { events });
        world.venue.books.insert(call(), good);
        world.run_ms(50);
        let events = world.venue.publish(world.now);
        world.input(Input::Market { events });
        world.run_ms(5_000);
        assert_eq!(world.session().exit(), None, "{ask}");
        assert!(!world.session().rules.trailing.active, "{ask}");
    }
}

#[test]
fn without_offers_the_loss_runs_on_the_mark() {
    let (mut world, _) = open_session();
    let book = world.venue.books.get_mut(&call()).expect("the book");
    (book.ask, book.mark) = (None, dec("2500.5"));
    world.run_until("an exit", 5, |world| world.session().exit().is_some());
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::MaxLoss));
}

#[test]
fn a_loss_half_as_much_again_panics_its_session_and_keeps_its_reason() {
    let (mut world, _) = open_session();
    world.venue.reprice("2");
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::MaxLoss);
    let panicked = world.session().flatten().expect("a close");
    assert!(panicked.panic && !panicked.of_account);
    assert!(world.state().account.latch.is_none());
}

#[test]
fn the_days_loss_panics_the_account() {
    let mut world = World::new();
    world.start_and_enter(Configuration { day_loss_limit: Some(dec("60")), ..quick_strangle() });
    world.venue.reprice("1.51");
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::DayLoss);
    assert_eq!(world.session().exit().map(|exit| exit.also_matched.clone()), Some(vec![ExitReason::MaxLoss]));
    assert!(world.state().account.latch.is_some(), "nothing opens until a user says so");
}

#[test]
fn a_leg_stop_ends_the_session() {
    let mut world = World::new();
    world.start_and_enter(Configuration { leg_stop_multiple: Some(dec("1.2")), ..quick_strangle() });
    let book = world.venue.books.get_mut(&call()).expect("the book");
    (book.bid, book.ask, book.mark) = (Some(dec("356")), Some(dec("360")), dec("358"));
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::LegStop);
}

#[test]
fn the_longest_holding_time_ends_it_whatever_the_market_does() {
    let mut world = World::new();
    world.start_and_enter(Configuration { holding_minutes_max: Some(1), ..quick_strangle() });
    let entered = world.session().entry().completed_at.expect("entered");
    world.run_until("an exit", 70, |world| world.session().exit().is_some());
    let held = world.now.0 - entered.0;
    assert!((60 * SECOND..60 * SECOND + 150_000).contains(&held), "{held} µs");
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(ExitReason::Time));
}

#[test]
fn a_loss_just_beyond_its_limit_is_an_exit_and_no_panic() {
    // At 1.5: 0.2 × (580 − 882) = −60.4, less fees: beyond 60, and not half as much again.
    let (mut world, _) = open_session();
    world.venue.reprice("1.5");
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::MaxLoss);
    assert!(world.session().flatten().is_some_and(|flatten| !flatten.panic));
    assert_eq!(told(&world, "panic.started"), 0);
}

#[test]
fn too_little_margin_panics_its_session_alone() {
    let (mut world, id) = open_session();
    // What is open costs 116.8 at its marks; 92 is maintenance: 150 of wallet are too few.
    world.venue.wallets.push_back(dec("150"));
    world.run_until("STOPPED", 30, is_stopped);
    assert_ended(&world, ExitReason::Margin);
    assert!(world.of(&id).flatten().is_some_and(|flatten| flatten.panic && !flatten.of_account));
    assert_eq!((told(&world, "panic.started"), world.state().account.latch.is_some()), (1, false));
}
