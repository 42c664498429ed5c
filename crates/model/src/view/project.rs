//! From the state to what a console is shown of a session.

use telemetry::Micros;

use super::closing::closing_view;
use super::{
    ExitView, FillView, ForeignOrderView, GateView, LegView, OrderView, PnlView, RuleView, SessionView,
};
use crate::amount::signed;
use crate::entry_gate::gate;
use crate::gate::Gate;
use crate::market::InstrumentMarket;
use crate::order::Order;
use crate::reading_words::{left, raw};
use crate::rules::RuleReading;
use crate::session::{Exit, Leg, Session};
use crate::state::TradingState;
use crate::valuation::value;

/// More fills than these are not shown at once; the latest are.
const FILLS_SHOWN: usize = 500;
const ORDERS_SHOWN: usize = 500;

/// Sessions that run, the latest first; the one that ended last when none does.
pub(super) fn shown(state: &TradingState) -> Vec<&Session> {
    let mut active: Vec<&Session> = state.active().collect();
    active.sort_by_key(|session| std::cmp::Reverse((session.started_at, session.id.clone())));
    if active.is_empty() {
        active.extend(state.latest_session());
    }
    active
}

/// Each session that runs, the latest first; the one that ended last when none does.
pub fn session_views(state: &TradingState, now: Micros) -> Vec<SessionView> {
    shown(state).into_iter().map(|session| session_view(state, session, now)).collect()
}

/// One session, running or ended.
pub fn session_view(state: &TradingState, session: &Session, now: Micros) -> SessionView {
    let shut = gate(state, session, now);
    SessionView {
        session_id: session.id.clone(),
        strategy_id: session.configuration.strategy_id.word().to_owned(),
        configuration: session.configuration.name.clone(),
        configuration_hash: session.configuration_hash.clone(),
        execution_mode: session.execution_mode,
        underlying: session.configuration.underlying.clone(),
        expiry: session.legs().first().map(|leg| leg.instrument.expiry),
        lots_per_leg: session.configuration.lots_per_leg,
        intent: session.intent,
        lifecycle: session.lifecycle,
        lifecycle_since: session.lifecycle_since,
        exposure: session.exposure,
        exposure_read_at: session.exposure_read_at,
        health: state.health_of(session).into_iter().collect(),
        drain: session.drain,
        started_at: session.started_at,
        started_by: session.started_by.clone(),
        ended_at: session.ended_at,
        correlation_id: session.correlation_id.to_string(),
        legs: session.legs().iter().map(|leg| leg_view(state, session, leg, now)).collect(),
        orders: order_views(session),
        fills: fill_views(session),
        pnl: pnl_view(state, session, now),
        rules: session.rules.readings.iter().map(rule_view).collect(),
        rules_at: session.rules.evaluated_at,
        gate: GateView {
            open: shut == Gate::Open,
            name: shut.word().to_owned(),
            sentence: shut.sentence().to_owned(),
        },
        exit_reason: session.exit().map(|exit| exit.reason),
        exit: session.exit().map(exit_view),
        closing: session.flatten().map(|flatten| closing_view(state, Some(session), flatten)),
        needs_operator: session.needs_operator.as_ref().map(|cause| cause.sentence()),
        foreign: session.foreign.lots.clone(),
        foreign_orders: foreign_orders(state, session),
    }
}

fn rule_view(reading: &RuleReading) -> RuleView {
    RuleView {
        rule: reading.rule,
        verdict: reading.verdict,
        value: reading.value,
        threshold: reading.threshold,
        raw: raw(reading),
        left: left(reading),
        used_percent: reading.used_percent,
    }
}

fn exit_view(exit: &Exit) -> ExitView {
    let at = exit.executable.map(|executable| format!(" at {}", signed(executable))).unwrap_or_default();
    let sentence = match &exit.who {
        Some(who) => format!("{who} ended it{at}."),
        None => format!("Ended by rule: {}{at}.", exit.reason),
    };
    ExitView {
        reason: exit.reason,
        also_matched: exit.also_matched.clone(),
        decided_at: exit.decided_at,
        who: exit.who.clone(),
        correlation_id: exit.correlation_id.to_string(),
        sentence,
    }
}

