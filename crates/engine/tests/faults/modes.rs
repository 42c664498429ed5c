//! A session trades on an account of its own kind: whatever is asked, nothing else begins.

use model::decision::{AccountDecision, SessionDecision};
use model::input::{LiveAccount, OperatorAction};
use model::refusal::Refusal;
use model::{Decision, DecisionRecord, ExecutionMode, Input, SessionId};

use crate::support::quick_strangle;
use crate::support::world::World;

fn live() -> Input {
    Input::Live(LiveAccount {
        venue: "delta-india".to_owned(),
        account: "30084879".to_owned(),
        real_money: true,
    })
}

fn ask(world: &mut World, mode: ExecutionMode) -> Vec<DecisionRecord> {
    world.operate(OperatorAction::Start {
        session_id: SessionId(format!("s-{}-{}", mode.word(), world.records.len())),
        configuration: Box::new(quick_strangle()),
        execution_mode: mode,
        expected: Vec::new(),
    })
}

fn refusal(records: &[DecisionRecord]) -> Option<&Refusal> {
    records.iter().find_map(|record| match &record.decision {
        Decision::Session(SessionDecision::RequestRefused { refusal, .. }) => Some(refusal),
        _ => None,
    })
}

#[test]
fn a_session_begins_on_an_account_of_its_own_kind_alone() {
    let mut world = World::new();
    assert_eq!(refusal(&ask(&mut world, ExecutionMode::Live)), Some(&Refusal::ModeUnavailable));
    assert!(world.state().sessions.is_empty());
    world.input(live());
    assert_eq!(world.state().account.execution_mode(), ExecutionMode::Live);
    assert_eq!(refusal(&ask(&mut world, ExecutionMode::Simulated)), Some(&Refusal::SimulatedUnavailable));
    assert!(world.state().sessions.is_empty());
    assert_eq!(refusal(&ask(&mut world, ExecutionMode::Live)), None);
    let session = world.state().sessions.values().next().expect("it began");
    assert_eq!(session.execution_mode, ExecutionMode::Live);
}

#[test]
fn what_kind_an_account_is_is_said_by_each_process_anew() {
    let mut world = World::new();
    world.input(live());
    world.kill_and_restart();
    assert_eq!(world.state().account.execution_mode(), ExecutionMode::Simulated, "nobody has said it yet");
    assert_eq!(refusal(&ask(&mut world, ExecutionMode::Live)), Some(&Refusal::ModeUnavailable));
    world.input(live());
    let told = world
        .decisions()
        .filter(|decision| matches!(decision, Decision::Account(AccountDecision::LiveOpened(_))));
    assert_eq!(told.count(), 2);
}
