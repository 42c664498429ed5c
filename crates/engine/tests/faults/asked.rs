//! What is asked of a session and said of its health, at the edges: once, at its number, and of nothing else. Each was
//! written for a mistake of one sign in the code (docs/laws.md).

use model::causes::{HealthCause, OperatorCause};
use model::decision::{EntryDecision, SessionDecision};
use model::fill::Fill;
use model::input::{ExecutionReport, HealthReport, Link, LinkChange, OperatorAction};
use model::order::{Side, TimeInForce};
use model::refusal::Refusal;
use model::{Code, Decision, DecisionRecord, Health, Input, Lifecycle};

use crate::edges::trade;
use crate::story::*;
use crate::support::world::World;
use crate::support::{SECOND, call, dec, quick_strangle};

fn refusal(records: &[DecisionRecord]) -> Option<&Refusal> {
    records.iter().find_map(|record| match &record.decision {
        Decision::Session(SessionDecision::RequestRefused { refusal, .. }) => Some(refusal),
        _ => None,
    })
}

fn hear(world: &mut World, fill: Fill) -> Vec<DecisionRecord> {
    world.input(Input::Execution(ExecutionReport::Fill(fill)))
}

#[test]
fn a_withdrawn_entry_has_no_order_at_work() {
    let mut world = World::new();
    world.venue.books.values_mut().for_each(|book| book.size = 0);
    let id = world.start(quick_strangle());
    world.run_until("orders", 5, |world| world.venue.open_orders() == 2);
    world.operate(OperatorAction::Pause { session_id: id });
    assert_eq!(told(&world, "entry.withdrawn"), 0, "its orders are canceled first");
    world.run_until("withdrawn", 5, |world| told(world, "entry.withdrawn") == 1);
    assert_eq!(world.venue.open_orders(), 0);
}

#[test]
fn a_plan_that_expired_says_its_age() {
    let mut world = World::new();
    let id = world.start(quick_strangle());
    world.operate(OperatorAction::Pause { session_id: id.clone() });
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
    world.run_ms(61_000);
    world.operate(OperatorAction::Resume { session_id: id });
    world.run_until("expired", 5, |world| told(world, "entry.plan_expired") == 1);
    let age = world.decisions().find_map(|decision| match decision {
        Decision::Entry(EntryDecision::PlanExpired { age_ms }) => *age_ms,
        _ => None,
    });
    assert!(age.is_some_and(|age| (61_000..63_000).contains(&age)), "{age:?}");
}

#[test]
fn a_start_waits_ten_seconds_for_what_it_needs() {
    let mut world = World::new();
    world.venue.books.get_mut(&call()).expect("the book").frozen = true;
    world.start(quick_strangle());
    let began = world.now;
    world.run_until("it gives up", 20, |world| told(world, "entry.failed") == 1);
    let waited = world.now.0 - began.0;
    assert!((10 * SECOND..10 * SECOND + 300_000).contains(&waited), "{waited} µs");
}

