//! From the state to what a console is shown.

use telemetry::Micros;

use crate::amount::{Lots, signed};
use crate::gate::{Gate, gate};
use crate::ids::Symbol;
use crate::input::Link;
use crate::order::{Order, Side};
use crate::session::{Leg, Session};
use crate::state::{Flatten, TradingState};
use crate::tell::grouped;
use crate::valuation::value;
use crate::view::{
    ClosingLegView, ClosingView, ExitView, FillView, GateView, LatchView, LegView, MilestoneView, OrderView,
    PnlView, SessionView, StripView,
};

/// The strip of every page.
pub fn strip_view(state: &TradingState, venue: &str, market_note: Option<String>) -> StripView {
    let session = state.session.as_ref();
    let underlying = session
        .map(|session| session.configuration.underlying.clone())
        .or_else(|| state.spot.keys().next().cloned());
    let spot = underlying.as_ref().and_then(|underlying| state.spot.get(underlying));
    StripView {
        venue: venue.to_owned(),
        market_note,
        execution_mode: session.map(|session| session.execution_mode).unwrap_or_default(),
        session_id: session.map(|session| session.id.clone()),
        intent: session.map(|session| session.intent),
        lifecycle: session.map(|session| session.lifecycle),
        lifecycle_since: session.map(|session| session.lifecycle_since),
        exposure: session.map(|session| session.exposure),
        exposure_read_at: session.and_then(|session| session.exposure_read_at),
        health: session.map(|session| session.health.iter().copied().collect()).unwrap_or_default(),
        health_at: state.market_heard_at,
        spot: spot.map(|spot| spot.price),
        spot_at: spot.map(|spot| spot.at),
        underlying,
        prices_up: state.link_up(Link::Prices),
        orders_up: state.link_up(Link::Orders),
        latch: state.account.latch.as_ref().map(|latch| LatchView {
            panic_id: latch.panic_id.clone(),
            since: latch.at,
            who: latch.who.clone(),
            reason: latch.reason,
            correlation_id: latch.correlation_id.to_string(),
            verified_flat_at: latch.verified_flat_at,
        }),
    }
}

/// The session, active or ended last; `None` when there has been none.
pub fn session_view(state: &TradingState, now: Micros) -> Option<SessionView> {
    let session = state.session.as_ref()?;
    let shut = gate(state, now);
    Some(SessionView {
        session_id: session.id.clone(),
        strategy_id: session.configuration.strategy_id.word().to_owned(),
        configuration: session.configuration.name.clone(),
        configuration_hash: session.configuration_hash.clone(),
        execution_mode: session.execution_mode,
        underlying: session.configuration.underlying.clone(),
        expiry: session.legs.first().map(|leg| leg.instrument.expiry),
        lots_per_leg: session.configuration.lots_per_leg,
        intent: session.intent,
        lifecycle: session.lifecycle,
        lifecycle_since: session.lifecycle_since,
        exposure: session.exposure,
        exposure_read_at: session.exposure_read_at,
        health: session.health.iter().copied().collect(),
        drain: session.drain,
        started_at: session.started_at,
        started_by: session.started_by.clone(),
        ended_at: session.ended_at,
        correlation_id: session.correlation_id.to_string(),
        legs: session.legs.iter().map(|leg| leg_view(state, session, leg, now)).collect(),
        orders: order_views(session),
        fills: fill_views(session),
        pnl: pnl_view(state, session, now),
        rules: session.rules.readings.clone(),
        rules_at: session.rules.evaluated_at,
        gate: GateView {
            open: shut == Gate::Open,
            name: shut.word().to_owned(),
            sentence: shut.sentence().to_owned(),
        },
        exit_reason: session.exit.as_ref().map(|exit| exit.reason),
        exit: session.exit.as_ref().map(|exit| ExitView {
            reason: exit.reason,
            also_matched: exit.also_matched.clone(),
            decided_at: exit.decided_at,
            who: exit.who.clone(),
            correlation_id: exit.correlation_id.to_string(),
            sentence: exit_sentence(exit),
        }),
        closing: state.flatten.as_ref().map(|flatten| closing_view(state, session, flatten)),
        needs_operator: session.needs_operator.clone(),
    })
}

