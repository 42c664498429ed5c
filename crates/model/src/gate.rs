//! "Why is it not trading?" answered with one named gate: the first that shuts entry.

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::market::SPOT_AGE_MAX;
use crate::session::{Exposure, Lifecycle, Session};
use crate::state::TradingState;

/// The gates in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    NoSession,
    Latched,
    NeedsOperator,
    Ended,
    Closing,
    Starting,
    Paused,
    PositionOpen,
    Entering,
    ExposureUnknown,
    QuotesStale,
    SpotStale,
    CreditBelowGuard,
    Open,
}

impl Gate {
    pub fn word(self) -> &'static str {
        match self {
            Gate::NoSession => "no_session",
            Gate::Latched => "latched",
            Gate::NeedsOperator => "needs_operator",
            Gate::Ended => "ended",
            Gate::Closing => "closing",
            Gate::Starting => "starting",
            Gate::Paused => "paused",
            Gate::PositionOpen => "position_open",
            Gate::Entering => "entering",
            Gate::ExposureUnknown => "exposure_unknown",
            Gate::QuotesStale => "quotes_stale",
            Gate::SpotStale => "spot_stale",
            Gate::CreditBelowGuard => "credit_below_guard",
            Gate::Open => "open",
        }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            Gate::NoSession => "No session runs: start one.",
            Gate::Latched => {
                "The panic latch is set: clear it with a reason once everything is verified flat."
            }
            Gate::NeedsOperator => "The venue and our records differ: an operator must resolve it.",
            Gate::Ended => "The session has ended; re-entry is off. Start a new one.",
            Gate::Closing => "The session is closing its position.",
            Gate::Starting => "The session is starting: it waits for the venue's truth and fresh quotes.",
            Gate::Paused => "Entries are paused; exits keep running. Resume to trade.",
            Gate::PositionOpen => "A position is already open (1 of 1).",
            Gate::Entering => "Entry orders are working.",
            Gate::ExposureUnknown => "What is on at the venue is not known.",
            Gate::QuotesStale => "Quotes of the legs are stale or one-sided.",
            Gate::SpotStale => "The spot price is stale.",
            Gate::CreditBelowGuard => "The executable credit is below the slippage guard.",
            Gate::Open => "Entry is open.",
        }
    }
}

/// The first gate that shuts entry, or `Open`.
pub fn gate(state: &TradingState, now: Micros) -> Gate {
    let Some(session) = &state.session else {
        return if state.account.latch.is_some() { Gate::Latched } else { Gate::NoSession };
    };
    if let Some(gate) = lifecycle_gate(state, session) {
        return gate;
    }
    if session.exposure == Exposure::Unknown {
        return Gate::ExposureUnknown;
    }
    if session.entry.started_at.is_some() && session.entry.completed_at.is_none() {
        return Gate::Entering;
    }
    if !session.is_flat_by_fills() || session.entry.completed_at.is_some() {
        return Gate::PositionOpen;
    }
    market_gate(state, session, now)
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

fn market_gate(state: &TradingState, session: &Session, now: Micros) -> Gate {
    if state.session_spot().is_none_or(|spot| now.0 - spot.at.0 > SPOT_AGE_MAX.0) {
        return Gate::SpotStale;
    }
    let ready = session.legs.iter().all(|leg| {
        state
            .market(&leg.instrument.symbol)
            .is_some_and(|market| market.is_fresh(now) && market.bid().is_some() && market.ask().is_some())
    });
    if session.legs.is_empty() || !ready {
        return Gate::QuotesStale;
    }
    let executable = executable_credit(state, session);
    let guard = session.entry.plan_credit.zip(executable).is_some_and(|(plan, now)| {
        now * crate::Decimal::ONE_HUNDRED < plan * session.configuration.slippage_guard_percent
    });
    if guard { Gate::CreditBelowGuard } else { Gate::Open }
}

/// Credit if all legs were sold at the current bids, USD; `None` when a bid is missing.
pub fn executable_credit(state: &TradingState, session: &Session) -> Option<crate::Money> {
    session.legs.iter().try_fold(crate::Money::ZERO, |sum, leg| {
        let bid = state.market(&leg.instrument.symbol)?.bid()?;
        Some(sum + leg.instrument.value(bid.price, leg.lots))
    })
}
