//! What a test asks of the journal of a world, and the starts that many of them share.

use model::decision::{ClosingDecision, OrderDecision};
use model::input::OperatorAction;
use model::order::{OrderRequest, Purpose, TimeInForce};
use model::record::DecisionRecord;
use model::{Decision, ExitReason, Exposure, Health, Lifecycle, Micros, Money, SessionId, Symbol};
use telemetry::Event;

use crate::support::quick_strangle;
use crate::support::venue::Fault;
use crate::support::world::World;

/// A session with both legs sold, two seconds ago, confirmed by a read of the venue.
pub fn open_session() -> (World, SessionId) {
    let mut world = World::new();
    let id = world.start_and_enter(quick_strangle());
    world.run_ms(2_500);
    (world, id)
}

pub fn later(world: &World, ms: i64) -> Micros {
    Micros(world.now.0 + ms * 1_000)
}

pub fn stop(world: &mut World, session_id: &SessionId) -> Vec<DecisionRecord> {
    world.operate(OperatorAction::Stop { session_id: session_id.clone() })
}

pub fn is_stopped(world: &World) -> bool {
    world.lifecycle() == Lifecycle::Stopped
}

/// The next `count` orders are refused with this code.
pub fn refuse_orders(world: &mut World, count: usize, code: &'static str) {
    world.venue.faults.extend(std::iter::repeat_n(Fault::Rejected(code), count));
}

/// How often an event of that name was told.
pub fn told(world: &World, name: &str) -> usize {
    world.decisions().filter(|decision| decision.name() == name).count()
}

/// Close orders in the order in which they were decided, with their times.
pub fn closes(world: &World) -> Vec<(Micros, &OrderRequest)> {
    let submitted = world.records.iter().filter_map(|record| match &record.decision {
        Decision::Order(OrderDecision::Submitted(request)) => Some((record.at, request)),
        _ => None,
    });
    submitted.filter(|(_, request)| request.purpose == Purpose::Close).collect()
}

/// What a close order is, in one word.
pub fn shape(request: &OrderRequest) -> &'static str {
    match (request.limit, request.time_in_force) {
        (None, _) => "market",
        (Some(_), TimeInForce::Ioc) => "limit",
        (Some(_), TimeInForce::Gtc) => "resting",
        (Some(_), TimeInForce::PostOnly) => "passive",
    }
}

/// Close orders of one instrument.
pub fn shapes(world: &World, symbol: &Symbol) -> Vec<&'static str> {
    let closes = closes(world);
    closes
        .iter()
        .filter(|(_, request)| &request.symbol == symbol)
        .map(|(_, request)| shape(request))
        .collect()
}

pub fn verified(world: &World) -> bool {
    world
        .decisions()
        .any(|decision| matches!(decision, Decision::Closing(ClosingDecision::VerifiedFlat { .. })))
}

/// What the day counts, USD.
pub fn realized(world: &World) -> Money {
    world.state().account.day.realized
}

pub fn is_unwell(world: &World, health: Health) -> bool {
    world.state().health_of(world.session()).contains(&health)
}

/// The session stopped for that reason, and nothing of ours is left at the venue.
pub fn assert_ended(world: &World, reason: ExitReason) {
    assert!(is_stopped(world), "{:#?}", world.tail(20));
    assert_eq!(world.session().exit().map(|exit| exit.reason), Some(reason));
    assert_eq!(world.session().exposure, Exposure::Flat);
    assert!(world.venue.is_flat(), "the venue holds {:?}", world.venue.positions);
    assert_eq!(world.venue.open_orders(), 0, "orders of ours rest");
}
