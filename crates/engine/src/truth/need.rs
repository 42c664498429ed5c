//! One need of the venue's truth: what is asked for and how fresh it must be, and what everybody who has one asks
//! first.

use model::decision::truth::TruthPurpose;
use model::{Micros, ProductId, Session, Symbol, TradingState};
use telemetry::CorrelationId;

use crate::said::{SECOND, since};

/// After a read that failed the next waits this long.
const AGAIN: i64 = SECOND;
/// While closing.
const AGAIN_CLOSING: i64 = SECOND / 2;

#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub purpose: TruthPurpose,
    /// A read must have been asked for at or after this moment.
    pub since: Micros,
    pub products: Vec<(ProductId, Symbol)>,
    pub fills_since: Option<Micros>,
    pub account: bool,
    pub correlation_id: CorrelationId,
}

/// Fills since well before the session's first order: the venue's clock may differ from ours.
pub(crate) fn fills_since(session: &Session) -> Micros {
    Micros(session.started_at.0 - 600 * SECOND)
}

/// Whether the latest read failed so short a while ago that the next must wait.
pub(crate) fn must_wait(state: &TradingState, now: Micros, closing: bool) -> bool {
    let pause = if closing { AGAIN_CLOSING } else { AGAIN };
    state.account.truth.failed_at.is_some_and(|at| since(at, now) < pause)
}
