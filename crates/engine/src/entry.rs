//! Entry: both legs in parallel at 0.995 of the bid, re-priced to the bid three times, and after five seconds
//! out again with whatever was sold (engine design, section 0).

use model::amount::floor_to_tick;
use model::decision::{EntryDecision, OrderDecision, RulesDecision, SessionDecision};
use model::gate::{Gate, executable_credit, gate};
use model::ids::client_order_id;
use model::order::{Order, OrderRequest, OrderStatus, Purpose, Side, TimeInForce};
use model::session::{ExitReason, Exposure, Leg, Session};
use model::tell::elapsed_ms;
use model::{Decimal, Lifecycle, Lots, Stamp, TradingState};

use crate::verdict::{SECOND, Verdict, say, since};

/// A leg that is still missing after this ends the entry.
const PATIENCE: i64 = 5 * SECOND;
/// An entry order rests this long before it is re-priced.
const REST: i64 = SECOND;
/// The first price and three re-pricings.
const ATTEMPTS_MAX: u32 = 4;

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    if session.exit.is_some() || !matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused) {
        return Vec::new();
    }
    let told = tell_gate(state, session, stamp);
    if !told.is_empty() {
        return told;
    }
    let entering = session.entry.started_at.filter(|_| session.entry.completed_at.is_none());
    match entering {
        Some(_) => work(state, session, stamp),
        None if gate(state, stamp.at) == Gate::Open => start(state, session),
        None => Vec::new(),
    }
}

fn tell_gate(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let gate = gate(state, stamp.at);
    if session.entry.told_gate.as_deref() == Some(gate.word()) {
        return Vec::new();
    }
    vec![say(&session.correlation_id, EntryDecision::GateChanged { gate })]
}

/// The gate is open: say so, and send both legs in one step.
fn start(state: &TradingState, session: &Session) -> Vec<Verdict> {
    let id = &session.correlation_id;
    let plan_credit = session.entry.plan_credit.unwrap_or_default();
    let guard = plan_credit * session.configuration.slippage_guard_percent / Decimal::ONE_HUNDRED;
    let executable_credit = executable_credit(state, session).unwrap_or_default();
    let started =
        EntryDecision::Started { plan_credit, executable_credit, guard: guard.round_dp(4).normalize() };
    let entering = SessionDecision::ExposureChanged {
        from: session.exposure,
        to: Exposure::Entering,
        evidence_at: None,
    };
    let mut verdicts = vec![say(id, started), say(id, entering)];
    let orders = session
        .legs
        .iter()
        .enumerate()
        .filter_map(|(index, leg)| order(state, session, index, leg, leg.lots, 1));
    verdicts.extend(orders.map(|request| say(id, OrderDecision::Submitted(request))));
    verdicts
}

fn order(
    state: &TradingState,
    session: &Session,
    index: usize,
    leg: &Leg,
    lots: Lots,
    attempt: u32,
) -> Option<OrderRequest> {
    let bid = state.market(&leg.instrument.symbol)?.bid()?.price;
    let wanted = if attempt == 1 { bid * Decimal::new(995, 3) } else { bid };
    let limit = floor_to_tick(wanted, leg.instrument.tick).max(leg.instrument.tick);
    Some(OrderRequest {
        client_order_id: client_order_id(&session.id, "entry", index, attempt),
        product_id: leg.instrument.product_id,
        symbol: leg.instrument.symbol.clone(),
        side: Side::Sell,
        lots,
        limit: Some(limit),
        time_in_force: TimeInForce::Gtc,
        reduce_only: false,
        purpose: Purpose::Entry,
        leg: index,
        attempt,
    })
}

