//! The engine in random worlds: venues with faults of every kind, strangers, kills, lost journals, every button. What
//! it decides is told as the server tells it.

use model::input::{ExecutionReport, OperatorAction, ResolveChoice};
use model::order::Side;
use model::{Input, Lifecycle};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;
use server::telling::VERSION;
use telemetry::Event as _;

use crate::support;
use crate::support::venue::Fault;
use crate::support::world::World;

#[path = "../../../../crates/engine/tests/laws/happenings.rs"]
#[allow(dead_code)]
mod happenings;

/// Worlds that are lived through.
const WORLDS: usize = 160;

/// Records of all decisions, the context of each from the session that it names.
pub fn worlds() -> Vec<Value> {
    let config =
        Config { rng_seed: RngSeed::Fixed(20_220_105), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let strategy = proptest::collection::vec(happenings::happening(), 4..24);
    let mut told = Vec::new();
    for number in 0..WORLDS {
        let lived = strategy.new_tree(&mut runner).expect("a world").current();
        let mut world = World::new();
        world.run_ms(1_000);
        world.start(support::quick_strangle());
        if number % 2 == 0 {
            world.start(support::quick_strangle_eth());
        }
        for happening in &lived {
            let before = world.records.len();
            happenings::live_through(&mut world, happening);
            // A journal that was lost took what it held along.
            told.extend(
                world.records.iter().skip(if world.records.len() < before { 0 } else { before }).map(line),
            );
        }
        let before = world.records.len();
        world.panic(None);
        world.run_ms(60_000);
        world.acknowledge();
        told.extend(world.records.iter().skip(before).map(line));
    }
    // What is rare in random worlds is brought about by itself: another draw must not decide whether it is told.
    let by_themselves =
        [withdrawn(), expired(), crossed(), trailed(), overfilled(), resolved(), explained(), failed()];
    for world in by_themselves {
        told.extend(world.records.iter().map(line));
    }
    // Steady decisions say the same ten thousand times.
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    told.retain(|record| {
        let count = seen.entry(record["event"].as_str().unwrap_or_default().to_owned()).or_default();
        *count += 1;
        *count <= 500
    });
    told
}

/// Paused while the orders of the entry work.
fn withdrawn() -> World {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    let session_id = world.start(support::quick_strangle());
    world.run_until("orders", 5, |world| world.venue.open_orders() == 2);
    world.operate(OperatorAction::Pause { session_id });
    world.run_ms(5_000);
    world
}

/// Paused until its plan is too old.
fn expired() -> World {
    let mut world = World::new();
    let session_id = world.start(support::quick_strangle());
    world.operate(OperatorAction::Pause { session_id: session_id.clone() });
    world.run_ms(71_000);
    world.operate(OperatorAction::Resume { session_id });
    world.run_ms(5_000);
    world
}

/// The floor is crossed for a moment.
fn crossed() -> World {
    let mut world = World::new();
    world.start_and_enter(support::quick_strangle());
    let counted = |world: &World| world.decisions().any(|decision| decision.name() == "rules.breach_counted");
    world.venue.reprice("0.80");
    world.run_ms(3_000);
    world.venue.reprice("0.90");
    world.run_until("a breach", 3, counted);
    world.venue.reprice("0.80");
    let events = world.venue.publish(world.now);
    world.input(Input::Market { events });
    world.run_ms(3_000);
    world
}

/// The peak rises, and the floor behind it.
fn trailed() -> World {
    let mut world = World::new();
    world.start_and_enter(support::quick_strangle());
    for factor in ["0.90", "0.88", "0.86", "0.84", "0.82", "0.80"] {
        world.venue.reprice(factor);
        world.run_ms(3_000);
    }
    world
}

/// Somebody else sells in our contract, and a person says that it is theirs.
fn resolved() -> World {
    let mut world = World::new();
    let session_id = world.start_and_enter(support::quick_strangle());
    world.venue.by_hand(&support::call(), Side::Sell, 30, None, world.now);
    world.run_until("NEEDS_OPERATOR", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    world.operate(OperatorAction::Resolve { session_id, choice: ResolveChoice::IgnoreForeign });
    world
}

/// A stranger closes what a panic has found of theirs before our close of it can leave.
fn explained() -> World {
    let mut world = World::new();
    world.start_and_enter(support::quick_strangle());
    world.venue.positions.insert(support::eth_call(), 35);
    world.kill_and_restart();
    world.run_ms(2_000);
    world.venue.faults.extend(std::iter::repeat_n(Fault::Rejected("rate_limit_exceeded"), 8));
    world.panic(None);
    world.run_ms(50);
    world.venue.positions.insert(support::eth_call(), 0);
    world.run_until("verified flat", 40, World::is_account_flat);
    world
}

/// The venue tells more fills of an order than it had lots.
fn overfilled() -> World {
    let mut world = World::new();
    world.start_and_enter(support::quick_strangle());
    let order = world.venue.orders.values().next().expect("an order");
    let mut fill = world.venue.fills.iter().find(|fill| fill.order_id == order.id).expect("a fill").clone();
    fill.id = model::FillId("one-more".to_owned());
    world.input(Input::Execution(ExecutionReport::Fill(fill)));
    world.run_ms(2_000);
    world
}

/// A judge fails on a session: that is told, and a panic closes it all the same. The number runs over where arithmetic is
/// checked; no validation lets it through.
fn failed() -> World {
    let mut world = World::new();
    if !cfg!(debug_assertions) {
        return world;
    }
    let mut poisoned = support::quick_strangle();
    if let Some(rule) = poisoned.trailing.as_mut() {
        rule.confirmation_gap_ms = i64::MAX;
    }
    let session_id = world.start_and_enter(poisoned);
    world.venue.reprice("0.80");
    world.run_until("it is set apart", 5, |world| world.of(&session_id).quarantined.is_some());
    world.panic(None);
    world.run_until("verified flat", 20, World::is_account_flat);
    world
}

fn line(record: &model::DecisionRecord) -> Value {
    serde_json::to_value(record.log_record(VERSION)).expect("a record is JSON")
}