#[test]
fn an_order_of_ours_that_rests_there_is_a_persons_before_a_start() {
    let (mut world, id) = open_session();
    let known = world.session().orders.iter().find(|order| order.request.symbol == call()).expect("an order");
    let request = model::order::OrderRequest {
        client_order_id: model::ids::client_order_id(&id, "entry@boot0", 0, 9),
        limit: Some(dec("900")),
        time_in_force: TimeInForce::Gtc,
        ..known.request.clone()
    };
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    world.run_ms(12_000);
    world.venue.cancels_fail = true;
    let now = world.now;
    world.venue.place(&request, now);
    world.start(quick_strangle());
    world.run_until("a person", 10, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    let cause = world.session().needs_operator.clone();
    assert!(matches!(cause, Some(OperatorCause::NotFlatAtStart { own_open_orders: 1, .. })), "{cause:?}");
}

// People.

/// Whether something was asked of a session.
fn asks(records: &[DecisionRecord]) -> bool {
    let asked = |record: &DecisionRecord| {
        let decision = &record.decision;
        matches!(
            decision,
            Decision::Session(SessionDecision::IntentChanged { .. } | SessionDecision::DrainRequested { .. })
        )
    };
    records.iter().any(asked)
}

#[test]
fn what_is_over_paused_or_draining_already_is_not_asked_twice() {
    let mut world = World::new();
    let id = world.start(quick_strangle());
    let pause = OperatorAction::Pause { session_id: id.clone() };
    assert!(asks(&world.operate(pause.clone())));
    assert!(!asks(&world.operate(pause)), "it starts paused, told once");
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
    world.operate(OperatorAction::Resume { session_id: id.clone() });
    world.run_until("entry", 10, |world| world.session().entry().completed_at.is_some());
    let drain = OperatorAction::Drain { session_id: id.clone() };
    assert!(asks(&world.operate(drain.clone())));
    assert!(!asks(&world.operate(drain)), "drained once");
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    for action in [
        OperatorAction::Pause { session_id: id.clone() },
        OperatorAction::Resume { session_id: id.clone() },
        OperatorAction::Stop { session_id: id.clone() },
        OperatorAction::Drain { session_id: id },
    ] {
        assert_eq!(refusal(&world.operate(action)), Some(&Refusal::Ended));
    }
}

/// Whether that news of the account's health is told.
fn journal(world: &mut World, health: Health, on: bool) -> bool {
    let cause = HealthCause::JournalFails { code: Code::from("disk_full") };
    let before = told(world, "account.health_changed");
    world.input(Input::Health(HealthReport { health, on, cause }));
    told(world, "account.health_changed") > before
}

#[test]
fn nothing_is_resumed_on_a_journal_that_fails_and_a_clock_that_differs_is_no_reason() {
    let (mut world, id) = open_session();
    world.operate(OperatorAction::Pause { session_id: id.clone() });
    assert!(!journal(&mut world, Health::JournalDegraded, false), "it is well");
    assert!(journal(&mut world, Health::JournalDegraded, true));
    assert!(!journal(&mut world, Health::JournalDegraded, true), "told once");
    let resume = OperatorAction::Resume { session_id: id };
    let refused = world.operate(resume.clone());
    assert_eq!(refusal(&refused), Some(&Refusal::HealthBad { health: vec![Health::JournalDegraded] }));
    journal(&mut world, Health::JournalDegraded, false);
    journal(&mut world, Health::ClockSkew, true);
    assert_eq!(refusal(&world.operate(resume)), None);
    assert_eq!(world.lifecycle(), Lifecycle::Running);
}

#[test]
fn a_link_that_goes_is_told_once() {
    let mut world = World::new();
    assert_eq!(told(&world, "market.link_changed"), 2, "both are up");
    let change = |up: bool| Input::Link(LinkChange { link: Link::Prices, up, code: Code::from("closed") });
    for (up, times) in [(true, 2), (false, 3), (false, 3)] {
        world.input(change(up));
        assert_eq!(told(&world, "market.link_changed"), times);
    }
    assert!(!world.state().link_up(Link::Prices) && world.state().link_up(Link::Orders));
}

/// What happened to the account while its stream was away is in no frame: it is asked for when the stream is back.
#[test]
fn a_private_stream_that_was_away_has_the_account_read_at_once() {
    let (mut world, _) = open_session();
    world.run_ms(3_000);
    let change = |up: bool| Input::Link(LinkChange { link: Link::Orders, up, code: Code::from("closed") });
    let before = told(&world, "position.read_requested");
    world.input(change(false));
    world.run_ms(1_000);
    assert_eq!(told(&world, "position.read_requested"), before, "nothing can be missed twice");
    world.input(change(true));
    world.run_ms(300);
    assert_eq!(told(&world, "position.read_requested"), before + 1);
    let fills_read_at = world.state().account.truth.fills_read_at;
    assert!(fills_read_at.is_some_and(|at| world.now.0 - at.0 < 400_000), "fills as well: {fills_read_at:?}");
    world.run_ms(5_000);
    assert_eq!(told(&world, "position.read_requested"), before + 1, "and once");
}

// Health.

#[test]
fn stale_data_is_told_with_its_age_after_fifteen_seconds() {
    let (mut world, _) = open_session();
    world.publishes = false;
    world.run_until("stale", 30, |world| is_unwell(world, Health::DataStale));
    let age = world.decisions().find_map(|decision| match decision {
        Decision::Session(SessionDecision::HealthChanged {
            cause: HealthCause::Stale { age_ms }, ..
        }) => Some(*age_ms),
        _ => None,
    });
    assert!(age.is_some_and(|age| (15_000..15_200).contains(&age)), "{age:?}");
}

#[test]
fn a_session_that_a_person_must_look_at_is_marked_until_it_is_resolved() {
    let (mut world, id) = open_session();
    world.venue.positions.insert(call(), -150);
    world.run_until("a person", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    world.run_ms(200);
    assert!(world.session().health.contains(&Health::Unreconciled));
    stop(&mut world, &id);
    world.run_until("STOPPED", 40, is_stopped);
    assert!(!world.session().health.contains(&Health::Unreconciled));
}

#[test]
fn trades_that_nobody_accepted_keep_a_session_from_going_on_though_positions_agree() {
    // A stranger sold 30 and bought them back; of the second trade nothing was heard.
    let (mut world, _) = open_session();
    let at = world.now;
    hear(&mut world, trade("sold", Side::Sell, at));
    world.kill_and_restart();
    world.run_until("a person", 15, |world| world.lifecycle() != Lifecycle::Starting);
    assert_eq!(world.lifecycle(), Lifecycle::NeedsOperator, "{:#?}", world.tail(8));
}