/// Entry orders are out: complete, re-price, or give up.
fn work(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let id = &session.correlation_id;
    let started = session.entry.started_at.unwrap_or(stamp.at);
    if session.legs.iter().all(|leg| session.position(&leg.instrument.symbol) == -leg.lots) {
        let completed = EntryDecision::Completed {
            credit: session.credit(),
            plan_credit: session.entry.plan_credit,
            elapsed_ms: elapsed_ms(started, stamp.at),
        };
        let evidence_at = session.last_fill_at();
        let open =
            SessionDecision::ExposureChanged { from: session.exposure, to: Exposure::Open, evidence_at };
        return vec![say(id, completed), say(id, open)];
    }
    let refused = session
        .orders
        .values()
        .find(|order| order.request.purpose == Purpose::Entry && order.status == OrderStatus::Rejected);
    if let Some(order) = refused {
        let code = order.reason.as_deref().unwrap_or("no reason given");
        return failed(session, format!("the venue refused {}: {code}", order.request.symbol));
    }
    if since(started, stamp.at) >= PATIENCE {
        return failed(session, "a leg was still missing after five seconds".to_owned());
    }
    if session.lifecycle == Lifecycle::Paused {
        return pause(session);
    }
    session
        .legs
        .iter()
        .enumerate()
        .find_map(|(index, leg)| see_to(state, session, stamp, index, leg))
        .into_iter()
        .collect()
}

/// Entries are shut while orders work: they are canceled, and a half-sold position is not kept.
fn pause(session: &Session) -> Vec<Verdict> {
    let working: Vec<_> = session
        .live_orders()
        .filter(|order| order.cancel_requested_at.is_none())
        .map(|order| say(&order.correlation_id, cancel(order, "entries are paused")))
        .collect();
    if !working.is_empty() || session.live_orders().next().is_some() {
        return working;
    }
    failed(session, "paused while entering".to_owned())
}

/// One leg's next step.
fn see_to(
    state: &TradingState,
    session: &Session,
    stamp: &Stamp,
    index: usize,
    leg: &Leg,
) -> Option<Verdict> {
    let orders: Vec<&Order> = session.orders.values().filter(|order| order.request.leg == index).collect();
    if let Some(live) = orders.iter().find(|order| !order.status.is_terminal()) {
        let rests = matches!(live.status, OrderStatus::New | OrderStatus::PartiallyFilled);
        let due = since(live.submitted_at, stamp.at) >= REST && live.cancel_requested_at.is_none();
        return (rests && due).then(|| say(&live.correlation_id, cancel(live, "to be re-priced to the bid")));
    }
    // Fills may lag the order's end: what the venue reports as filled counts.
    if orders.iter().any(|order| order.misses_fills()) {
        return None;
    }
    let attempt = orders.iter().map(|order| order.request.attempt).max().unwrap_or(0) + 1;
    let missing = leg.lots + session.position(&leg.instrument.symbol);
    if missing <= 0 || attempt > ATTEMPTS_MAX {
        return None;
    }
    let request = order(state, session, index, leg, missing, attempt)?;
    Some(say(&session.correlation_id, OrderDecision::Submitted(request)))
}

pub(crate) fn cancel(order: &Order, why: &str) -> OrderDecision {
    OrderDecision::CancelRequested {
        client_order_id: order.request.client_order_id.clone(),
        order_id: order.order_id.clone(),
        product_id: order.request.product_id,
        symbol: order.request.symbol.clone(),
        why: why.to_owned(),
    }
}

/// Entry is over and came to nothing: said, and left with whatever was sold.
pub(crate) fn failed(session: &Session, why: String) -> Vec<Verdict> {
    let id = &session.correlation_id;
    let exit = leave(session, format!("Leaving: entry failed, {why}."));
    vec![say(id, EntryDecision::Failed { why }), say(id, exit)]
}

/// The decision to leave because entry came to nothing.
pub(crate) fn leave(session: &Session, rationale: String) -> RulesDecision {
    RulesDecision::ExitDecided {
        reason: ExitReason::EntryFailed,
        also_matched: Vec::new(),
        who: None,
        executable: None,
        readings: session.rules.readings.clone(),
        rationale,
    }
}
