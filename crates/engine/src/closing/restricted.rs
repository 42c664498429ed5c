//! Closing where the venue does not trade as usual (engine design, section 7): nothing is sent while it only cancels, in an
//! auction a close rests at our own side of the book, and as soon as it trades again what is on goes at once.

use std::collections::BTreeMap;

use model::Micros;
use model::amount::{Lots, Price, ceil_to_tick, floor_to_tick};
use model::closing::Closing;
use model::decision::ClosingDecision;
use model::market::{InstrumentMarket, Level};
use model::order::{Order, TimeInForce};
use model::restriction::Restriction;
use model::{Decimal, Symbol};

use super::Closer;
use crate::said::{SECOND, Said, since};

/// A word of the venue's stream is no proof: a close is tried all the same after this long.
const TRIED_ALL_THE_SAME: i64 = 30 * SECOND;
/// Where a product's tick is not known: fine enough for any option.
const TICK: Price = Decimal::from_parts(1, 0, 0, false, 1);

impl Closer<'_> {
    pub fn restriction(&self, symbol: &Symbol) -> Option<Restriction> {
        self.state.restricted.now.of(symbol)
    }

    /// When what the venue restricts last changed while this was being closed; before that no clock of it counts.
    pub fn began_or_changed_at(&self) -> Micros {
        let began = self.flatten.started_at;
        self.state.restricted.changed_at.map_or(began, |changed| changed.max(began))
    }

    pub fn tick(&self, symbol: &Symbol) -> Price {
        self.instrument(symbol).map_or(TICK, |instrument| instrument.tick)
    }
}

/// What of it is on and restricted, whenever that changes.
pub(super) fn tell(closer: &Closer<'_>) -> Vec<Said> {
    let products: BTreeMap<Symbol, Restriction> =
        open(closer).filter_map(|symbol| Some((symbol.clone(), closer.restriction(symbol)?))).collect();
    if products == closer.flatten.restricted {
        return Vec::new();
    }
    vec![closer.say(ClosingDecision::Restricted { products })]
}

/// What is on by the venue's word, or, until it was read, by all that is known.
pub(super) fn open<'a>(closer: &Closer<'a>) -> impl Iterator<Item = &'a Symbol> {
    let all = *closer;
    let on = move |symbol: &Symbol| all.measure(symbol).lots().unwrap_or_else(|| all.expected(symbol));
    closer.symbols().filter(move |symbol| on(symbol) != 0)
}

/// Whether the next attempt is kept back, or asked for at once, by what the venue restricts; `None`: neither.
pub(super) fn due(closer: &Closer<'_>, symbol: &Symbol, closing: &Closing) -> Option<bool> {
    let changed_at = closer.state.restricted.changed_at?;
    let sent_at = closing.last.as_ref().map(|last| last.sent_at);
    match closer.restriction(symbol) {
        Some(Restriction::CancelOnly | Restriction::Maintenance) => {
            let latest = sent_at.max(Some(closer.began_or_changed_at()));
            Some(latest.is_some_and(|latest| since(latest, closer.now()) >= TRIED_ALL_THE_SAME))
        }
        // What was sent before it trades otherwise says nothing of how it trades now.
        Some(Restriction::PostOnly) | None => sent_at.is_some_and(|sent| sent < changed_at).then_some(true),
    }
}

/// The price at which a close rests in an auction: the best of our own side, and never at or through the other one.
/// Without a price on our side the mark stands in for it; `None` when nothing is known.
pub(super) fn passive(closer: &Closer<'_>, symbol: &Symbol, lots: Lots) -> Option<Price> {
    let (market, tick, now) = (closer.state.market(symbol)?, closer.tick(symbol), closer.now());
    let (quoted, marked) = (market.is_quoted(now), market.is_marked(now));
    let level = |level: Option<Level>| level.filter(|_| quoted).map(|level| level.price);
    let (bid, ask) = (level(market.bid()), level(market.ask()));
    let mark = market.mark_price().filter(|_| marked);
    let price = if lots < 0 {
        let inside = ask.map(|ask| ask.saturating_sub(tick));
        let wanted = floor_to_tick(bid.or(mark).or(inside)?, tick);
        inside.map_or(wanted, |inside| wanted.min(inside))
    } else {
        let inside = bid.map(|bid| bid.saturating_add(tick));
        let wanted = ceil_to_tick(ask.or(mark).or(inside)?, tick);
        inside.map_or(wanted, |inside| wanted.max(inside))
    };
    Some(within_band(market, tick, price))
}

fn within_band(market: &InstrumentMarket, tick: Price, price: Price) -> Price {
    let band = market.mark.as_ref().and_then(|mark| mark.band);
    let inside = band
        .map_or(price, |(lower, upper)| price.min(floor_to_tick(upper, tick)).max(ceil_to_tick(lower, tick)));
    inside.max(tick)
}

/// Whether a close that rests because of an auction stays where it is: `None` for every other order.
pub(super) fn stays(closer: &Closer<'_>, order: &Order) -> Option<bool> {
    let request = &order.request;
    if request.time_in_force != TimeInForce::PostOnly {
        return None;
    }
    match closer.restriction(&request.symbol) {
        // Its place in the queue is worth more than the same price anew.
        Some(Restriction::PostOnly) => {
            let lots = -request.side.sign() * request.lots;
            (passive(closer, &request.symbol, lots) == request.limit).then_some(true)
        }
        // It may only be canceled: what rests may trade when the auction begins.
        Some(Restriction::CancelOnly | Restriction::Maintenance) => Some(true),
        // It trades again: the market is there.
        None => Some(false),
    }
}