fn exit_sentence(exit: &crate::session::Exit) -> String {
    let at = exit.executable.map(|executable| format!(" at {}", signed(executable))).unwrap_or_default();
    match &exit.who {
        Some(who) => format!("{who} ended it{at}."),
        None => format!("Ended by rule: {}{at}.", exit.reason),
    }
}

fn leg_view(state: &TradingState, session: &Session, leg: &Leg, now: Micros) -> LegView {
    let symbol = &leg.instrument.symbol;
    let empty = Default::default();
    let market = state.market(symbol).unwrap_or(&empty);
    let qty = session.position(symbol);
    let average_price = session.average_price(symbol, Side::Sell);
    let against =
        |price: crate::Price| average_price.map(|average| leg.instrument.value(price - average, qty));
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
    let mut orders: Vec<&Order> = session.orders.values().collect();
    orders.sort_by_key(|order| (order.submitted_at, order.request.client_order_id.clone()));
    orders
        .into_iter()
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
    session
        .fills
        .iter()
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

/// The money of a session now, USD.
pub fn pnl_view(state: &TradingState, session: &Session, now: Micros) -> PnlView {
    let worth = value(state, session, now);
    let traded = !session.fills.is_empty();
    let flat = session.is_flat_by_fills();
    let trailing = &session.rules.trailing;
    PnlView {
        executable: worth.executable.filter(|_| traded),
        mark: worth.at_mark.filter(|_| traded),
        realized: (flat && traded).then(|| worth.cash - worth.fees_paid),
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

fn closing_view(state: &TradingState, session: &Session, flatten: &Flatten) -> ClosingView {
    let known = state.truth.known.as_ref().filter(|known| known.requested_at >= flatten.started_at);
    let left = |symbol: &Symbol| known.and_then(|known| known.positions.get(symbol)).copied();
    let working = session.live_orders().filter(|order| !order.request.reduce_only).count();
    let flat = flatten.products.keys().filter(|symbol| session.position(symbol) == 0).count();
    let all = flatten.products.len();
    let milestone =
        |label: &str, done: bool, note: String| MilestoneView { label: label.to_owned(), done, note };
    let milestones = vec![
        milestone("Accepted", true, "latch on disk".to_owned()),
        milestone("Entries canceled", working == 0, format!("{working} working")),
        milestone("All legs flat", flat == all, format!("{flat} of {all}")),
        milestone(
            "Verified flat",
            flatten.verified_flat_at.is_some(),
            format!(
                "{} of 2 reads, {} own orders",
                flatten.flat_reads.min(2),
                known.map_or(0, |known| known.own_open_orders)
            ),
        ),
    ];
    ClosingView {
        panic: flatten.panic,
        panic_id: flatten.panic_id.clone(),
        started_at: flatten.started_at,
        who: flatten.who.clone(),
        correlation_id: flatten.correlation_id.to_string(),
        milestones,
        legs: flatten
            .products
            .iter()
            .map(|(symbol, closing)| ClosingLegView {
                symbol: symbol.clone(),
                was: closing.was,
                left: left(symbol).or_else(|| Some(session.position(symbol))),
                attempts: closing.attempts,
                average_price: session.average_price(symbol, Side::Buy),
                sentence: closing_sentence(session.position(symbol), closing.attempts, closing.last_limit),
            })
            .collect(),
        read_at: known.map(|known| known.read_at),
        blocked: flatten.blocked.clone(),
        verified_flat_at: flatten.verified_flat_at,
    }
}

fn closing_sentence(left: Lots, attempts: u32, limit: Option<crate::Price>) -> String {
    if left == 0 {
        return "flat".to_owned();
    }
    let verb = if left < 0 { "buy" } else { "sell" };
    match (attempts, limit) {
        (0, _) => format!("{} lots to {verb}", grouped(left.abs())),
        (attempts, Some(limit)) => {
            format!("{verb} {} at {limit}, reduce only, attempt {attempts}", grouped(left.abs()))
        }
        (attempts, None) => {
            format!("{verb} {} at market, reduce only, attempt {attempts}", grouped(left.abs()))
        }
    }
}
