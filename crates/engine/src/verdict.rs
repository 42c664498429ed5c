//! What a judge says: a decision, and the intent it belongs to.

use model::decision::{
    ClosingDecision, EntryDecision, MarketDecision, OrderDecision, RulesDecision, SessionDecision,
    TruthDecision,
};
use model::session::Session;
use model::{Decision, Micros, Stamp, TradingState};
use telemetry::CorrelationId;

#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub correlation_id: CorrelationId,
    pub decision: Decision,
}

/// Says `decision` on behalf of an intent.
pub(crate) fn say(correlation_id: &CorrelationId, decision: impl IntoDecision) -> Verdict {
    Verdict { correlation_id: correlation_id.clone(), decision: decision.into_decision() }
}

/// Families of decisions turn into decisions.
pub(crate) trait IntoDecision {
    fn into_decision(self) -> Decision;
}

macro_rules! into_decision {
    ($($family:ident => $variant:ident),+) => {
        $(impl IntoDecision for $family {
            fn into_decision(self) -> Decision {
                Decision::$variant(self)
            }
        })+
    };
}

into_decision!(
    MarketDecision => Market,
    SessionDecision => Session,
    EntryDecision => Entry,
    OrderDecision => Order,
    TruthDecision => Truth,
    RulesDecision => Rules,
    ClosingDecision => Closing
);

/// Whose intent work on a session is now: a running close, else the start while it enters or recovers, else the tick.
pub(crate) fn intent_of<'a>(
    state: &'a TradingState,
    session: &'a Session,
    stamp: &'a Stamp,
) -> &'a CorrelationId {
    if let Some(flatten) = state.flatten.as_ref().filter(|flatten| flatten.verified_flat_at.is_none()) {
        return &flatten.correlation_id;
    }
    if let Some(exit) = &session.exit {
        return &exit.correlation_id;
    }
    if session.entry.completed_at.is_none() { &session.correlation_id } else { &stamp.correlation_id }
}

/// Microseconds from `from` to `to`.
pub(crate) fn since(from: Micros, to: Micros) -> i64 {
    to.0 - from.0
}

pub(crate) const MILLISECOND: i64 = 1_000;
pub(crate) const SECOND: i64 = 1_000_000;
