//! What history costs: a step of the engine with 10 and with 100,000 fills behind it, and the recovery of a server with
//! 10 and with 1,000 past sessions, each beside the other in the same run.

mod support;
#[path = "../tests/tape_day/world.rs"]
#[allow(dead_code)]
mod world;

use std::path::Path;
use std::sync::Arc;

use engine::Engine;
use model::decision::OrderDecision;
use model::fill::Fill;
use model::order::Side;
use model::{Decimal, Decision, DecisionRecord, FillId, Input, OrderId, Session, TradingState};
use server::store::trading::{Entry, Rolling, TradingStore};
use server::telling::Teller;
use telemetry::Level;
use world::World;

/// Prices and ticks of a minute, and the state that they meet.
struct Minute {
    state: TradingState,
    next_seq: u64,
    heard: Vec<(model::Stamp, Input)>,
}

fn minute() -> Minute {
    let preset = model::preset::preset("quick-strangle").expect("the default preset");
    let mut world = World::new(1, 7);
    world.run_ms(1_000);
    world.start(&preset.configuration);
    world.run_ms(8_000);
    let (state, next_seq, from) = (world.engine.state().clone(), world.engine.next_seq(), world.heard.len());
    world.run_ms(60_000);
    Minute { state, next_seq, heard: world.heard.split_off(from) }
}

/// The state after so many more fills of one lot, bought and sold in turn.
fn traded(state: &TradingState, fills: usize) -> TradingState {
    let mut state = state.clone();
    let session = state.latest_session().expect("a session").clone();
    let booked = session.fills.iter().next().expect("a fill").clone();
    for number in 0..fills {
        state.apply(&booking(&session, &booked, number));
    }
    state
}

fn booking(session: &Session, booked: &Fill, number: usize) -> DecisionRecord {
    let fill = Fill {
        id: FillId(format!("bench-{number}")),
        order_id: OrderId::from("bench"),
        client_order_id: None,
        side: if number.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        lots: 1,
        // A fee would end the session by its loss, and a session that closes does something else.
        fee: Some(Decimal::ZERO),
        ..booked.clone()
    };
    DecisionRecord {
        boot_id: "bench".to_owned(),
        seq: 0,
        input_seq: 0,
        at: booked.at,
        correlation_id: session.correlation_id.clone(),
        session_id: Some(session.id.clone()),
        strategy_id: None,
        configuration: None,
        execution_mode: None,
        decision: Decision::Order(OrderDecision::FillBooked(fill)),
    }
}

fn steps(minute: &Minute, fills: usize) -> support::Figure {
    let state = traded(&minute.state, fills);
    support::prepared_time(
        || Engine::new(state.clone(), minute.next_seq),
        |engine| {
            for (stamp, input) in &minute.heard {
                std::hint::black_box(engine.step(stamp.clone(), input.clone()));
            }
            minute.heard.len()
        },
    )
}

/// One whole session, from its start to its end, as the journal has it.
fn session_of_a_minute() -> (String, Vec<DecisionRecord>, TradingState) {
    let preset = model::preset::preset("quick-strangle").expect("the default preset");
    let mut world = World::new(600, 7);
    world.run_ms(1_000);
    let id = world.start(&preset.configuration);
    while !world.is_stopped() {
        world.run_ms(100);
    }
    (id.0, world.records, world.engine.state().clone())
}

async fn empty(dir: &Path) -> TradingStore {
    let environment = [("DELTASCOPE__DATA__DIR".to_owned(), dir.display().to_string())];
    let config = server::config::load(None, &environment.into_iter().collect()).expect("settings");
    let teller = Teller::new(Level::Fatal, 16);
    TradingStore::open_beside(dir, teller, &config.database).await.expect("a journal")
}

/// A journal of a session that goes on: a snapshot with so many fills in it, and a minute of decisions after it.
async fn running(dir: &Path, fills: usize) -> TradingStore {
    let store = empty(dir).await;
    let preset = model::preset::preset("quick-strangle").expect("the default preset");
    let mut world = World::new(1, 7);
    world.run_ms(1_000);
    world.start(&preset.configuration);
    world.run_ms(8_000);
    let state = traded(world.engine.state(), fills);
    let from = world.records.len();
    world.run_ms(60_000);
    let last = &world.records[from - 1];
    let (next_seq, next_input_seq) = (last.seq + 1, last.input_seq + 1);
    let rolling = Rolling { next_seq, next_input_seq, state: Box::new(state) };
    store.append(&joined(&world.records[..from]), Some(&rolling)).await.expect("appended");
    store.append(&joined(&world.records[from..]), None).await.expect("appended");
    store
}

