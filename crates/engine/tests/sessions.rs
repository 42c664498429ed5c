//! Whole sessions in virtual time: the buttons, the rules, the ways in which a venue and a process fail.

mod support;

use model::decision::{ClosingDecision, OrderDecision, RulesDecision, SessionDecision};
use model::input::{ExecutionReport, OperatorAction, ResolveChoice};
use model::rules::Rule;
use model::{Decision, ExitReason, Exposure, Health, Input, Lifecycle, Micros};
use support::venue::Fault;
use support::world::World;
use support::{SECOND, call, quick_strangle};

fn stopped(world: &World) -> bool {
    world.lifecycle() == Lifecycle::Stopped
}

fn assert_flat_end(world: &World, reason: ExitReason) {
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(reason));
    assert!(world.venue.is_flat(), "the venue holds {:?}", world.venue.positions);
    assert_eq!(world.venue.open_orders(), 0);
    assert_eq!(world.session().exposure, Exposure::Flat);
    assert!(world.session().summary.is_some());
}

#[test]
fn a_session_enters_sells_both_legs_and_is_open() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    assert_eq!(world.lifecycle(), Lifecycle::Running);
    assert_eq!(world.session().exposure, Exposure::Open);
    assert_eq!(world.session().position(&call()), -200);
    // 200 lots of 0.001 BTC: 0.2 × (300 + 280).
    assert_eq!(world.session().ledger.credit.normalize(), support::dec("116"));
}

#[test]
fn what_was_sold_is_confirmed_by_a_read_of_the_venue() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.run_ms(2_500);
    assert_eq!(world.state().account.truth.position(&call()).map(|read| read.lots), Some(-200));
    let reading = world.session().rules.readings.iter().find(|reading| reading.rule == Rule::Exposure);
    assert_eq!(
        reading.map(model::reading_words::raw).as_deref(),
        Some("agrees: ours −200 / −200, venue −200 / −200")
    );
}

#[test]
fn stop_closes_both_legs_and_ends_verified_flat() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    world.operate(OperatorAction::Stop { session_id });
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Operator);
    let reads = world
        .decisions()
        .filter(|decision| matches!(decision, Decision::Closing(ClosingDecision::FlatSeen { .. })));
    assert_eq!(reads.count(), 2, "flat is believed from two reads");
}

#[test]
fn a_profit_beyond_the_limit_ends_it() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    // Buying back at 0.6 leaves 0.2 × (580 − 352.8) = 45.44 less fees: above 40.
    world.venue.reprice("0.6");
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::MaxProfit);
}

#[test]
fn a_loss_beyond_the_limit_ends_it_and_says_what_it_saw() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.venue.reprice("1.51");
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::MaxLoss);
    let readings = &world.session().exit().expect("an exit").readings;
    assert_eq!(readings.len(), 10, "every rule's raw inputs stand on the exit");
}

#[test]
fn the_floor_arms_follows_and_fires() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.venue.reprice("0.80");
    world.run_ms(2_000);
    let trailing = world.session().rules.trailing;
    assert!(trailing.active, "{trailing:?}");
    let floor = trailing.floor;
    world.venue.reprice("0.95");
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Trailing);
    assert_eq!(world.session().rules.trailing.floor, floor, "the floor does not fall");
}

#[test]
fn a_pause_keeps_the_exits_running_and_resume_needs_health() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    world.operate(OperatorAction::Pause { session_id: session_id.clone() });
    assert_eq!(world.lifecycle(), Lifecycle::Paused);
    world.operate(OperatorAction::Resume { session_id: session_id.clone() });
    assert_eq!(world.lifecycle(), Lifecycle::Running);
    world.operate(OperatorAction::Pause { session_id });
    world.venue.reprice("0.6");
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::MaxProfit);
}

