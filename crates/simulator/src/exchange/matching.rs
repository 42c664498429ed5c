//! Orders on arrival: every check in the order in which the venue makes it, then level by level through
//! the displayed depth, one fill per maker order.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::account::{self, Role};
use super::market::book::{Depth, Level, Side};
use super::market::chain::Product;
use super::market::quote::Quote;
use super::order::{
    CancelReason, MAX_CLIENT_ORDER_ID, MAX_ORDER_LOTS, Order, OrderRequest, OrderState, OrderType, Reject,
    Stop, StopKind, TimeInForce,
};
use super::state::Exchange;
use super::status::TradingStatus;

impl Exchange {
    /// The order that a request becomes.
    pub(crate) fn accept(
        &self,
        product: &Product,
        quote: &Quote,
        depth: &Depth,
        request: &OrderRequest,
    ) -> Result<Order, Reject> {
        if self.only_reducing && !request.reduce_only {
            return Err(Reject::ReduceOnlyOrdersAllowed);
        }
        if self.trading_status(product) == TradingStatus::CancelOnly {
            return Err(Reject::TradingBlocked);
        }
        let size = self.accepted_size(request)?;
        self.check_client_order_id(request)?;
        let band = self.band(product, quote);
        let limit = limit_of(product, request, band, depth)?;
        let stop = self.accepted_stop(product, quote, request)?;
        let on_grid = |price: Decimal| signed_on_tick(product, price, "a price of the bracket");
        let bracket = request.bracket.as_ref().map(|bracket| bracket.with(on_grid)).transpose()?;
        let id = self.state.account.next_order_id;
        let order = Order {
            client_order_id: request.client_order_id.clone(),
            order_type: request.order_type,
            time_in_force: request.time_in_force,
            post_only: request.post_only,
            reduce_only: request.reduce_only,
            stop,
            state: if stop.is_some() { OrderState::Pending } else { OrderState::Open },
            bracket,
            ..Order::new(id, product, request.side, size, limit, self.now_us)
        };
        if stop.is_none() {
            self.check_arrival(&order, product, depth)?;
        }
        Ok(order)
    }

    fn accepted_size(&self, request: &OrderRequest) -> Result<i64, Reject> {
        if request.size < 1 {
            return Err(Reject::LessThanMinSize);
        }
        if request.size > MAX_ORDER_LOTS {
            return Err(Reject::MaxSizeExceeded);
        }
        if !request.reduce_only {
            return Ok(request.size);
        }
        let held = -self.state.account.size(request.product_id) * request.side.sign();
        if held <= 0 {
            return Err(Reject::NoPositionForReduceOnly);
        }
        Ok(request.size.min(held))
    }

