//! Trading has threads of its own: with every other thread of the server held up, prices come in, a session sells its
//! legs, and a panic ends verified flat.

#[path = "trading_support/console.rs"]
#[allow(dead_code)]
mod console;
#[path = "trading_support/server.rs"]
#[allow(dead_code)]
mod server_support;

use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

use model::input::OperatorAction;
use model::preset::preset;
use model::{ExecutionMode, PanicId, SessionId, TradingState};
use server::trading::{FeedHub, Operator};
use telemetry::CorrelationId;
use tokio::runtime::{Builder, Runtime};

const WORKERS: usize = 2;

/// Waits on this thread alone.
fn until(hub: &FeedHub, what: &str, reached: impl Fn(&TradingState) -> bool) {
    let since = Instant::now();
    while !hub.look(|state, _| reached(state)) {
        assert!(since.elapsed() < Duration::from_secs(90), "never reached: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ask(other: &Runtime, operator: &Operator, action: OperatorAction) {
    let answer = other.block_on(operator.ask("ann", CorrelationId::from_bits(1), action, None));
    assert_eq!(answer.unwrap().status, 202);
}

#[test]
fn trading_goes_on_while_everything_else_is_held_up() {
    let server = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().unwrap();
    let other = Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (running, _console) = server.block_on(server_support::start(dir.path(), &[]));
    let (hub, operator) = (running.app.trading.hub.clone(), running.app.trading.operator.clone());
    until(&hub, "a first price", |state| !state.spot.is_empty());

    let begin = Arc::new(Barrier::new(WORKERS + 1));
    // Held until this is dropped, also by a failure.
    let held: Vec<mpsc::Sender<()>> = (0..WORKERS)
        .map(|_| {
            let (hold, held) = mpsc::channel();
            let begin = Arc::clone(&begin);
            server.spawn(async move {
                begin.wait();
                let _ = held.recv();
            });
            hold
        })
        .collect();
    begin.wait();
    let heard = hub.look(|state, _| state.market_heard_at);
    until(&hub, "a younger price", |state| state.market_heard_at > heard);
    let configuration = Box::new(preset("quick-strangle").unwrap().configuration);
    let session_id = SessionId::from("s-held00000");
    let start = OperatorAction::Start {
        session_id: session_id.clone(),
        configuration,
        execution_mode: ExecutionMode::Simulated,
        expected: Vec::new(),
    };
    ask(&other, &operator, start);
    let sold =
        |state: &TradingState| state.session(&session_id).is_some_and(|session| session.fills.len() >= 2);
    until(&hub, "both legs sold", sold);
    ask(
        &other,
        &operator,
        OperatorAction::Panic { session_id: None, panic_id: PanicId::from("p-held00000") },
    );
    until(&hub, "verified flat", |state| {
        state.account.latch.as_ref().is_some_and(|latch| latch.verified_flat_at.is_some())
    });
    drop(held);
    server.block_on(running.stop());
}
