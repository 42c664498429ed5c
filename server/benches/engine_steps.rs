//! Engine steps a second with a position on, beside two baselines over the same records in the same run: folding
//! them without judging, and writing them as JSON for the journal.

mod support;
#[path = "../tests/tape_day/world.rs"]
#[allow(dead_code)]
mod world;

use engine::Engine;
use model::TradingState;
use world::World;

/// Inputs and records of a minute of a session, and the state and number they begin with.
struct Recorded {
    state: TradingState,
    next_seq: u64,
    inputs: Vec<(model::Stamp, model::Input)>,
    records: Vec<model::DecisionRecord>,
}

fn record() -> Recorded {
    let preset = model::preset::preset("quick-strangle").expect("the default preset");
    let mut world = World::new(1, 7);
    world.run_ms(1_000);
    world.start(&preset.configuration);
    world.run_ms(8_000);
    let state = world.engine.state().clone();
    let next_seq = world.engine.next_seq();
    let (inputs, records) = (world.heard.len(), world.records.len());
    world.run_ms(60_000);
    Recorded {
        state,
        next_seq,
        inputs: world.heard.split_off(inputs),
        records: world.records.split_off(records),
    }
}

fn main() {
    let recorded = record();
    println!("engine: one minute of a session with a position on, {} inputs", recorded.inputs.len());
    let step = support::time(|| {
        let mut engine = Engine::new(recorded.state.clone(), recorded.next_seq);
        let mut decided = 0;
        for (stamp, input) in &recorded.inputs {
            decided += engine.step(stamp.clone(), input.clone()).len();
        }
        assert_eq!(decided, recorded.records.len());
        recorded.inputs.len()
    });
    let fold = support::time(|| {
        let mut state = recorded.state.clone();
        for record in &recorded.records {
            state.apply(record);
        }
        std::hint::black_box(&state);
        recorded.inputs.len()
    });
    let journal = support::time(|| {
        let bytes: usize = recorded
            .records
            .iter()
            .map(|record| serde_json::to_vec(record).map_or(0, |json| json.len()))
            .sum();
        std::hint::black_box(bytes);
        recorded.inputs.len()
    });
    support::line("step (facts, judges, fold), per input", step);
    support::line("baseline: fold of the same records alone", fold);
    support::line("baseline: the same records as JSON", journal);
    support::ratio("step beside fold", step, fold);
    support::ratio("step beside JSON", step, journal);
}
