//! Close attempts: when the next is due, its size, its price and its kind (engine design, section 7, step 4).
//! The edge of the price band is the last resort: only after limits and a market order found nothing.

use model::amount::{ceil_to_tick, floor_to_tick};
use model::closing::Closing;
use model::decision::OrderDecision;
use model::market::{DEPTH_AGE_MAX, InstrumentMarket, Level};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use model::restriction::Restriction;
use model::{Decimal, Lots, Price, Symbol};

use super::measure::Measure;
use super::{Closer, clear, restricted};
use crate::said::{MILLISECOND, SECOND, Said, since};

/// c₁: the first step of an exit.
const GENTLE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// c₂: later steps, and the first of a panic.
const FIRM: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// The part of the way from the edge of the band to the mark that the last resort stays inside.
const INSIDE: Decimal = Decimal::from_parts(1, 0, 0, false, 1);
/// The pause between rounds once a close has taken this long, so that the venue's budget lasts.
const LONG: i64 = 30 * SECOND;
const SLOW: i64 = 5 * SECOND;

/// One attempt on every product that is open, measured and due; shorts before longs.
pub(super) fn close(closer: &Closer<'_>) -> Vec<Said> {
    let measured: Vec<_> = closer
        .symbols()
        .filter_map(|symbol| Some((symbol, closer.flatten.products.get(symbol)?, closer.measure(symbol))))
        .collect();
    let shorts_open = measured.iter().any(|(_, _, measure)| measure.lots().is_none_or(|lots| lots < 0));
    let mut said = Vec::new();
    for (symbol, closing, measure) in measured {
        let lots = measure.lots().map(|lots| closer.sure(symbol, lots));
        let Some(lots) = lots.filter(|lots| *lots != 0) else { continue };
        let waits = lots > 0 && shorts_open;
        let due = restricted::due(closer, symbol, closing).unwrap_or_else(|| {
            let last = closing.last.as_ref();
            last.is_none_or(|last| since(last.sent_at, closer.now()) >= pause(closer, closing, measure))
        });
        if waits || !due || is_unpriced(closer, symbol) || closer.in_flight(symbol).next().is_some() {
            continue;
        }
        let request = request(closer, symbol, closing, lots);
        said.extend(request.map(|request| closer.say(OrderDecision::Submitted(request))));
    }
    said
}

/// Right after a start no price is known: an exit gives the market a second to speak before it goes without one.
fn is_unpriced(closer: &Closer<'_>, symbol: &Symbol) -> bool {
    let known =
        closer.state.market(symbol).is_some_and(|market| market.quote.is_some() || market.mark.is_some());
    !closer.flatten.panic && !known && since(closer.began_at(), closer.now()) < SECOND
}

/// Pause after an attempt before the next: a second in an exit; a panic begins at 100 ms and doubles up to 2 s;
/// refusals in a row double up to 5 s. After 30 s both go on with one round every 5 s.
fn pause(closer: &Closer<'_>, closing: &Closing, measure: Measure) -> i64 {
    if since(closer.began_or_changed_at(), closer.now()) > LONG {
        return SLOW;
    }
    let doubled = |times: u32, most: i64| ((100 * MILLISECOND) << times.min(6)).min(most);
    let round =
        if closer.flatten.panic { doubled(closing.attempts.saturating_sub(1), 2 * SECOND) } else { SECOND };
    // The venue says that nothing is there: asking again and again proves nothing.
    let least = if matches!(measure, Measure::Contradicted(_)) { SECOND } else { 0 };
    round.max(doubled(closing.refusals, SLOW)).max(least)
}

/// Nothing where an auction is on and no price is known to rest at.
fn request(closer: &Closer<'_>, symbol: &Symbol, closing: &Closing, lots: Lots) -> Option<OrderRequest> {
    let attempt = closing.attempts + 1;
    let shape = if closer.restriction(symbol) == Some(Restriction::PostOnly) {
        Shape::passive(restricted::passive(closer, symbol, lots)?, lots.abs())
    } else {
        shape(closer, symbol, closing, lots)
    };
    Some(OrderRequest {
        client_order_id: closer.name(closing, attempt),
        product_id: closing.product_id,
        symbol: symbol.clone(),
        side: if lots < 0 { Side::Buy } else { Side::Sell },
        lots: shape.lots,
        limit: shape.limit,
        time_in_force: shape.time_in_force,
        reduce_only: true,
        purpose: Purpose::Close,
        leg: closing.leg,
        attempt,
    })
}

/// What an attempt asks for.
struct Shape {
    limit: Option<Price>,
    lots: Lots,
    time_in_force: TimeInForce,
}

impl Shape {
    fn limit(limit: Price, lots: Lots) -> Self {
        Self { limit: Some(limit), lots, time_in_force: TimeInForce::Ioc }
    }

    fn market(lots: Lots) -> Self {
        Self { limit: None, lots, time_in_force: TimeInForce::Ioc }
    }

    fn passive(limit: Price, lots: Lots) -> Self {
        Self { limit: Some(limit), lots, time_in_force: TimeInForce::PostOnly }
    }

    fn resting(limit: Price, lots: Lots) -> Self {
        Self { limit: Some(limit), lots, time_in_force: TimeInForce::Gtc }
    }
}

