//! The venue's truth: reads it, compares it with our own books, and asks again. A failed read lowers nothing;
//! a differing one needs a second before it counts.

use std::collections::BTreeMap;

use model::decision::truth::TruthPurpose;
use model::decision::{SessionDecision, TruthDecision};
use model::input::{OpenOrder, Truth, TruthKnown, TruthOutcome};
use model::order::Order;
use model::session::Session;
use model::{Lifecycle, Lots, Micros, Stamp, Symbol, TradingState};
use telemetry::CorrelationId;

use crate::orders;
use crate::verdict::{SECOND, Verdict, intent_of, say, since};

/// A read that has not come back for so long is given up.
pub(crate) const READ_LIFE: i64 = 5 * SECOND;
const PERIOD: i64 = 15 * SECOND;
/// The venue's books may lag a fill by this much before a difference means anything.
const SETTLING: i64 = SECOND;

/// A read came back: fills first, then positions, then the comparison.
pub(crate) fn read(state: &TradingState, stamp: &Stamp, truth: Truth) -> Vec<Verdict> {
    let id = state.session.as_ref().map_or(&stamp.correlation_id, |session| intent_of(state, session, stamp));
    let known = match truth.outcome {
        TruthOutcome::Unknown { reason } => {
            return vec![say(id, TruthDecision::Unknown { request: truth.request, reason })];
        }
        TruthOutcome::Known(known) => known,
    };
    if state.truth.known.as_ref().is_some_and(|latest| latest.request > truth.request) {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    let mut booked: BTreeMap<Symbol, Lots> = BTreeMap::new();
    if let Some(session) = &state.session {
        for fill in &known.fills {
            let verdict = orders::book(state, session, stamp, fill.clone());
            if matches!(&verdict, Some(said) if is_booking(said)) {
                *booked.entry(fill.symbol.clone()).or_default() += fill.side.sign() * fill.lots;
            }
            verdicts.extend(verdict);
        }
    }
    let (own, orphans) = own_orders(state, &known);
    let own_open_orders = u32::try_from(own).unwrap_or(u32::MAX);
    let all = u32::try_from(known.open_orders.len()).unwrap_or(u32::MAX);
    verdicts.push(say(
        id,
        TruthDecision::Read {
            request: truth.request,
            requested_at: truth.requested_at,
            positions: known.positions.clone(),
            own_open_orders,
            orphans,
            foreign_open_orders: all - own_open_orders,
            wallet_balance: known.wallet_balance,
            latency_us: since(truth.requested_at, stamp.at),
        },
    ));
    verdicts.extend(compare(state, truth.requested_at, &known, &booked, id));
    verdicts
}

/// How many open orders carry our ids, and those of them that the journal does not know.
fn own_orders(state: &TradingState, known: &TruthKnown) -> (usize, Vec<OpenOrder>) {
    let is_ours = |order: &&OpenOrder| {
        order.client_order_id.as_ref().is_some_and(|id| model::ids::is_ours(id.as_str()))
    };
    let is_known = |order: &OpenOrder| {
        let id = order.client_order_id.as_ref();
        id.is_some_and(|id| state.session.as_ref().is_some_and(|session| session.orders.contains_key(id)))
    };
    let own: Vec<&OpenOrder> = known.open_orders.iter().filter(is_ours).collect();
    (own.len(), own.into_iter().filter(|order| !is_known(order)).cloned().collect())
}

fn is_booking(verdict: &Verdict) -> bool {
    matches!(&verdict.decision, model::Decision::Order(model::decision::OrderDecision::FillBooked(_)))
}

/// Our fills against the venue, exactly, when nothing of ours is moving.
fn compare(
    state: &TradingState,
    requested_at: Micros,
    known: &TruthKnown,
    booked: &BTreeMap<Symbol, Lots>,
    id: &CorrelationId,
) -> Option<Verdict> {
    let session = state.active()?;
    let settled = session.orders.values().all(|order| is_settled(order, requested_at));
    if !settled || session.legs.is_empty() || state.flatten.is_some() {
        return None;
    }
    let expected: BTreeMap<Symbol, Lots> = session
        .legs
        .iter()
        .map(|leg| {
            let symbol = leg.instrument.symbol.clone();
            let lots = session.position(&symbol) + booked.get(&symbol).copied().unwrap_or_default();
            (symbol, lots)
        })
        .collect();
    let venue: BTreeMap<Symbol, Lots> =
        expected.keys().filter_map(|symbol| Some((symbol.clone(), *known.positions.get(symbol)?))).collect();
    if venue == expected {
        return (state.truth.mismatches > 0).then(|| say(id, TruthDecision::Matched));
    }
    Some(say(id, TruthDecision::Mismatched { expected, venue, reads: state.truth.mismatches + 1 }))
}

fn is_settled(order: &Order, at: Micros) -> bool {
    order.status.is_terminal() && !order.misses_fills() && since(order.updated_at, at) >= SETTLING
}

/// Asks for the truth of what a session owns.
pub(crate) fn request(
    state: &TradingState,
    session: &Session,
    purpose: TruthPurpose,
    fills_since: Option<Micros>,
    id: &CorrelationId,
) -> Verdict {
    let products =
        session.legs.iter().map(|leg| (leg.instrument.product_id, leg.instrument.symbol.clone())).collect();
    say(id, TruthDecision::Requested { request: state.truth.requests + 1, purpose, products, fills_since })
}

/// Whether a request is on its way and may still come back.
pub(crate) fn is_pending(state: &TradingState, now: Micros) -> bool {
    state.truth.pending.as_ref().is_some_and(|pending| since(pending.at, now) < READ_LIFE)
}

/// Fills since well before the session's first order: the venue's clock may differ from ours.
pub(crate) fn fills_since(session: &Session) -> Micros {
    Micros(session.started_at.0 - 600 * SECOND)
}

/// Steady reads while a session lives, at once when fills are missing or a read differed.
pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    if session.legs.is_empty() {
        return Vec::new();
    }
    let steady =
        matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator);
    if steady && state.truth.mismatches >= 2 && session.lifecycle != Lifecycle::NeedsOperator {
        return operator_needed(state, session, stamp);
    }
    if is_pending(state, stamp.at) {
        return Vec::new();
    }
    let last = state.truth.known.as_ref().map(|known| known.read_at).max(state.truth.failed_at);
    let age = last.map_or(i64::MAX, |at| since(at, stamp.at));
    let id = intent_of(state, session, stamp);
    let missing = session
        .orders
        .values()
        .any(|order| order.misses_fills() && since(order.updated_at, stamp.at) >= SECOND / 3);
    if missing && age >= SECOND / 3 {
        return vec![request(state, session, TruthPurpose::MissingFills, Some(fills_since(session)), id)];
    }
    let activity = session.orders.values().map(|order| order.updated_at).max();
    let unconfirmed = activity.is_some_and(|at| {
        let asked = state.truth.known.as_ref().map(|known| known.requested_at);
        since(at, stamp.at) >= SETTLING && asked.is_none_or(|asked| since(at, asked) < SETTLING)
    });
    if steady && unconfirmed && age >= SETTLING {
        // What our orders did is confirmed by the venue's own word, not only by its stream.
        return vec![request(state, session, TruthPurpose::Periodic, None, id)];
    }
    let troubled = state.truth.mismatches > 0 || state.truth.unknown.is_some();
    if steady && age >= if troubled { SECOND } else { PERIOD } {
        // A difference is often a fill that did not reach us (a settlement, a venue stop): fills are read as well.
        let fills = troubled.then(|| fills_since(session));
        return vec![request(state, session, TruthPurpose::Periodic, fills, &stamp.correlation_id)];
    }
    Vec::new()
}

fn operator_needed(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let id = &stamp.correlation_id;
    let ours: Vec<_> = session
        .legs
        .iter()
        .map(|leg| format!("{} {}", session.position(&leg.instrument.symbol), leg.instrument.symbol))
        .collect();
    let venue: Vec<_> = state
        .truth
        .known
        .iter()
        .flat_map(|known| &known.positions)
        .map(|(symbol, lots)| format!("{lots} {symbol}"))
        .collect();
    let sentence = format!("our fills say {}, the venue says {}.", ours.join(", "), venue.join(", "));
    let why = "two reads of the venue differ from our fills".to_owned();
    vec![
        say(id, SessionDecision::OperatorNeeded { sentence }),
        say(
            id,
            SessionDecision::LifecycleChanged { from: session.lifecycle, to: Lifecycle::NeedsOperator, why },
        ),
    ]
}