/// One entry an input.
fn joined(records: &[DecisionRecord]) -> Vec<Arc<Entry>> {
    let steps = records.chunk_by(|one, next| one.input_seq == next.input_seq);
    let step = |step: &[DecisionRecord]| {
        let first = entry(step[0].clone());
        let decisions = step.iter().cloned().map(Arc::new).collect();
        Arc::new(Entry { decisions, ..Entry::clone(&first) })
    };
    steps.map(step).collect()
}

/// A journal with so many past sessions, and a snapshot each 2,000 decisions, as the ledger keeps them.
async fn journal(dir: &Path, sessions: usize) -> TradingStore {
    let store = empty(dir).await;
    let (id, records, ended) = session_of_a_minute();
    let text = serde_json::to_string(&records).expect("it serialises");
    let (mut state, mut seq, mut since) = (TradingState::default(), 0, 0);
    for number in 0..sessions {
        let other = text.replace(&id, &format!("s-{number:010}"));
        let mut records: Vec<DecisionRecord> = serde_json::from_str(&other).expect("it was written so");
        for record in &mut records {
            seq += 1;
            (record.seq, record.input_seq) = (seq, seq);
            state.apply(record);
        }
        since += records.len();
        let entries: Vec<Arc<Entry>> = records.into_iter().map(entry).collect();
        let due = since >= 2_000;
        let rolling = due.then(|| Rolling {
            next_seq: seq + 1,
            next_input_seq: seq + 1,
            state: Box::new(state.clone()),
        });
        since = if due { 0 } else { since };
        store.append(&entries, rolling.as_ref()).await.expect("appended");
    }
    assert!(ended.active().next().is_none());
    store
}

fn entry(record: DecisionRecord) -> Arc<Entry> {
    let stamp = model::Stamp {
        at: record.at,
        boot_id: record.boot_id.clone(),
        input_seq: record.input_seq,
        correlation_id: record.correlation_id.clone(),
        previous_step_us: None,
    };
    let decisions = vec![Arc::new(record)];
    Arc::new(Entry { stamp, input: Input::Timer, decisions, origin: None, answer: None })
}

fn recovery(runtime: &tokio::runtime::Runtime, sessions: usize) -> (support::Figure, u64) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = runtime.block_on(journal(dir.path(), sessions));
    let figure = read_back(runtime, &store);
    let decisions = runtime.block_on(store.count()).expect("counted");
    runtime.block_on(store.close());
    (figure, decisions)
}

/// All that a start waits for of the journal: the fold, and what the console shows of before.
fn read_back(runtime: &tokio::runtime::Runtime, store: &TradingStore) -> support::Figure {
    support::time(|| {
        let recovered = runtime.block_on(store.recover()).expect("recovered");
        assert!(recovered.next_seq > 1);
        runtime.block_on(store.latest_decisions(400)).expect("read");
        1
    })
}

fn main() {
    let minute = minute();
    println!("history: one minute of a session with a position on, {} inputs", minute.heard.len());
    let few = steps(&minute, 10);
    let many = steps(&minute, 100_000);
    support::line("step with 10 fills behind it, per input", few);
    support::line("step with 100,000 fills behind it, per input", many);
    support::ratio("100,000 fills beside 10", many, few);

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (short, few) = recovery(&runtime, 10);
    let (long, many) = recovery(&runtime, 1_000);
    println!("history: recovery, {few} and {many} decisions in the journal");
    support::line("recovery after 10 sessions", short);
    support::line("recovery after 1,000 sessions", long);
    support::ratio("1,000 sessions beside 10", long, short);

    let [few, many] = [10, 100_000].map(|fills| {
        let dir = tempfile::tempdir().expect("a folder");
        let store = runtime.block_on(running(dir.path(), fills));
        let figure = read_back(&runtime, &store);
        runtime.block_on(store.close());
        figure
    });
    support::line("recovery of a session with 10 fills", few);
    support::line("recovery of a session with 100,000 fills", many);
    support::ratio("100,000 fills beside 10", many, few);
}
