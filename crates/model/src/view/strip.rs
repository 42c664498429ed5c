//! The strip of every page: of several sessions the most severe truth of each kind.

use std::collections::BTreeSet;

use telemetry::Micros;

use super::closing::closing_view;
use super::project::{pnl_view, shown};
use super::{LatchView, SessionChip, SpotView, StripView};
use crate::amount::cents;
use crate::input::Link;
use crate::session::Session;
use crate::state::TradingState;
use crate::words::{Exposure, Health};

/// The strip as it is now.
pub fn strip_view(state: &TradingState, venue: &str, market_note: Option<String>, now: Micros) -> StripView {
    let shown = shown(state);
    let first = shown.first().copied();
    let worst = shown.iter().copied().max_by_key(|session| session.lifecycle.severity());
    let underlying = first
        .map(|session| session.configuration.underlying.clone())
        .or_else(|| state.spot.keys().next().cloned());
    let is_idle = shown.iter().all(|session| session.is_over());
    let flat_at = state.account.truth.flat_at().filter(|_| is_idle);
    let spot = underlying.as_ref().and_then(|underlying| state.spot.get(underlying));
    StripView {
        venue: venue.to_owned(),
        market_note,
        execution_mode: state.account.execution_mode(),
        live: state.account.live.clone(),
        sessions: shown.iter().map(|session| chip(state, session, now)).collect(),
        session_id: first.filter(|_| shown.len() == 1).map(|session| session.id.clone()),
        intent: shown.iter().map(|session| session.intent).max(),
        lifecycle: worst.map(|session| session.lifecycle),
        lifecycle_since: worst.map(|session| session.lifecycle_since),
        exposure: shown
            .iter()
            .map(|session| session.exposure)
            .max_by_key(|exposure| risk(*exposure))
            .or(flat_at.map(|_| Exposure::Flat)),
        exposure_read_at: shown.iter().filter_map(|session| session.exposure_read_at).min().max(flat_at),
        health: health(state, &shown),
        health_at: state.market_heard_at,
        spot: spot.map(|spot| spot.price),
        spot_at: spot.map(|spot| spot.at),
        spots: state
            .spot
            .values()
            .map(|spot| SpotView { underlying: spot.underlying.clone(), price: spot.price, at: spot.at })
            .collect(),
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
        foreign: state.foreign_positions(),
        foreign_open_orders: state.account.truth.open_orders.as_ref().map_or(0, |read| read.foreign.len()),
        sweep: state.account.sweep.as_ref().map(|sweep| closing_view(state, None, sweep)),
    }
}

fn chip(state: &TradingState, session: &Session, now: Micros) -> SessionChip {
    let pnl = pnl_view(state, session, now);
    SessionChip {
        session_id: session.id.clone(),
        configuration: session.configuration.name.clone(),
        underlying: session.configuration.underlying.clone(),
        lifecycle: session.lifecycle,
        exposure: session.exposure,
        health: state.health_of(session).into_iter().collect(),
        started_at: session.started_at,
        pnl: pnl.realized.or(pnl.executable).map(cents),
    }
}

fn health(state: &TradingState, shown: &[&Session]) -> Vec<Health> {
    let own = shown.iter().flat_map(|session| session.health.iter().copied());
    let all: BTreeSet<Health> = own.chain(state.account.health.iter().copied()).collect();
    all.into_iter().collect()
}

fn risk(exposure: Exposure) -> u8 {
    match exposure {
        Exposure::Flat => 0,
        Exposure::Entering => 1,
        Exposure::Open => 2,
        Exposure::Closing => 3,
        Exposure::Unknown => 4,
    }
}