    /// The trigger of a request; a trailing one begins beside the present price.
    fn accepted_stop(
        &self,
        product: &Product,
        quote: &Quote,
        request: &OrderRequest,
    ) -> Result<Option<Stop>, Reject> {
        let method = request.trigger;
        let fixed = |(price, kind): (Decimal, StopKind)| {
            Ok(Stop { price: on_tick(product, price, "stop_price")?, kind, method, trail: 0 })
        };
        match (request.stop, request.trail) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err(Reject::BadSchema("only one of stop_price and trail_amount is allowed".to_owned()))
            }
            (Some(stop), None) => fixed(stop).map(Some),
            (None, Some(by)) => {
                let trail = signed_on_tick(product, by, "trail_amount")?;
                if trail.signum() != request.side.sign() {
                    let why = "trail_amount must be positive for a purchase and negative for a sale";
                    return Err(Reject::BadSchema(why.to_owned()));
                }
                let price = self.trigger_units(product, quote, method) as i64 + trail;
                Ok(Some(Stop { price, kind: StopKind::StopLoss, method, trail }))
            }
        }
    }

    fn check_client_order_id(&self, request: &OrderRequest) -> Result<(), Reject> {
        let Some(client_id) = &request.client_order_id else { return Ok(()) };
        if client_id.is_empty() || client_id.chars().count() > MAX_CLIENT_ORDER_ID {
            return Err(Reject::BadSchema("client_order_id must have 1 to 32 characters".to_owned()));
        }
        let taken =
            self.state.account.live.values().any(|order| order.client_order_id.as_ref() == Some(client_id));
        if taken { Err(Reject::DuplicateClientOrderId) } else { Ok(()) }
    }

    /// What depends on the market: also made when a stop triggers.
    pub(crate) fn check_arrival(
        &self,
        order: &Order,
        product: &Product,
        depth: &Depth,
    ) -> Result<(), Reject> {
        if self.overlaps(order, product, depth) {
            let matched = self.trading_status(product) == TradingStatus::Operational;
            return Err(if matched { Reject::OverlappingOrders } else { Reject::SelfMatchingInAuction });
        }
        let crossing: i64 = depth.crossing(order.side, order.limit).map(|level| level.lots).sum();
        if order.post_only && crossing > 0 {
            return Err(Reject::ImmediateExecutionPostOnly);
        }
        if order.order_type == OrderType::Market {
            if depth.against(order.side).is_empty() {
                return Err(Reject::Unsupported);
            }
            if crossing == 0 {
                return Err(Reject::NoLiquidityForMarketOrder);
            }
        } else if order.time_in_force == TimeInForce::Ioc {
            if crossing == 0 {
                return Err(Reject::OrderSizeExceedAvailable);
            }
            if self.quirks.ioc_needs_whole_size && crossing < order.size {
                return Err(Reject::OrderSizeNotAvailable);
            }
        }
        self.check_margin(order, product)
    }

    /// True if it would trade with an own resting order: makers at better prices, or in front of that one
    /// at its price, do not suffice.
    fn overlaps(&self, order: &Order, product: &Product, depth: &Depth) -> bool {
        let opposite = |other: &&Order| {
            other.product_id == product.id && other.side != order.side && other.state == OrderState::Open
        };
        let mut own = self.state.account.live.values().filter(opposite);
        if self.quirks.own_orders_block_band {
            let (low, high) = self.band(product, &self.quote(product));
            return own.any(|other| (low..=high).contains(&other.limit));
        }
        let in_front_of = |other: &Order| {
            let better =
                |level: &&Level| level.price != other.limit && order.side.accepts(other.limit, level.price);
            let lots: i64 = depth.against(order.side).iter().filter(better).map(|level| level.lots).sum();
            let same = depth.against(order.side).iter().find(|level| level.price == other.limit);
            lots + same.map_or(0, |level| level.lots.min(other.queue_ahead))
        };
        own.any(|other| order.side.accepts(order.limit, other.limit) && in_front_of(other) < order.unfilled)
    }

    fn check_margin(&self, order: &Order, product: &Product) -> Result<(), Reject> {
        if order.reduce_only {
            return Ok(());
        }
        let index = self.index(product.underlying);
        let needed =
            self.state.account.needed(product, order.side, order.unfilled, order.limit_price(), index);
        if needed.is_zero() {
            return Ok(());
        }
        let available = self.wallet_now().available;
        let needed = needed + account::fee(product, index, order.limit_price(), order.unfilled, self.tax);
        if needed > available {
            return Err(Reject::InsufficientMargin { available, additional: needed - available });
        }
        Ok(())
    }

    /// Trades an accepted order against the displayed depth, then rests or ends the remainder.
    pub(crate) fn match_arrival(&mut self, id: i64, product: &Product, depth: &Depth) {
        let Some((side, limit)) = self.take_levels(id, product, depth) else { return };
        let Some(order) = self.state.account.live.get_mut(&id) else { return };
        if order.time_in_force == TimeInForce::Ioc || order.order_type == OrderType::Market {
            self.end_order(id, CancelReason::ImmediateOrCancel);
            return;
        }
        let own = if side == Side::Buy { &depth.bids } else { &depth.asks };
        order.queue_ahead = own.iter().find(|level| level.price == limit).map_or(0, |level| level.lots);
    }

    /// Fills a live order level by level with what crosses its limit; returns its side and limit.
    pub(crate) fn take_levels(&mut self, id: i64, product: &Product, depth: &Depth) -> Option<(Side, i64)> {
        let (side, limit) = self.state.account.live.get(&id).map(|order| (order.side, order.limit))?;
        let levels: Vec<_> = depth.crossing(side, limit).copied().collect();
        for level in levels {
            let left = self.state.account.live.get(&id).map_or(0, |order| order.unfilled);
            let lots = left.min(level.lots);
            if lots == 0 {
                break;
            }
            if let Some(book) = self.state.books.get_mut(&product.id) {
                book.take(side, &level, lots);
            }
            for piece in self.pieces(product, lots) {
                self.record_fill(id, product, piece, level.price, Role::Taker);
            }
        }
        Some((side, limit))
    }
}

/// The limit that a request asks for, or the protective one of a market order.
fn limit_of(
    product: &Product,
    request: &OrderRequest,
    band: (i64, i64),
    depth: &Depth,
) -> Result<i64, Reject> {
    match request.order_type {
        OrderType::Market if depth.against(request.side).is_empty() && request.stop.is_none() => {
            Err(Reject::Unsupported)
        }
        OrderType::Market => Ok(if request.side == Side::Buy { band.1 } else { band.0 }),
        OrderType::Limit => {
            let price =
                request.limit_price.ok_or_else(|| Reject::BadSchema("limit_price is required".to_owned()))?;
            limit_inside(product, price, band)
        }
    }
}

/// A limit on the product's price step and inside its band.
pub(crate) fn limit_inside(product: &Product, price: Decimal, band: (i64, i64)) -> Result<i64, Reject> {
    let limit = on_tick(product, price, "limit_price")?;
    if limit < band.0 || limit > band.1 {
        let (lower, upper) = (product.underlying.price(band.0), product.underlying.price(band.1));
        return Err(Reject::OutOfPriceBand { price, lower, upper });
    }
    Ok(limit)
}

/// A price in price units, if it is positive and on the product's price step.
pub(crate) fn on_tick(product: &Product, price: Decimal, name: &str) -> Result<i64, Reject> {
    signed_on_tick(product, price, name)
        .and_then(|units| if units > 0 { Ok(units) } else { off(product, name) })
}

/// The same for what may be negative, such as a distance below.
pub(crate) fn signed_on_tick(product: &Product, price: Decimal, name: &str) -> Result<i64, Reject> {
    let units = price.checked_mul(Decimal::from(product.grid().units));
    let whole = units.and_then(|units| units.to_i64().filter(|whole| Decimal::from(*whole) == units));
    whole
        .filter(|whole| *whole != 0 && whole % product.grid().tick == 0)
        .map_or_else(|| off(product, name), Ok)
}

fn off<T>(product: &Product, name: &str) -> Result<T, Reject> {
    let tick = product.tick_size();
    Err(Reject::BadSchema(format!("{name} must be a positive multiple of the tick size {tick}")))
}
