//! Entry: both legs in parallel at 0.995 of the bid, re-priced to the bid three times, and after five seconds
//! out again with whatever was sold (engine design, section 0).

use model::amount::floor_to_tick;
use model::causes::{CancelCause, EntryFailure};
use model::decision::{EntryDecision, OrderDecision, RulesDecision};
use model::entry_gate::{executable_credit, gate};
use model::gate::Gate;
use model::ids::client_order_id;
use model::order::{Order, OrderRequest, OrderStatus, Purpose, Side, TimeInForce};
use model::session::Leg;
use model::tell::elapsed_ms;
use model::{ClientOrderId, Decimal, ExitReason, Exposure, Lifecycle, Lots, Micros};

use crate::hearing::Hearing;
use crate::lookups::{cancel, may_cancel};
use crate::said::{SECOND, Said, say, since};

/// A leg that is still missing after this ends the entry.
const PATIENCE: i64 = 5 * SECOND;
/// An entry order rests this long before it is re-priced.
const REST: i64 = SECOND;
/// The first price and three re-pricings.
const ATTEMPTS_MAX: u32 = 4;

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let lives = matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused);
    if session.exit().is_some() || !lives {
        return Vec::new();
    }
    let gate = gate(hearing.state, session, hearing.now());
    if session.entry().told_gate != Some(gate) {
        return vec![say(&session.correlation_id, EntryDecision::GateChanged { gate })];
    }
    if session.is_entering() {
        return work(hearing);
    }
    if gate == Gate::Open { start(hearing).unwrap_or_default() } else { Vec::new() }
}

/// The gate is open: say so, and send both legs in one step. Nothing without a plan.
fn start(hearing: &Hearing<'_>) -> Option<Vec<Said>> {
    let session = hearing.session;
    let plan_credit = session.entry().plan.as_ref()?.credit;
    let share = session.configuration.slippage_guard_percent.checked_div(Decimal::ONE_HUNDRED)?;
    let guard = plan_credit.checked_mul(share)?.round_dp(4).normalize();
    let executable_credit = executable_credit(hearing.state, session)?;
    let started = EntryDecision::Started { plan_credit, executable_credit, guard };
    let mut said = vec![hearing.say(started), hearing.say(hearing.exposure(Exposure::Entering, None))];
    for (index, leg) in session.legs().iter().enumerate() {
        said.push(hearing.say(OrderDecision::Submitted(order(hearing, index, leg, leg.lots, 1)?)));
    }
    Some(said)
}

