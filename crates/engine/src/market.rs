//! What of the market is taken in: what is newer than what is known, can be a price, and is looked at by anybody.

use model::market::{MarketEvent, MarketKey};
use model::{Lots, Micros, Symbol, TradingState};

/// The event as it is kept, or nothing.
pub(crate) fn accepted(state: &TradingState, event: MarketEvent) -> Option<MarketEvent> {
    if !event.is_sane() || known_at(state, &event.key()).is_some_and(|known| event.at() < known) {
        return None;
    }
    match event {
        MarketEvent::Spot(_) => Some(event),
        MarketEvent::Quote(ref quote) => state.watched.contains(&quote.symbol).then_some(event),
        MarketEvent::Mark(ref mark) => state.watched.contains(&mark.symbol).then_some(event),
        MarketEvent::Depth(depth) => {
            let reach = reach(state, &depth.symbol);
            (reach > 0).then(|| MarketEvent::Depth(depth.within_reach(reach)))
        }
    }
}

fn known_at(state: &TradingState, key: &MarketKey) -> Option<Micros> {
    match key {
        MarketKey::Spot(underlying) => state.spot.get(underlying).map(|spot| spot.at),
        MarketKey::Quote(symbol) => state.market(symbol)?.quote.as_ref().map(|quote| quote.at),
        MarketKey::Depth(symbol) => state.market(symbol)?.depth.as_ref().map(|depth| depth.at),
        MarketKey::Mark(symbol) => state.market(symbol)?.mark.as_ref().map(|mark| mark.at),
    }
}

/// The largest size that anybody may want to trade in an instrument.
fn reach(state: &TradingState, symbol: &Symbol) -> Lots {
    let sessions = state.active().filter_map(|session| {
        let planned = session.leg(symbol)?.lots;
        Some(planned.max(session.expected(symbol).abs()))
    });
    let sweep = state.account.sweep.as_ref().and_then(|sweep| sweep.products.get(symbol));
    sessions.chain(sweep.map(|closing| closing.was.abs())).max().unwrap_or(0)
}
