//! Verified flat: the summary, STOPPED, and ten seconds later a third read as an audit.

use model::decision::closing::PanicScope;
use model::decision::truth::TruthPurpose;
use model::decision::{ClosingDecision, SessionDecision};
use model::order::Side;
use model::session::{Exposure, Session, Summary};
use model::state::Flatten;
use model::tell::elapsed_ms;
use model::{Decimal, ExitReason, Lifecycle, Money, Stamp, TradingState};

use super::drives;
use crate::truth;
use crate::verdict::{SECOND, Verdict, say, since};

const AUDIT_AFTER: i64 = 10 * SECOND;

pub(super) fn judge(state: &TradingState, flatten: &Flatten, stamp: &Stamp) -> Vec<Verdict> {
    if let Some(session) = state.active().filter(|session| drives(session)) {
        return stop(session, flatten, stamp, state);
    }
    audit(state, flatten, stamp)
}

fn stop(session: &Session, flatten: &Flatten, stamp: &Stamp, state: &TradingState) -> Vec<Verdict> {
    let id = &flatten.correlation_id;
    let evidence_at = state.truth.known.as_ref().map(|known| known.read_at);
    let reason = session.exit.as_ref().map_or(ExitReason::Panic, |exit| exit.reason);
    let mut verdicts = Vec::new();
    if session.exposure != Exposure::Flat {
        let flat =
            SessionDecision::ExposureChanged { from: session.exposure, to: Exposure::Flat, evidence_at };
        verdicts.push(say(id, flat));
    }
    verdicts.push(say(id, SessionDecision::Summarised(Box::new(summary(session, stamp)))));
    verdicts.push(say(
        id,
        SessionDecision::LifecycleChanged {
            from: session.lifecycle,
            to: Lifecycle::Stopped,
            why: format!("verified flat; {reason}"),
        },
    ));
    verdicts
}

/// Gross is cash in less cash out; net takes the fees; slippage is net less what was executable at the decision.
pub(crate) fn summary(session: &Session, stamp: &Stamp) -> Summary {
    let bought = session
        .fills
        .iter()
        .filter(|fill| fill.side == Side::Buy)
        .map(|fill| fill.cash(session.contract_value(&fill.symbol)))
        .fold(Decimal::ZERO, |sum, cash| sum + cash);
    let (gross, fees) = (session.cash(), session.fees());
    let net: Money = gross - fees;
    let decided = session.exit.as_ref().and_then(|exit| exit.executable);
    let held = session.entry.completed_at.map_or(0, |since| elapsed_ms(since, stamp.at));
    let mut seconds_by_lifecycle = session.seconds_by_lifecycle.clone();
    *seconds_by_lifecycle.entry(session.lifecycle.word().to_owned()).or_default() +=
        since(session.lifecycle_since, stamp.at) / SECOND;
    Summary {
        credit: session.credit(),
        cost_to_close: -bought,
        gross,
        fees,
        net,
        slippage: decided.filter(|_| !session.fills.is_empty()).map(|executable| net - executable),
        max_favourable: session.max_favourable,
        max_adverse: session.max_adverse,
        held_ms: held,
        seconds_by_lifecycle,
    }
}

fn audit(state: &TradingState, flatten: &Flatten, stamp: &Stamp) -> Vec<Verdict> {
    let Some(verified) = flatten.verified_flat_at.filter(|_| !flatten.audited) else { return Vec::new() };
    if since(verified, stamp.at) < AUDIT_AFTER {
        return Vec::new();
    }
    let id = &flatten.correlation_id;
    let known = state.truth.known.as_ref().filter(|known| since(verified, known.requested_at) >= AUDIT_AFTER);
    let Some(known) = known else {
        let failed_ago = state.truth.failed_at.map(|at| since(at, stamp.at));
        let waits = truth::is_pending(state, stamp.at) || failed_ago.is_some_and(|ago| ago < SECOND);
        return match &state.session {
            Some(session) if !waits => vec![truth::request(state, session, TruthPurpose::Audit, None, id)],
            Some(_) | None => Vec::new(),
        };
    };
    let flat = known.positions.values().all(|lots| *lots == 0) && known.own_open_orders == 0;
    let mut verdicts = vec![say(id, ClosingDecision::Audited { flat })];
    if !flat && state.account.latch.is_none() {
        verdicts.push(say(id, crate::exits::latched(PanicScope::Account, ExitReason::Panic, stamp)));
    }
    verdicts
}