/// Exit: three limit steps, then market. Panic: two firm limits, then market. A market order that found nothing
/// is followed by a resting one at the edge of the band, and that by market again.
fn shape(closer: &Closer<'_>, symbol: &Symbol, closing: &Closing, lots: Lots) -> Shape {
    let empty = InstrumentMarket::default();
    let market = closer.state.market(symbol).unwrap_or(&empty);
    let tick = closer.tick(symbol);
    let size = smaller_after_refusal(closing, lots.abs());
    let rested = closing.last.as_ref().is_some_and(|last| last.resting);
    if closing.dry > 0 && !rested {
        return match edge(market, tick, lots) {
            Some(edge) => Shape::resting(edge, size),
            None => Shape::market(size),
        };
    }
    let limits = if closer.flatten.panic { 2 } else { 3 };
    let inside = ceiling(closer, symbol, tick, lots);
    if closing.attempts >= limits && inside.is_none() {
        return Shape::market(size);
    }
    // Without a best price the mark stands in for it: an IOC that finds nothing costs nothing.
    // What is older than the stream's freshness is no price.
    let now = closer.now();
    let (quoted, marked) = (market.is_quoted(now), market.is_marked(now));
    let best = if lots < 0 { market.ask() } else { market.bid() };
    let mark = || Some(Level { price: market.mark_price().filter(|_| marked)?, lots: size });
    let Some(best) = best.filter(|_| quoted).or_else(mark) else {
        return inside.map_or(Shape::market(size), |inside| Shape::limit(inside, size));
    };
    let slack = if closer.flatten.panic || closing.attempts > 0 { FIRM } else { GENTLE };
    let limit = through(market, tick, best, lots, slack);
    let limit = match inside {
        Some(inside) if lots < 0 => limit.min(inside),
        Some(inside) => limit.max(inside),
        None => limit,
    };
    let visible = visible(closer, market, best, limit, lots);
    Shape::limit(limit, size.min(visible.max(1)))
}

/// The venue's codes that a smaller size may answer.
const TOO_LARGE: [&str; 4] = [
    "order_size_exceed_available",
    "insufficient_margin",
    "close_position_insufficient_margin",
    "immediate_liquidation",
];

/// Half the size after each refusal for want of margin or of liquidity in a row.
fn smaller_after_refusal(closing: &Closing, size: Lots) -> Lots {
    let code = closing.last.as_ref().and_then(|last| last.code.as_ref());
    let too_large = code.is_some_and(|code| TOO_LARGE.contains(&code.as_str()));
    if too_large { (size >> closing.refusals.min(20)).max(1) } else { size }
}

/// Just inside the price of somebody else's order on the same account, which an exit must not meet.
fn ceiling(closer: &Closer<'_>, symbol: &Symbol, tick: Price, lots: Lots) -> Option<Price> {
    if closer.flatten.panic {
        return None;
    }
    let side = if lots < 0 { Side::Buy } else { Side::Sell };
    let price = clear::nearest_in_the_way(closer, symbol, side)?.limit?;
    let inside = if lots < 0 { price.saturating_sub(tick) } else { price.saturating_add(tick) };
    Some(inside.max(tick))
}

/// A limit through the best price by a share of it, at least two ticks, inside the band.
fn through(market: &InstrumentMarket, tick: Price, best: Level, lots: Lots, slack: Decimal) -> Price {
    let band = market.mark.as_ref().and_then(|mark| mark.band);
    let step = best.price.saturating_mul(slack).max(tick.saturating_mul(Decimal::TWO));
    if lots < 0 {
        let wanted = ceil_to_tick(best.price.saturating_add(step), tick);
        band.map_or(wanted, |(_, upper)| wanted.min(floor_to_tick(upper, tick)))
    } else {
        let wanted = floor_to_tick(best.price.saturating_sub(step), tick).max(tick);
        band.map_or(wanted, |(lower, _)| wanted.max(ceil_to_tick(lower, tick)))
    }
}

/// Some way inside the band: the mark, and the band with it, may have moved since they were heard. Without a band, a fifth beyond the mark; `None` when not even that is known.
fn edge(market: &InstrumentMarket, tick: Price, lots: Lots) -> Option<Price> {
    let mark = market.mark.as_ref()?;
    let fifth = if lots < 0 { Decimal::new(12, 1) } else { Decimal::new(8, 1) };
    let edge = mark.band.map_or(mark.price.saturating_mul(fifth), |(lower, upper)| {
        let band = if lots < 0 { upper } else { lower };
        band.saturating_sub(band.saturating_sub(mark.price).saturating_mul(INSIDE))
    });
    let price = if lots < 0 { floor_to_tick(edge, tick) } else { ceil_to_tick(edge, tick) };
    Some(price.max(tick))
}

/// Lots on display at or inside the limit: the venue refuses an IOC that outsizes the book.
fn visible(closer: &Closer<'_>, market: &InstrumentMarket, best: Level, limit: Price, lots: Lots) -> Lots {
    let depth = market.depth.as_ref().filter(|depth| since(depth.at, closer.now()) <= DEPTH_AGE_MAX.0);
    let Some(depth) = depth else { return best.lots };
    let levels = if lots < 0 { &depth.asks } else { &depth.bids };
    let inside =
        levels.iter().filter(|level| if lots < 0 { level.price <= limit } else { level.price >= limit });
    inside.map(|level| level.lots).sum::<Lots>().max(best.lots)
}
