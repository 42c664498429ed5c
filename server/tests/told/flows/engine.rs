//! The engine in random worlds: venues with faults of every kind, strangers, kills, lost journals, every button. What
//! it decides is told as the server tells it.

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;
use server::telling::VERSION;

use crate::support;
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
    // Steady decisions say the same ten thousand times.
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    told.retain(|record| {
        let count = seen.entry(record["event"].as_str().unwrap_or_default().to_owned()).or_default();
        *count += 1;
        *count <= 500
    });
    told
}

fn line(record: &model::DecisionRecord) -> Value {
    serde_json::to_value(record.log_record(VERSION)).expect("a record is JSON")
}
