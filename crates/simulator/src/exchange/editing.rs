//! Changes of what is there: an order's size and prices under its id, the margin and leverage of a position, and
//! closing everything.

use rust_decimal::Decimal;

use super::account::{MOST_LEVERAGE, Position};
use super::event::{OrderAction, OrderReason};
use super::market::book::{Depth, Side};
use super::market::chain::Product;
use super::market::quote::Quote;
use super::matching::{limit_inside, on_tick, signed_on_tick};
use super::order::{MAX_ORDER_LOTS, Order, OrderKey, OrderRequest, OrderState, OrderType, Reject};
use super::state::Exchange;
use super::time::Micros;

/// What of an order is to become another; the rest stays. Prices in USD.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// Lots in all, the filled ones among them.
    pub size: Option<i64>,
    pub limit_price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    pub trail: Option<Decimal>,
    pub post_only: Option<bool>,
}

impl Exchange {
    /// Changes a live order, which keeps its id and goes through the checks of a new one; it may trade at once.
    ///
    /// # Errors
    /// The venue's reason; the order is then as it was.
    pub fn edit(
        &mut self,
        now_us: Micros,
        key: &OrderKey,
        product_id: i64,
        edit: &Edit,
    ) -> Result<Order, Reject> {
        self.run_to(now_us);
        let order = self.state.account.order(key).cloned().ok_or(Reject::OpenOrderNotFound)?;
        if !order.is_live() || order.product_id != product_id {
            let filled = order.state == OrderState::Closed;
            return Err(if filled { Reject::OrderAlreadyFilled } else { Reject::OpenOrderNotFound });
        }
        let product = self.product_by_id(order.product_id).ok_or(Reject::InvalidContract)?;
        let quote = self.quote(&product);
        let depth = self.matched_depth(&product, &quote);
        let id = order.id;
        // Its own margin and its own price stand in nobody's way.
        self.state.account.live.remove(&id);
        let edited = self.edited(&order, &product, &quote, &depth, edit);
        let keeps_place = edited.as_ref().is_ok_and(|new| new.limit == order.limit && new.size <= order.size);
        self.state.account.live.insert(id, edited.clone().unwrap_or(order));
        let edited = edited?;
        self.uncommitted = true;
        self.tell_order(id, OrderAction::Update, OrderReason::None);
        self.tell_wallet();
        if edited.state == OrderState::Open && !keeps_place {
            self.match_arrival(id, &product, &depth);
        }
        self.state.account.order(&OrderKey::Id(id)).cloned().ok_or(Reject::OpenOrderNotFound)
    }

    fn edited(
        &self,
        order: &Order,
        product: &Product,
        quote: &Quote,
        depth: &Depth,
        edit: &Edit,
    ) -> Result<Order, Reject> {
        if self.only_reducing && !order.reduce_only {
            return Err(Reject::ReduceOnlyOrdersAllowed);
        }
        let mut new = order.clone();
        new.updated_us = self.now_us;
        if let Some(size) = edit.size {
            (new.size, new.unfilled) = self.resized(order, size)?;
        }
        if let (Some(price), OrderType::Limit) = (edit.limit_price, order.order_type) {
            new.limit = limit_inside(product, price, self.band(product, quote))?;
        }
        if let Some(stop) = &mut new.stop {
            if let Some(price) = edit.stop_price {
                (stop.price, stop.trail) = (on_tick(product, price, "stop_price")?, 0);
            }
            if let Some(by) = edit.trail {
                stop.trail = signed_on_tick(product, by, "trail_amount")?;
                stop.price = self.trigger_units(product, quote, stop.method) as i64 + stop.trail;
            }
        }
        new.post_only = edit.post_only.unwrap_or(order.post_only);
        if new.state == OrderState::Open {
            self.check_arrival(&new, product, depth)?;
        }
        Ok(new)
    }

    /// Size and unfilled lots of an order that is to have `size` in all.
    fn resized(&self, order: &Order, size: i64) -> Result<(i64, i64), Reject> {
        if size < 1 {
            return Err(Reject::LessThanMinSize);
        }
        if size > MAX_ORDER_LOTS {
            return Err(Reject::MaxSizeExceeded);
        }
        let wanted = size - order.filled();
        if wanted < 1 {
            return Err(Reject::OrderAlreadyFilled);
        }
        if !order.reduce_only {
            return Ok((size, wanted));
        }
        let held = -self.state.account.size(order.product_id) * order.side.sign();
        let unfilled = wanted.min(held.max(0));
        if unfilled == 0 {
            Err(Reject::NoPositionForReduceOnly)
        } else {
            Ok((order.filled() + unfilled, unfilled))
        }
    }

