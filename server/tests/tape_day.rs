//! A whole recorded day, 2022-01-05 with its fall of 8 % in the evening, traded in virtual time: one session
//! after another with the default preset, each to its end by a rule, each result checked by hand from the
//! venue's own fills, and the whole journal replayed.

#[path = "tape_day/world.rs"]
mod world;

use engine::Engine;
use model::decision::{MarketDecision, RulesDecision};
use model::{Decimal, Decision, ExitReason, TradingState};
use world::World;

/// Market seconds in a wall second; the day takes twelve wall minutes.
const SPEED: u32 = 120;
const DAY_S: i64 = 86_400 / SPEED as i64;

/// Net P&L from the venue's fills of one stretch of time: premiums in, premiums out, fees. USD.
fn by_hand(fills: &[simulator::account::Fill], since: i64) -> Decimal {
    fills.iter().filter(|fill| fill.created_us >= since).fold(Decimal::ZERO, |sum, fill| {
        let value = fill.price * Decimal::from(fill.size) * Decimal::new(1, 3);
        let cash = if fill.side == simulator::book::Side::Sell { value } else { -value };
        sum + cash - fill.fee
    })
}

#[test]
fn a_whole_day_is_traded_session_by_session() {
    let preset = model::preset::preset("quick-strangle").expect("the default preset");
    let mut world = World::new(SPEED, 7);
    let end = world.now.0 + DAY_S * world::SECOND;
    let mut reasons = Vec::new();
    world.run_ms(1_000);
    while world.now.0 < end {
        world.start(&preset.configuration);
        while !world.is_stopped() {
            world.run_ms(100);
            assert!(
                world.now.0 < end + 900 * world::SECOND,
                "a session of ten minutes at most goes on for ever"
            );
        }
        let fills = world.exchange.fills(world.now.0);
        let session = world.session();
        let net = session.summary.as_ref().expect("a summary").net.expect("every price is known");
        assert_eq!(net, by_hand(&fills, session.started_at.0), "P&L of session {}", session.id);
        let exit = session.exit().expect("an exit");
        if !session.fills.is_empty() {
            assert_eq!(exit.readings.len(), 10, "every rule's inputs stand on the exit record");
        }
        reasons.push((exit.reason, net));
        world.run_ms(1_000);
    }
    assert!(reasons.len() >= 3, "{reasons:?}");
    let by_rule = [ExitReason::Trailing, ExitReason::MaxProfit, ExitReason::MaxLoss, ExitReason::Time];
    assert!(reasons.iter().all(|(reason, _)| by_rule.contains(reason)), "each ends by a rule: {reasons:?}");
    assert!(reasons.iter().any(|(reason, _)| *reason == ExitReason::Trailing), "{reasons:?}");
    assert!(
        reasons.iter().any(|(reason, _)| *reason == ExitReason::MaxLoss),
        "the evening's fall is met: {reasons:?}"
    );
    assert!(
        world
            .records
            .iter()
            .any(|record| matches!(&record.decision, Decision::Rules(RulesDecision::TrailingArmed { .. })))
    );
    println!("{} sessions: {reasons:?}", reasons.len());
    replay(&world);
}

/// The journaled inputs through a fresh engine give the same decisions, byte for byte.
fn replay(world: &World) {
    let mut engine = Engine::new(TradingState::default(), 1);
    let mut recorded = world.records.iter().peekable();
    for (stamp, input) in &world.inputs {
        // The prices stand in the decisions that they led to.
        if let Some(record) = recorded.peek()
            && let Decision::Market(MarketDecision::Seen { events, .. }) = &record.decision
        {
            engine.take_in(events.clone());
        }
        for record in engine.step(stamp.clone(), input.clone()) {
            let expected =
                recorded.next().map(|record| serde_json::to_string(record).expect("it serialises"));
            assert_eq!(Some(serde_json::to_string(&record).expect("it serialises")), expected);
        }
    }
    assert_eq!(recorded.next(), None);
}
