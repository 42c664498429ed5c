//! What a judge says: a decision, the intent it belongs to, and the session that it is about.

use model::decision::{
    AccountDecision, ClosingDecision, EntryDecision, MarketDecision, OrderDecision, RulesDecision,
    SessionDecision, TruthDecision,
};
use model::{Decision, Micros, SessionId};
use telemetry::CorrelationId;

#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub correlation_id: CorrelationId,
    pub session: Option<SessionId>,
    pub decision: Decision,
}

/// Says `decision` on behalf of an intent. A judge of sessions speaks of the session that it was asked about.
pub(crate) fn say(correlation_id: &CorrelationId, decision: impl IntoDecision) -> Said {
    Said { correlation_id: correlation_id.clone(), session: None, decision: decision.into_decision() }
}

impl Said {
    /// Says it of a session.
    pub(crate) fn of(mut self, session: &SessionId) -> Self {
        self.session = Some(session.clone());
        self
    }
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
    AccountDecision => Account,
    MarketDecision => Market,
    SessionDecision => Session,
    EntryDecision => Entry,
    OrderDecision => Order,
    TruthDecision => Truth,
    RulesDecision => Rules,
    ClosingDecision => Closing
);

/// Microseconds from `from` to `to`.
pub(crate) fn since(from: Micros, to: Micros) -> i64 {
    to.0.saturating_sub(from.0)
}

pub(crate) const MILLISECOND: i64 = 1_000;
pub(crate) const SECOND: i64 = 1_000_000;
