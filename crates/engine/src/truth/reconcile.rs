//! Our books beside the venue's, exactly, whenever nothing of ours is moving. One differing read may be a venue
//! that lags; a second is for a person. Exits keep running meanwhile.

use std::collections::BTreeMap;

use model::causes::{LifecycleCause, OperatorCause};
use model::decision::{SessionDecision, TruthDecision};
use model::{Exposure, Lifecycle, Lots, Symbol};

use crate::hearing::Hearing;
use crate::said::{SECOND, Said};

/// The venue's books may lag a fill by this much before a difference means anything.
pub(crate) const SETTLING: i64 = SECOND;

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let steady =
        matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator);
    if !steady || session.legs().is_empty() || session.exit().is_some() {
        return Vec::new();
    }
    if session.mismatches >= 2 && session.lifecycle != Lifecycle::NeedsOperator {
        return operator_needed(hearing);
    }
    if let Some((leg, lots)) = session.oversold()
        && session.lifecycle != Lifecycle::NeedsOperator
        && !session.is_entering()
    {
        let (symbol, configured) = (leg.instrument.symbol.clone(), leg.lots);
        let cause = OperatorCause::Oversold { symbol, lots, configured };
        return vec![
            hearing.note(SessionDecision::OperatorNeeded { cause }),
            hearing.note(hearing.lifecycle(Lifecycle::NeedsOperator, LifecycleCause::Oversold)),
        ];
    }
    let Some((venue, request)) = settled_reads(hearing) else { return Vec::new() };
    let expected = expected(hearing);
    if venue != expected {
        let new = request > session.mismatched_read;
        let reads = session.mismatches + 1;
        return new
            .then(|| hearing.note(TruthDecision::Mismatched { expected, venue, reads, request }))
            .into_iter()
            .collect();
    }
    let mut said = Vec::new();
    if session.mismatches > 0 {
        said.push(hearing.note(TruthDecision::Matched));
    }
    said.extend(exposure(hearing));
    if is_waiting_for_a_read(hearing) {
        said.push(hearing.note(hearing.lifecycle(Lifecycle::Paused, LifecycleCause::Recovered)));
    }
    said
}

/// What is on is known again, by the venue's own word.
fn exposure(hearing: &Hearing<'_>) -> Option<Said> {
    let session = hearing.session;
    let on = if session.is_flat_by_fills() { Exposure::Flat } else { Exposure::Open };
    let unsaid = session.exposure == Exposure::Unknown
        || session.exposure == Exposure::Entering && !session.is_entering();
    let read_at = hearing.state.account.truth.read_at();
    (unsaid && session.exposure != on).then(|| hearing.note(hearing.exposure(on, read_at)))
}

/// Nothing but a read was missing, and here it is.
fn is_waiting_for_a_read(hearing: &Hearing<'_>) -> bool {
    hearing.session.lifecycle == Lifecycle::NeedsOperator
        && matches!(hearing.session.needs_operator, Some(OperatorCause::Unread { .. }))
}

/// The venue's positions, if this process asked for them well after anything of ours moved, and the number of the
/// read.
fn settled_reads(hearing: &Hearing<'_>) -> Option<(BTreeMap<Symbol, Lots>, u64)> {
    let session = hearing.session;
    let orders = &session.orders;
    if orders.working().next().is_some() || orders.missing_fills().next().is_some() {
        return None;
    }
    let mut venue = BTreeMap::new();
    let mut request = u64::MAX;
    // What a process before this one has read says nothing of now.
    let boot = hearing.state.boot.as_ref().map(|boot| boot.at);
    let since = session.entry().chosen_at.max(boot);
    for symbol in session.symbols() {
        let read = hearing.state.account.truth.position(symbol)?;
        let settled = orders.moved_in(symbol).is_none_or(|at| read.mark.requested_at.0 >= at.0 + SETTLING);
        if !settled || since.is_some_and(|since| read.mark.requested_at < since) {
            return None;
        }
        request = request.min(read.mark.request);
        venue.insert(symbol.clone(), read.lots);
    }
    Some((venue, request))
}

/// Our own fills, and what of somebody else's an operator has accepted.
fn expected(hearing: &Hearing<'_>) -> BTreeMap<Symbol, Lots> {
    let session = hearing.session;
    let accepted = |symbol: &Symbol| session.foreign.accepted.get(symbol).copied().unwrap_or_default();
    session.symbols().map(|symbol| (symbol.clone(), session.position(symbol) + accepted(symbol))).collect()
}

fn operator_needed(hearing: &Hearing<'_>) -> Vec<Said> {
    let truth = &hearing.state.account.truth;
    let read = |symbol: &Symbol| Some((symbol.clone(), truth.position(symbol)?.lots));
    let cause = OperatorCause::Differs {
        ours: expected(hearing),
        venue: hearing.session.symbols().filter_map(read).collect(),
    };
    vec![
        hearing.note(SessionDecision::OperatorNeeded { cause }),
        hearing.note(hearing.lifecycle(Lifecycle::NeedsOperator, LifecycleCause::ReadsDiffer)),
    ]
}
