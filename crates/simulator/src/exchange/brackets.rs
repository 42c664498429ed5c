//! Brackets: a stop loss and a take profit around a position, of its whole size and never more. The end of the
//! position ends both.

use super::event::{OrderAction, OrderReason};
use super::market::book::Side;
use super::market::chain::Product;
use super::matching::signed_on_tick;
use super::order::{
    Bracket, BracketRequest, Leg, LegAt, Order, OrderKey, OrderState, OrderType, Reject, Stop, StopKind,
    TimeInForce, TriggerMethod,
};
use super::state::Exchange;
use super::time::Micros;
use rust_decimal::Decimal;

/// What changing a bracket can change: its legs where one is given.
type Legs = [(StopKind, Option<Leg>); 2];

fn legs(bracket: &Bracket) -> Legs {
    [(StopKind::StopLoss, bracket.stop_loss), (StopKind::TakeProfit, bracket.take_profit)]
}

impl Exchange {
    /// Puts a bracket around an open position.
    ///
    /// # Errors
    /// No position, a bracket that is there already, or prices that are none.
    pub fn bracket_position(
        &mut self,
        now_us: Micros,
        product_id: i64,
        request: &BracketRequest,
    ) -> Result<(), Reject> {
        self.run_to(now_us);
        let product = self.product_by_id(product_id).ok_or(Reject::InvalidContract)?;
        let bracket = self.on_grid(&product, request)?;
        if self.state.account.size(product.id) == 0 {
            return Err(Reject::NoOpenPosition);
        }
        if self.legs_of(product.id).next().is_some() {
            return Err(Reject::BracketExists);
        }
        self.attach_bracket(&product, bracket, 0);
        Ok(())
    }

    /// Changes the bracket that an entry order brings, or has brought.
    ///
    /// # Errors
    /// An order that has none, or prices that are none.
    pub fn edit_bracket(
        &mut self,
        now_us: Micros,
        entry_id: i64,
        request: &BracketRequest,
    ) -> Result<(), Reject> {
        self.run_to(now_us);
        let entry = self.state.account.order(&OrderKey::Id(entry_id)).cloned();
        let entry = entry.filter(|order| order.bracket.is_some()).ok_or(Reject::OpenOrderNotFound)?;
        let product = self.product_by_id(entry.product_id).ok_or(Reject::InvalidContract)?;
        let bracket = self.on_grid(&product, request)?;
        let placed: Vec<i64> = self.legs_of(product.id).map(|leg| leg.id).collect();
        if placed.is_empty() && !entry.is_live() {
            return Err(Reject::OpenOrderNotFound);
        }
        if let Some(order) = self.state.account.live.get_mut(&entry_id) {
            order.bracket = Some(bracket);
        }
        for id in placed {
            self.change_leg(id, &product, &bracket);
        }
        self.uncommitted = true;
        Ok(())
    }

    fn change_leg(&mut self, id: i64, product: &Product, bracket: &Bracket) {
        let quote = self.quote(product);
        let now = self.trigger_units(product, &quote, bracket.method) as i64;
        let Some(order) = self.state.account.live.get_mut(&id) else { return };
        let Some(stop) = &mut order.stop else { return };
        let wanted = legs(bracket).into_iter().find(|(kind, _)| *kind == stop.kind);
        let Some((_, Some(leg))) = wanted else { return };
        (stop.price, stop.trail) = placed(leg.at, now);
        stop.method = bracket.method;
        if let Some(limit) = leg.limit {
            (order.limit, order.order_type) = (limit, OrderType::Limit);
        }
        order.updated_us = self.now_us;
        self.tell_order(id, OrderAction::Update, OrderReason::StopUpdate);
    }

    fn on_grid(&self, product: &Product, request: &BracketRequest) -> Result<Bracket, Reject> {
        if request.stop_loss.is_none() && request.take_profit.is_none() {
            return Err(Reject::BadSchema("stop_loss_order or take_profit_order is required".to_owned()));
        }
        request.with(|price: Decimal| signed_on_tick(product, price, "a price of the bracket"))
    }

    fn legs_of(&self, product_id: i64) -> impl Iterator<Item = &Order> {
        let of = move |order: &&Order| order.product_id == product_id && order.leg_of.is_some();
        self.state.account.live.values().filter(of)
    }

    /// Orders both legs, unless the position has some; `entry_id` is the order that brought them, or 0.
    pub(crate) fn attach_bracket(&mut self, product: &Product, bracket: Bracket, entry_id: i64) {
        let held = self.state.account.size(product.id);
        if held == 0 || self.legs_of(product.id).next().is_some() {
            return;
        }
        let side = if held > 0 { Side::Sell } else { Side::Buy };
        for (kind, leg) in legs(&bracket) {
            if let Some(leg) = leg {
                self.order_leg(product, side, held.abs(), kind, leg, bracket.method, entry_id);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "all of it is what an order is")]
    fn order_leg(
        &mut self,
        product: &Product,
        side: Side,
        size: i64,
        kind: StopKind,
        leg: Leg,
        method: TriggerMethod,
        entry_id: i64,
    ) {
        let quote = self.quote(product);
        let band = self.band(product, &quote);
        let (price, trail) = placed(leg.at, self.trigger_units(product, &quote, method) as i64);
        let (order_type, time_in_force) = match leg.limit {
            Some(_) => (OrderType::Limit, TimeInForce::Gtc),
            None => (OrderType::Market, TimeInForce::Ioc),
        };
        let id = self.state.account.next_order_id;
        self.state.account.next_order_id += 1;
        let limit = leg.limit.unwrap_or(if side == Side::Buy { band.1 } else { band.0 });
        let order = Order {
            order_type,
            time_in_force,
            reduce_only: true,
            stop: Some(Stop { price, kind, method, trail }),
            state: OrderState::Pending,
            leg_of: Some(entry_id),
            ..Order::new(id, product, side, size, limit, self.now_us)
        };
        self.state.account.live.insert(id, order);
        self.uncommitted = true;
        self.tell_order(id, OrderAction::Create, OrderReason::None);
    }
}

/// Trigger and trail of a leg, with the present price.
fn placed(at: LegAt<i64>, now: i64) -> (i64, i64) {
    match at {
        LegAt::Price(price) => (price, 0),
        LegAt::Trail(by) => (now + by, by),
    }
}