#[test]
fn panic_latches_closes_and_refuses_starts_until_acknowledged() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.panic(None);
    assert_eq!(world.lifecycle(), Lifecycle::Panicking);
    let repeated = world.panic(None);
    assert!(matches!(repeated[0].decision, Decision::Closing(ClosingDecision::PanicRepeated { .. })));
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Panic);
    world.run_until("verified flat", 20, World::is_account_flat);
    let refused = world.start(quick_strangle());
    assert!(world.state().session(&refused).is_none(), "nothing starts under a latch");
    world.acknowledge();
    assert!(world.engine.state().account.latch.is_none());
    world.start_and_enter(quick_strangle());
}

#[test]
fn panic_of_one_session_leaves_no_latch() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    world.panic(Some(session_id));
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Panic);
    world.start_and_enter(quick_strangle());
}

#[test]
fn panic_without_a_session_is_verified_flat() {
    let mut world = World::new();
    world.panic(None);
    world.run_until("verified flat", 10, World::is_account_flat);
}

#[test]
fn a_lost_reply_is_looked_up_and_the_order_is_sent_once() {
    let mut world = World::new();
    world.venue.faults.extend([Fault::LostReply]);
    world.start_and_enter(quick_strangle());
    assert_eq!(world.venue.placed.len(), 2, "{:?}", world.venue.placed);
    let ambiguous = world
        .decisions()
        .any(|decision| matches!(decision, Decision::Order(OrderDecision::Ambiguous { .. })));
    assert!(ambiguous);
}

#[test]
fn a_lost_entry_request_ends_the_entry_flat_after_the_signature_died() {
    let mut world = World::new();
    world.venue.faults.extend([Fault::LostRequest]);
    world.start(quick_strangle());
    world.run_until("STOPPED", 30, stopped);
    assert_flat_end(&world, ExitReason::EntryFailed);
    let waited = world.now.0 - world.session().entry().started_at.expect("it started").0;
    assert!(waited >= 7 * SECOND, "an unresolved entry is waited out, {waited} µs");
}

#[test]
fn a_refused_leg_closes_the_other() {
    let mut world = World::new();
    world.venue.faults.extend([Fault::Rejected("insufficient_margin")]);
    world.start(quick_strangle());
    world.run_until("STOPPED", 30, stopped);
    assert_flat_end(&world, ExitReason::EntryFailed);
}

#[test]
fn a_settled_position_ends_the_session_by_settlement() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.run_ms(2_000);
    for fill in world.venue.settle("120") {
        world.input(Input::Execution(ExecutionReport::Fill(fill)));
    }
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Settlement);
    // 116 of premium less 2 × 200 × 0.001 × 120; two fees of 0.5, and none for a settlement.
    let summary = world.session().summary.as_ref().expect("a summary");
    assert_eq!((summary.gross, summary.fees), (Some(support::dec("68")), support::dec("1")));
}

#[test]
fn an_order_of_ours_that_the_journal_does_not_know_is_canceled() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    let lost = model::ids::client_order_id(&model::SessionId::new("s-forgotten1"), "entry", 0, 1);
    let mut request = world.venue.orders.values().next().expect("an order").request.clone();
    (request.client_order_id, request.limit) = (lost.clone(), Some(support::dec("900")));
    world.venue.place(&request, world.now);
    assert_eq!(world.venue.open_orders(), 1);
    world.panic(None);
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Panic);
    assert_eq!(world.venue.orders[&lost].status, model::order::OrderStatus::Canceled);
}

#[test]
fn a_one_sided_book_is_closed_at_the_band_when_it_returns() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    let ask = world.venue.books.get_mut(&call()).and_then(|book| book.ask.take());
    world.operate(OperatorAction::Stop { session_id });
    world.run_ms(8_000);
    assert!(!stopped(&world), "nothing can be bought while nobody offers");
    world.venue.books.get_mut(&call()).expect("the book").ask = ask;
    world.run_until("STOPPED", 40, stopped);
    assert!(world.venue.is_flat());
}

#[test]
fn an_unreachable_venue_keeps_the_exposure_unknown_and_the_panic_trying() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.venue.reads_fail_until = Micros(world.now.0 + 12 * SECOND);
    world.panic(None);
    world.run_ms(8_000);
    assert!(!stopped(&world));
    assert!(
        world
            .decisions()
            .any(|decision| matches!(decision, Decision::Closing(ClosingDecision::Blocked { .. })))
    );
    world.run_until("STOPPED", 40, stopped);
    assert_flat_end(&world, ExitReason::Panic);
}