fn order(hearing: &Hearing<'_>, index: usize, leg: &Leg, lots: Lots, attempt: u32) -> Option<OrderRequest> {
    let bid = hearing.state.market(&leg.instrument.symbol)?.bid()?.price;
    let wanted = if attempt == 1 { bid.checked_mul(Decimal::new(995, 3))? } else { bid };
    let limit = floor_to_tick(wanted, leg.instrument.tick).max(leg.instrument.tick);
    Some(OrderRequest {
        client_order_id: name(hearing, index, attempt),
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

fn name(hearing: &Hearing<'_>, index: usize, attempt: u32) -> ClientOrderId {
    let phase = match hearing.session.round().number {
        0 | 1 => "entry".to_owned(),
        round => format!("entry{round}"),
    };
    client_order_id(&hearing.session.id, &hearing.state.phase(&phase), index, attempt)
}

/// The latest order of a leg that was told as canceled and that no list of the venue shows as gone: the answer of a
/// cancel is no proof that it cannot fill any more.
fn unproven<'a>(hearing: &Hearing<'a>, index: usize) -> Option<&'a Order> {
    let attempt = hearing.session.entry().attempts.get(&index).copied()?;
    let last = hearing.session.orders.get(&name(hearing, index, attempt))?;
    (!hearing.state.account.truth.shows_ended(last)).then_some(last)
}

/// Since when the list of open orders is needed before a leg is priced anew.
pub(crate) fn list_needed(hearing: &Hearing<'_>) -> Option<Micros> {
    let session = hearing.session;
    let legs = (0..session.legs().len()).filter(|_| session.is_entering());
    legs.filter_map(|index| unproven(hearing, index)).map(|order| order.updated_at).max()
}

/// Entry orders are out: complete, re-price, or give up.
fn work(hearing: &Hearing<'_>) -> Vec<Said> {
    let (session, now) = (hearing.session, hearing.now());
    let entry = session.entry();
    let started = entry.started_at.unwrap_or(now);
    if session.legs().iter().all(|leg| session.position(&leg.instrument.symbol) == -leg.lots) {
        let completed = EntryDecision::Completed {
            credit: session.ledger.credit,
            plan_credit: entry.plan.as_ref().map(|plan| plan.credit),
            elapsed_ms: elapsed_ms(started, now),
        };
        let open = hearing.exposure(Exposure::Open, session.ledger.last_fill_at);
        return vec![hearing.say(completed), hearing.say(open)];
    }
    if session.oversold().is_some() {
        return failed(hearing, EntryFailure::Oversold);
    }
    if session.lifecycle == Lifecycle::Paused {
        return withdraw(hearing);
    }
    if let Some((symbol, code)) = entry.refused.clone() {
        return failed(hearing, EntryFailure::Refused { symbol, code });
    }
    if since(started, now) >= PATIENCE {
        return failed(hearing, EntryFailure::LegMissing);
    }
    let legs = session.legs().iter().enumerate();
    legs.into_iter().find_map(|(index, leg)| see_to(hearing, index, leg)).into_iter().collect()
}

/// Entries are shut while orders work: they are canceled. What came to nothing is withdrawn and the session stays;
/// a half-sold position is not kept.
fn withdraw(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let working: Vec<&Order> = session.orders.working().collect();
    if !working.is_empty() {
        let rests = |order: &&&Order| matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
        let due = working.iter().filter(rests).filter(|order| may_cancel(order, hearing.stamp));
        return due
            .map(|order| say(&order.correlation_id, cancel(order, CancelCause::Paused)).of(&session.id))
            .collect();
    }
    if session.orders.missing_fills().next().is_some() {
        return Vec::new();
    }
    let sold = session.symbols().any(|symbol| session.expected(symbol) != 0);
    if sold { failed(hearing, EntryFailure::HalfSold) } else { vec![hearing.say(EntryDecision::Withdrawn)] }
}

/// One leg's next step.
fn see_to(hearing: &Hearing<'_>, index: usize, leg: &Leg) -> Option<Said> {
    let session = hearing.session;
    let symbol = &leg.instrument.symbol;
    if let Some(live) = session.orders.live_in(symbol).find(|order| order.request.purpose == Purpose::Entry) {
        let rests = matches!(live.status, OrderStatus::New | OrderStatus::PartiallyFilled);
        let due = since(live.submitted_at, hearing.now()) >= REST && may_cancel(live, hearing.stamp);
        return (rests && due)
            .then(|| say(&live.correlation_id, cancel(live, CancelCause::Reprice)).of(&session.id));
    }
    // Fills may lag the order's end: what the venue reports as filled counts.
    if session.orders.missing_fills().any(|order| &order.request.symbol == symbol) {
        return None;
    }
    if unproven(hearing, index).is_some() {
        return None;
    }
    let attempt = session.entry().attempts.get(&index).copied().unwrap_or(0) + 1;
    let missing = leg.lots + session.position(symbol);
    if missing <= 0 || attempt > ATTEMPTS_MAX {
        return None;
    }
    let request = order(hearing, index, leg, missing, attempt)?;
    Some(hearing.say(OrderDecision::Submitted(request)))
}

/// Entry is over and came to nothing: said, and left with whatever was sold.
pub(crate) fn failed(hearing: &Hearing<'_>, cause: EntryFailure) -> Vec<Said> {
    vec![hearing.say(EntryDecision::Failed { cause }), hearing.say(leave(hearing))]
}

/// The decision to leave because entry came to nothing.
fn leave(hearing: &Hearing<'_>) -> RulesDecision {
    RulesDecision::ExitDecided {
        reason: ExitReason::EntryFailed,
        also_matched: Vec::new(),
        who: None,
        executable: None,
        readings: hearing.session.rules.readings.clone(),
    }
}
