//! From an input to what it means: facts, before anybody judges them.

use model::decision::{EntryDecision, MarketDecision, SessionDecision};
use model::input::{HealthReport, InstrumentsRead, LinkChange};
use model::market::MarketEvent;
use model::{Input, Lifecycle, Micros, Stamp, TradingState};

use crate::verdict::{Verdict, say};
use crate::{entry, operator, orders, recovery, strikes, truth};

pub(crate) fn of(state: &TradingState, stamp: &Stamp, input: Input) -> Vec<Verdict> {
    match input {
        Input::Market(event) => market(state, stamp, event),
        Input::Execution(report) => orders::report(state, stamp, report),
        Input::Truth(read) => truth::read(state, stamp, read),
        Input::Instruments(read) => instruments(state, stamp, read),
        Input::Operator(request) => operator::request(state, stamp, request),
        Input::Link(change) => link(state, stamp, change),
        Input::Health(report) => health(state, stamp, report),
        Input::Booted => recovery::booted(state, stamp),
        Input::Timer => Vec::new(),
    }
}

/// Takes in what is not older than what is known.
fn market(state: &TradingState, stamp: &Stamp, event: MarketEvent) -> Vec<Verdict> {
    let newer = |known: Option<Micros>, at: Micros| known.is_none_or(|known| at >= known);
    let id = &stamp.correlation_id;
    match event {
        MarketEvent::Quote(quote) => {
            let known =
                state.market(&quote.symbol).and_then(|market| market.quote.as_ref()).map(|quote| quote.at);
            newer(known, quote.at).then(|| say(id, MarketDecision::QuoteAccepted(quote)))
        }
        MarketEvent::Depth(depth) => {
            let known =
                state.market(&depth.symbol).and_then(|market| market.depth.as_ref()).map(|depth| depth.at);
            newer(known, depth.at).then(|| say(id, MarketDecision::DepthAccepted(depth)))
        }
        MarketEvent::Mark(mark) => {
            let known =
                state.market(&mark.symbol).and_then(|market| market.mark.as_ref()).map(|mark| mark.at);
            newer(known, mark.at).then(|| say(id, MarketDecision::MarkAccepted(mark)))
        }
        MarketEvent::Spot(spot) => {
            let known = state.spot.get(&spot.underlying).map(|spot| spot.at);
            newer(known, spot.at).then(|| say(id, MarketDecision::SpotAccepted(spot)))
        }
    }
    .into_iter()
    .collect()
}

fn link(state: &TradingState, stamp: &Stamp, change: LinkChange) -> Vec<Verdict> {
    if state.links.get(&change.link).is_some_and(|known| known.up == change.up) {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, MarketDecision::LinkChanged(change))]
}

fn health(state: &TradingState, stamp: &Stamp, report: HealthReport) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    if session.health.contains(&report.health) == report.on {
        return Vec::new();
    }
    let HealthReport { health, on, why } = report;
    vec![say(&stamp.correlation_id, SessionDecision::HealthChanged { health, on, why })]
}

/// The chain arrived: strikes are chosen from it at once, and it is not kept.
fn instruments(state: &TradingState, stamp: &Stamp, read: InstrumentsRead) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    if session.lifecycle != Lifecycle::Starting || !session.legs.is_empty() || session.exit.is_some() {
        return Vec::new();
    }
    let id = &session.correlation_id;
    let unknown = |reason: String| vec![say(id, EntryDecision::InstrumentsUnknown { reason })];
    let listed = match read {
        InstrumentsRead::Known { listed } => listed,
        InstrumentsRead::Unknown { reason } => return unknown(reason),
    };
    let Some(spot) = state.session_spot() else {
        return unknown("no spot price yet".to_owned());
    };
    match strikes::choose(&session.configuration, &listed, spot.price, stamp.at) {
        Ok(legs) => {
            let expiry = legs.first().map_or(Micros(0), |leg| leg.instrument.expiry);
            vec![say(
                id,
                EntryDecision::StrikesChosen { legs, spot: spot.price, expiry, listed: listed.len() },
            )]
        }
        Err(why) => entry::failed(session, why),
    }
}