#[test]
fn silence_of_the_market_ends_it_after_fifteen_seconds() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.publishes = false;
    world.run_until("DATA_STALE", 30, |world| world.session().health.contains(&Health::DataStale));
    world.publishes = true;
    world.run_until("STOPPED", 30, stopped);
    assert_flat_end(&world, ExitReason::Error);
}

#[test]
fn a_killed_process_comes_back_knowing_its_position() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    let ids = |world: &World| world.session().fills.iter().map(|fill| fill.id.clone()).collect::<Vec<_>>();
    let fills = ids(&world);
    world.run_ms(1_000);
    world.kill_and_restart();
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
    assert_eq!(ids(&world), fills);
    assert_eq!(world.session().exposure, Exposure::Open);
    world.panic(None);
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::Panic);
}

#[test]
fn a_process_killed_while_it_closes_goes_on_closing() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    world.operate(OperatorAction::Stop { session_id });
    world.kill_and_restart();
    world.run_until("STOPPED", 30, stopped);
    assert_flat_end(&world, ExitReason::Operator);
}

#[test]
fn a_floor_broken_while_the_process_was_dead_fires_at_once() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.venue.reprice("0.80");
    world.run_ms(2_000);
    assert!(world.session().rules.trailing.active);
    world.venue.reprice("0.95");
    world.kill_and_restart();
    world.run_until("STOPPED", 20, stopped);
    assert_flat_end(&world, ExitReason::TrailingRestart);
}

#[test]
fn a_position_that_somebody_else_changes_needs_an_operator() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    world.run_ms(2_000);
    world.venue.positions.insert(call(), -150);
    world.run_until("NEEDS_OPERATOR", 40, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    assert!(world.session().needs_operator.is_some());
    world.operate(OperatorAction::Resolve { session_id, choice: ResolveChoice::Close });
    world.run_until("STOPPED", 60, stopped);
    assert!(world.venue.is_flat(), "resolve closes what the venue shows");
}

#[test]
fn every_record_of_a_session_carries_its_context_and_gapless_numbers() {
    let mut world = World::new();
    let session_id = world.start_and_enter(quick_strangle());
    world.operate(OperatorAction::Stop { session_id: session_id.clone() });
    world.run_until("STOPPED", 20, stopped);
    for (index, record) in world.records.iter().enumerate() {
        assert_eq!(record.seq, index as u64 + 1);
    }
    let first = world
        .records
        .iter()
        .position(|record| matches!(record.decision, Decision::Session(SessionDecision::Starting { .. })));
    let last = world.records.iter().position(|record| {
        matches!(
            record.decision,
            Decision::Session(SessionDecision::LifecycleChanged { to: Lifecycle::Stopped, .. })
        )
    });
    let (Some(first), Some(last)) = (first, last) else { panic!("the session started and stopped") };
    for record in &world.records[first..=last] {
        assert_eq!(record.session_id.as_ref(), Some(&session_id), "{record:?}");
        assert_eq!(record.strategy_id.as_deref(), Some("short_strangle"));
        assert!(record.configuration.is_some() && record.execution_mode.is_some());
    }
}

#[test]
fn orders_carry_the_id_of_the_click_and_an_exit_by_rule_its_own() {
    let mut world = World::new();
    world.start_and_enter(quick_strangle());
    world.venue.reprice("0.6");
    world.run_until("STOPPED", 20, stopped);
    let click = world.session().correlation_id.clone();
    let exit = world.session().exit().expect("an exit").correlation_id.clone();
    assert_ne!(click, exit);
    for record in &world.records {
        if let Decision::Order(OrderDecision::Submitted(request)) = &record.decision {
            let expected = if request.reduce_only { &exit } else { &click };
            assert_eq!(&record.correlation_id, expected);
        }
    }
    assert!(
        world
            .decisions()
            .any(|decision| matches!(decision, Decision::Rules(RulesDecision::ExitDecided { .. })))
    );
}