fn leg_view(state: &TradingState, session: &Session, leg: &Leg, now: Micros) -> LegView {
    let symbol = &leg.instrument.symbol;
    let empty = InstrumentMarket::default();
    let market = state.market(symbol).unwrap_or(&empty);
    let holding = session.ledger.holding(symbol);
    let qty = session.position(symbol);
    let average_price = holding.and_then(|holding| holding.average().or_else(|| holding.sold.average()));
    let against = |price: crate::Price| {
        let gained = price.checked_sub(average_price?)?;
        leg.instrument.value(gained, qty)
    };
    let closing_side = if qty < 0 { market.ask() } else { market.bid() };
    LegView {
        symbol: symbol.clone(),
        kind: leg.instrument.kind,
        strike: leg.instrument.strike,
        expiry: leg.instrument.expiry,
        qty,
        average_price,
        bid: market.bid().map(|level| level.price),
        ask: market.ask().map(|level| level.price),
        quote_at: market.quote.as_ref().map(|quote| quote.at),
        mark: market.mark_price(),
        mark_at: market.mark.as_ref().map(|mark| mark.at),
        mark_source: market.mark.as_ref().map(|mark| mark.source),
        delta: market.mark.as_ref().and_then(|mark| mark.delta),
        fresh: market.is_fresh(now),
        executable: closing_side.and_then(|level| against(level.price)),
        at_mark: market.mark_price().and_then(against),
    }
}

fn order_views(session: &Session) -> Vec<OrderView> {
    let mut orders: Vec<&Order> = session.orders.iter().collect();
    orders.sort_by_key(|order| (order.submitted_at, order.request.client_order_id.clone()));
    let hidden = orders.len().saturating_sub(ORDERS_SHOWN);
    orders
        .into_iter()
        .skip(hidden)
        .map(|order| OrderView {
            client_order_id: order.request.client_order_id.clone(),
            order_id: order.order_id.clone(),
            symbol: order.request.symbol.clone(),
            side: order.request.side,
            purpose: order.request.purpose,
            qty: order.request.lots,
            filled_qty: order.filled_lots,
            limit_price: order.request.limit,
            average_price: order.average_price,
            status: order.status,
            reduce_only: order.request.reduce_only,
            attempt: order.request.attempt,
            reason: order.reason.clone(),
            submitted_at: order.submitted_at,
            acknowledged_at: order.acknowledged_at,
            updated_at: order.updated_at,
            correlation_id: order.correlation_id.to_string(),
        })
        .collect()
}

fn fill_views(session: &Session) -> Vec<FillView> {
    let hidden = session.fills.len().saturating_sub(FILLS_SHOWN);
    session
        .fills
        .iter()
        .skip(hidden)
        .map(|fill| FillView {
            fill_id: fill.id.clone(),
            client_order_id: fill.client_order_id.clone(),
            symbol: fill.symbol.clone(),
            side: fill.side,
            qty: fill.lots,
            price: fill.price,
            fee: fill.fee.unwrap_or_default(),
            time: fill.at,
            settlement: fill.settlement,
        })
        .collect()
}

/// Somebody else's open orders in the session's instruments.
fn foreign_orders(state: &TradingState, session: &Session) -> Vec<ForeignOrderView> {
    let listed = state.account.truth.open_orders.iter().flat_map(|read| &read.foreign);
    listed
        .filter(|open| session.leg(&open.symbol).is_some())
        .map(|open| ForeignOrderView {
            order_id: open.order_id.clone(),
            symbol: open.symbol.clone(),
            side: open.side,
            qty: open.leaves_lots,
            limit_price: open.limit,
        })
        .collect()
}

/// The money of a session now, USD.
pub(super) fn pnl_view(state: &TradingState, session: &Session, now: Micros) -> PnlView {
    let worth = value(state, session, now);
    let traded = !session.fills.is_empty();
    let flat = session.is_flat_by_fills();
    let known = session.ledger.is_known();
    let trailing = &session.rules.trailing;
    PnlView {
        executable: worth.executable.filter(|_| traded && known),
        mark: worth.at_mark.filter(|_| traded && known),
        realized: worth.cash.checked_sub(worth.fees_paid).filter(|_| flat && traded && known),
        fees: worth.fees_paid,
        fees_to_pay: worth.exit_fees.filter(|_| traded && !flat),
        credit: traded.then_some(worth.credit),
        buy_back: worth.buy_back.filter(|_| traded && !flat),
        peak: trailing.peak,
        floor: trailing.floor,
        max_loss: session.configuration.max_loss,
        max_profit: session.configuration.max_profit,
        margin: Some(worth.maintenance_margin),
        as_of: state.market_heard_at,
    }
}