    /// Closes every position by market, as far as the books allow.
    pub fn close_all(&mut self, now_us: Micros) {
        self.run_to(now_us);
        for position in self.positions(now_us) {
            let side = if position.size > 0 { Side::Sell } else { Side::Buy };
            let request = OrderRequest::market(position.product_id, side, position.size.abs());
            // An empty book leaves the position on; nobody is told by this call.
            let _refused = self.place(now_us, &OrderRequest { reduce_only: true, ..request });
        }
    }

    /// Sets the leverage of orders and positions of a product.
    ///
    /// # Errors
    /// Outside 1 to the most, or margins that the account does not have.
    pub fn set_leverage(&mut self, now_us: Micros, product_id: i64, leverage: Decimal) -> Result<(), Reject> {
        self.run_to(now_us);
        let product = self.product_by_id(product_id).ok_or(Reject::InvalidContract)?;
        if leverage > MOST_LEVERAGE {
            return Err(Reject::MaxLeverageExceeded);
        }
        if leverage < Decimal::ONE {
            return Err(Reject::MinLeverageExceeded);
        }
        let before = self.state.account.leverage.insert(product.id, leverage);
        let available = self.wallet_now().available;
        let used_up = self.is_used_up(product.id);
        if available < Decimal::ZERO || used_up {
            match before {
                Some(before) => self.state.account.leverage.insert(product.id, before),
                None => self.state.account.leverage.remove(&product.id),
            };
            if used_up {
                return Err(Reject::ImmediateLiquidation);
            }
            let additional = -available;
            return Err(Reject::InsufficientMargin { available: self.wallet_now().available, additional });
        }
        self.uncommitted = true;
        self.tell_wallet();
        Ok(())
    }

    /// Leverage of a product, and what its resting orders block.
    pub fn leverage(&mut self, now_us: Micros, product_id: i64) -> Result<(Decimal, Decimal), Reject> {
        self.run_to(now_us);
        let product = self.product_by_id(product_id).ok_or(Reject::InvalidContract)?;
        let blocked = self.state.account.order_margin_of(product.id, |underlying| self.index(underlying));
        Ok((self.state.account.leverage_of(product.id), blocked))
    }

    /// Adds margin to a position, or takes added margin back.
    ///
    /// # Errors
    /// No position, more than is available, or more than was added.
    pub fn change_margin(
        &mut self,
        now_us: Micros,
        product_id: i64,
        delta: Decimal,
    ) -> Result<Position, Reject> {
        self.run_to(now_us);
        let available = self.wallet_now().available;
        let position = self.state.account.positions.get_mut(&product_id);
        let position = position.filter(|position| position.size != 0).ok_or(Reject::NoOpenPosition)?;
        if delta > available {
            return Err(Reject::InsufficientMargin { available, additional: delta - available });
        }
        if position.added_margin + delta < Decimal::ZERO {
            return Err(Reject::BadSchema("delta_margin takes more than was added".to_owned()));
        }
        let before = position.clone();
        position.added_margin += delta;
        position.updated_us = self.now_us;
        let position = position.clone();
        if delta < Decimal::ZERO && self.is_used_up(product_id) {
            self.state.account.positions.insert(product_id, before);
            return Err(Reject::ImmediateLiquidation);
        }
        self.uncommitted = true;
        self.tell_position(product_id, false);
        Ok(position)
    }

    /// Sets whether a position gets margin from the wallet before it is liquidated.
    ///
    /// # Errors
    /// No position.
    pub fn set_auto_topup(&mut self, now_us: Micros, product_id: i64, on: bool) -> Result<Position, Reject> {
        self.run_to(now_us);
        let position = self.state.account.positions.get_mut(&product_id);
        let position = position.filter(|position| position.size != 0).ok_or(Reject::NoOpenPosition)?;
        position.auto_topup = on;
        self.uncommitted = true;
        Ok(position.clone())
    }
}
