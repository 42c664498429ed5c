//! Numbers at the edge, and a judge that fails: neither stops PANIC (issue 7, B17; case A05).

use model::configuration::TrailingRule;
use model::{Configuration, Decimal, ExitReason, Lifecycle};
use proptest::prelude::*;

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, dec, quick_strangle, quick_strangle_eth};

#[test]
fn a_limit_that_cannot_be_computed_is_refused_by_its_field() {
    let huge = dec("70000000000000000000000000000");
    for (configuration, field) in [
        (Configuration { max_loss: huge, ..quick_strangle() }, "max_loss"),
        (Configuration { day_loss_limit: Some(huge), ..quick_strangle() }, "day_loss_limit"),
        (Configuration { max_profit: Some(huge), ..quick_strangle() }, "max_profit"),
        (Configuration { expiry_hours_min: i64::MAX, ..quick_strangle() }, "expiry_hours_min"),
    ] {
        assert!(configuration.problems().contains_key(field), "{field}");
    }
}

/// An amount between the least and the most that a configuration may name, with up to eight decimals.
fn amount() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        Just(dec("0.01")),
        Just(dec("1000000000")),
        Just(dec("999999999.99999999")),
        (1_i64..100_000_000_000_000_000).prop_map(|units| Decimal::new(units, 8)),
    ]
}

fn trailing() -> impl Strategy<Value = TrailingRule> {
    (amount(), amount(), amount(), amount(), amount(), 1_u32..11, 0_i64..10_001).prop_map(
        |(activation, distance, step, minimum_lock, gap_override, confirmations, confirmation_gap_ms)| {
            TrailingRule {
                activation,
                distance,
                step,
                minimum_lock: -minimum_lock,
                gap_override,
                confirmations,
                confirmation_gap_ms,
            }
        },
    )
}

fn configuration() -> impl Strategy<Value = Configuration> {
    let limits =
        (amount(), prop::option::of(amount()), prop::option::of(amount()), prop::option::of(trailing()));
    let multiple = prop::option::of(prop_oneof![Just(dec("1.00000001")), Just(dec("1000"))]);
    let minutes = (prop::option::of(1_i64..60 * 24 * 60 + 1), 1_i64..24 * 60);
    (limits, multiple, minutes, 1_i64..100_001).prop_map(
        |((max_loss, max_profit, day_loss_limit, trailing), leg_stop_multiple, minutes, lots_per_leg)| {
            Configuration {
                max_loss,
                max_profit,
                day_loss_limit,
                trailing,
                leg_stop_multiple,
                holding_minutes_max: minutes.0,
                square_off_minutes: minutes.1,
                lots_per_leg,
                ..quick_strangle()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a configuration accepts and whatever a market may say, nothing runs over, and a panic is flat.
    #[test]
    fn what_is_accepted_can_be_computed(configuration in configuration(), price in 1_u64..1_000_000_001) {
        prop_assume!(configuration.problems().is_empty());
        let mut world = World::new();
        world.venue.books.values_mut().for_each(|book| book.size = 1_000_000);
        world.start(configuration);
        world.run_ms(3_000);
        let price = Decimal::from(price);
        let book = world.venue.books.get_mut(&call()).expect("the book");
        (book.bid, book.ask, book.mark) = (Some(price / dec("2")), Some(price), price);
        world.venue.spot.insert(model::Underlying::new("BTC"), price);
        world.run_ms(2_000);
        world.panic(None);
        world.run_until("verified flat", 60, World::is_account_flat);
        prop_assert!(world.venue.is_flat());
        prop_assert!(!world.has_failed_judge(), "{:#?}", world.tail(10));
    }
}

/// A number that no validation lets through, as an old journal might hold it: judging the floor runs over.
fn poisoned() -> Configuration {
    let mut configuration = quick_strangle();
    if let Some(rule) = configuration.trailing.as_mut() {
        rule.confirmation_gap_ms = i64::MAX;
    }
    configuration
}

#[test]
fn a_judge_that_fails_on_one_session_sets_it_apart_and_stops_neither_panic_nor_the_others() {
    assert!(poisoned().problems().contains_key("trailing.confirmation_gap_ms"));
    if !cfg!(debug_assertions) {
        // The overflow that stands for any failure of a judge is only one where arithmetic is checked.
        return;
    }
    let mut world = World::new();
    let poisoned = world.start_and_enter(poisoned());
    let well =
        world.start_and_enter(Configuration { max_profit: None, trailing: None, ..quick_strangle_eth() });
    world.venue.reprice("0.80");
    world.run_ms(3_000);
    assert!(world.of(&poisoned).quarantined.is_some());
    assert_eq!(told(&world, "session.quarantined"), 1, "told once");
    assert_eq!((world.of(&well).lifecycle, &world.of(&well).quarantined), (Lifecycle::Running, &None));
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    assert!(world.venue.is_flat());
    for id in [&poisoned, &well] {
        assert_eq!(world.of(id).lifecycle, Lifecycle::Stopped);
        assert_eq!(world.of(id).exit().map(|exit| exit.reason), Some(ExitReason::Panic));
    }
}

#[test]
fn a_session_that_was_set_apart_can_still_be_stopped() {
    if !cfg!(debug_assertions) {
        return;
    }
    let mut world = World::new();
    let id = world.start_and_enter(poisoned());
    world.venue.reprice("0.80");
    world.run_ms(3_000);
    assert!(world.session().quarantined.is_some());
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    assert_ended(&world, ExitReason::Operator);
}
