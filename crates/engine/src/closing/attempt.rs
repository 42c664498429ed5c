//! One close attempt: its size, its price, its kind (engine design, section 7, step 4).

use model::amount::{ceil_to_tick, floor_to_tick};
use model::decision::OrderDecision;
use model::ids::client_order_id;
use model::instrument::Instrument;
use model::market::{DEPTH_AGE_MAX, InstrumentMarket, Level};
use model::order::{OrderRequest, OrderStatus, Purpose, Side, TimeInForce};
use model::state::Closing;
use model::{Decimal, Lots, Price, SessionId, Symbol};

use super::Scene;
use crate::verdict::{SECOND, Verdict, since};

/// c₁: the first step of an exit.
const GENTLE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// c₂: later steps, and the first of a panic.
const FIRM: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// A resting residual is re-priced after this long.
const REST: i64 = SECOND;

/// What an attempt asks for.
struct Shape {
    limit: Option<Price>,
    lots: Lots,
    time_in_force: TimeInForce,
}

/// The next attempt on a product with `lots` on (signed), or nothing while one is still working.
pub(super) fn next(
    scene: &Scene<'_>,
    symbol: &Symbol,
    closing: &Closing,
    lots: Lots,
) -> Option<OrderDecision> {
    let session = scene.session?;
    let instrument = &session.leg(symbol)?.instrument;
    if scene.live().any(|order| &order.request.symbol == symbol) {
        return None;
    }
    let empty = InstrumentMarket::default();
    let market = scene.state.market(symbol).unwrap_or(&empty);
    let attempt = closing.attempts + 1;
    let shape = shape(scene, symbol, instrument, market, lots, attempt);
    Some(OrderDecision::Submitted(OrderRequest {
        client_order_id: id(&session.id, scene, closing, attempt),
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
    }))
}

fn id(session: &SessionId, scene: &Scene<'_>, closing: &Closing, attempt: u32) -> model::ClientOrderId {
    client_order_id(session, &scene.flatten.id, closing.leg, attempt)
}

/// Exit: three limit steps, then market. Panic: two firm limits, then market. A side without quotes, and a book
/// that market orders found empty, get a resting order at the edge of the band.
fn shape(
    scene: &Scene<'_>,
    symbol: &Symbol,
    instrument: &Instrument,
    market: &InstrumentMarket,
    lots: Lots,
    attempt: u32,
) -> Shape {
    let size = lots.abs();
    let best = if lots < 0 { market.ask() } else { market.bid() };
    let last_refused_empty = last_reason(scene, symbol).is_some_and(|code| {
        matches!(code, "unsupported" | "no_liquidity_for_market_order" | "order_size_exceed_available")
    });
    let Some(best) = best.filter(|_| !(last_refused_empty && attempt > 3)) else {
        return Shape { limit: edge(instrument, market, lots), lots: size, time_in_force: TimeInForce::Gtc };
    };
    let limits = if scene.flatten.panic { 2 } else { 3 };
    if attempt > limits && !last_refused_empty {
        return Shape { limit: None, lots: size, time_in_force: TimeInForce::Ioc };
    }
    let slack = if scene.flatten.panic || attempt > 1 { FIRM } else { GENTLE };
    let limit = through(instrument, market, best, lots, slack);
    let visible = visible(scene, market, best, limit, lots);
    Shape { limit: Some(limit), lots: size.min(visible.max(1)), time_in_force: TimeInForce::Ioc }
}

/// Why the venue ended the latest close order of this product.
fn last_reason<'a>(scene: &'a Scene<'_>, symbol: &Symbol) -> Option<&'a str> {
    let orders = scene.session?.orders.values();
    let last = orders
        .filter(|order| &order.request.symbol == symbol && order.request.purpose == Purpose::Close)
        .max_by_key(|order| (order.submitted_at, order.request.attempt))?;
    last.reason.as_deref()
}

/// A limit through the best price by a share of it, at least two ticks, inside the band.
fn through(
    instrument: &Instrument,
    market: &InstrumentMarket,
    best: Level,
    lots: Lots,
    slack: Decimal,
) -> Price {
    let tick = instrument.tick;
    let band = market.mark.as_ref().and_then(|mark| mark.band);
    if lots < 0 {
        let wanted = ceil_to_tick((best.price * (Decimal::ONE + slack)).max(best.price + tick + tick), tick);
        band.map_or(wanted, |(_, upper)| wanted.min(floor_to_tick(upper, tick)))
    } else {
        let wanted = floor_to_tick((best.price * (Decimal::ONE - slack)).min(best.price - tick - tick), tick)
            .max(tick);
        band.map_or(wanted, |(lower, _)| wanted.max(ceil_to_tick(lower, tick)))
    }
}

/// The edge of the band; without a band, a fifth beyond the mark; `None` (market) when not even that is known.
fn edge(instrument: &Instrument, market: &InstrumentMarket, lots: Lots) -> Option<Price> {
    let mark = market.mark.as_ref()?;
    let tick = instrument.tick;
    let price = if lots < 0 {
        let upper = mark.band.map_or(mark.price * Decimal::new(12, 1), |(_, upper)| upper);
        floor_to_tick(upper, tick)
    } else {
        let lower = mark.band.map_or(mark.price * Decimal::new(8, 1), |(lower, _)| lower);
        ceil_to_tick(lower, tick)
    };
    Some(price.max(tick))
}

/// Lots on display at or inside the limit: the venue refuses an IOC that outsizes the book.
fn visible(scene: &Scene<'_>, market: &InstrumentMarket, best: Level, limit: Price, lots: Lots) -> Lots {
    let depth = market.depth.as_ref().filter(|depth| since(depth.at, scene.stamp.at) <= DEPTH_AGE_MAX.0);
    let Some(depth) = depth else { return best.lots };
    let levels = if lots < 0 { &depth.asks } else { &depth.bids };
    let inside =
        levels.iter().filter(|level| if lots < 0 { level.price <= limit } else { level.price >= limit });
    inside.map(|level| level.lots).sum::<Lots>().max(best.lots)
}

/// Resting residuals are taken back after a second, to be re-priced.
pub(super) fn sweep(scene: &Scene<'_>) -> Vec<Verdict> {
    let now = scene.stamp.at;
    scene
        .live()
        .filter(|order| {
            order.request.purpose == Purpose::Close && order.request.time_in_force == TimeInForce::Gtc
        })
        .filter(|order| matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled))
        .filter(|order| since(order.submitted_at, now) >= REST && order.cancel_requested_at.is_none())
        .map(|order| scene.say(crate::entry::cancel(order, "to be re-priced")))
        .collect()
}
