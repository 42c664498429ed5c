//! Which gate shuts entry: looked at in their order, the first is the answer.

use telemetry::Micros;

use crate::amount::total;
use crate::gate::Gate;
use crate::market::SPOT_AGE_MAX;
use crate::session::Session;
use crate::state::TradingState;
use crate::words::{Exposure, Lifecycle};

/// A plan older than this is not followed: strikes are chosen again.
pub const PLAN_AGE_MAX: Micros = Micros(60_000_000);

/// The first gate that shuts entry of a session, or `Open`.
pub fn gate(state: &TradingState, session: &Session, now: Micros) -> Gate {
    if let Some(gate) = lifecycle_gate(state, session) {
        return gate;
    }
    if session.exposure == Exposure::Unknown {
        return Gate::ExposureUnknown;
    }
    if session.is_entering() {
        return Gate::Entering;
    }
    if !session.is_flat_by_fills() || session.entry().completed_at.is_some() {
        return Gate::PositionOpen;
    }
    if is_day_over(state, session, now) {
        return Gate::DayLimit;
    }
    if !has_plan(session, now) {
        return Gate::Planning;
    }
    market_gate(state, session, now)
}

/// What shuts entry while no session exists.
pub fn idle_gate(state: &TradingState) -> Gate {
    if state.account.latch.is_some() { Gate::Latched } else { Gate::NoSession }
}

fn lifecycle_gate(state: &TradingState, session: &Session) -> Option<Gate> {
    match session.lifecycle {
        Lifecycle::Stopped if state.account.latch.is_some() => Some(Gate::Latched),
        Lifecycle::Stopped => Some(Gate::Ended),
        Lifecycle::NeedsOperator => Some(Gate::NeedsOperator),
        Lifecycle::Exiting | Lifecycle::Panicking => Some(Gate::Closing),
        Lifecycle::Starting => Some(Gate::Starting),
        Lifecycle::Paused => Some(Gate::Paused),
        Lifecycle::Running => state.account.latch.is_some().then_some(Gate::Latched),
    }
}

/// Whether what the day made is beyond the session's limit: nothing more is opened today.
pub fn is_day_over(state: &TradingState, session: &Session, now: Micros) -> bool {
    let realized = state.realized_at_worst(now);
    session.configuration.day_loss_limit.is_some_and(|limit| realized <= -limit)
}

/// Whether there is a plan that is young enough to be followed.
pub fn has_plan(session: &Session, now: Micros) -> bool {
    let plan = session.entry().plan.as_ref();
    plan.is_some_and(|plan| now.0.saturating_sub(plan.at.0) <= PLAN_AGE_MAX.0)
}

fn market_gate(state: &TradingState, session: &Session, now: Micros) -> Gate {
    if session.symbols().any(|symbol| state.restricted.now.of(symbol).is_some()) {
        return Gate::VenueRestricted;
    }
    if state.spot_of(session).is_none_or(|spot| now.0.saturating_sub(spot.at.0) > SPOT_AGE_MAX.0) {
        return Gate::SpotStale;
    }
    let ready = session.symbols().all(|symbol| {
        state
            .market(symbol)
            .is_some_and(|market| market.is_fresh(now) && market.bid().is_some() && market.ask().is_some())
    });
    if session.legs().is_empty() || !ready {
        return Gate::QuotesStale;
    }
    let guard = session.configuration.slippage_guard_percent;
    let plan = session.entry().plan.as_ref().map(|plan| plan.credit);
    let meets = plan.zip(executable_credit(state, session)).is_some_and(|(plan, now)| {
        let least = plan.checked_mul(guard);
        least.is_some_and(|least| now.saturating_mul(crate::Decimal::ONE_HUNDRED) >= least)
    });
    if meets { Gate::Open } else { Gate::CreditBelowGuard }
}

/// Credit if all legs were sold at the current bids, USD; `None` when a bid is missing.
pub fn executable_credit(state: &TradingState, session: &Session) -> Option<crate::Money> {
    total(session.legs().iter().map(|leg| {
        let bid = state.market(&leg.instrument.symbol)?.bid()?;
        leg.instrument.value(bid.price, leg.lots)
    }))
}
