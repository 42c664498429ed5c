//! Stop orders, checked at each publication of the mark: what they look at, how trailing ones follow, and what
//! becomes of those that trigger.

use super::event::{OrderAction, OrderReason};
use super::market::book::Side;
use super::market::chain::Product;
use super::market::quote::Quote;
use super::order::{CancelReason, OrderState, OrderType, Stop, StopKind, TriggerMethod};
use super::state::Exchange;

impl Exchange {
    /// The price that a stop looks at, in price units.
    pub(crate) fn trigger_units(&self, product: &Product, quote: &Quote, method: TriggerMethod) -> f64 {
        match method {
            TriggerMethod::Mark => quote.mark * product.grid().units as f64,
            TriggerMethod::Last => self.last_trade_units(product) as f64,
            TriggerMethod::Spot => self.state.segments[product.underlying].course.index as f64,
        }
    }

    /// Stop orders whose price was reached become normal orders, or are cancelled if they may not.
    pub(crate) fn trigger_stops(&mut self, product: &Product) {
        let quote = self.quote(product);
        let pending = self.state.account.live.values().filter(|order| {
            order.product_id == product.id && order.state == OrderState::Pending && self.is_let(order)
        });
        let pending: Vec<(i64, Side, Stop)> =
            pending.filter_map(|order| order.stop.map(|stop| (order.id, order.side, stop))).collect();
        let mut due = Vec::new();
        for (id, side, stop) in pending {
            let now = self.trigger_units(product, &quote, stop.method);
            let stop = self.follow(id, side, stop, now, product.grid().tick);
            if self.is_triggered(side, stop, now) {
                due.push(id);
            }
        }
        for id in due {
            self.trigger(id, product);
        }
    }

    /// A trailing stop follows the best price, in whole steps, and never goes back.
    fn follow(&mut self, id: i64, side: Side, stop: Stop, now: f64, tick: i64) -> Stop {
        if stop.trail == 0 {
            return stop;
        }
        let beside = (now / tick as f64).round() as i64 * tick + stop.trail;
        let price = match side {
            Side::Buy => stop.price.min(beside),
            Side::Sell => stop.price.max(beside),
        };
        let followed = Stop { price, ..stop };
        if price != stop.price
            && let Some(order) = self.state.account.live.get_mut(&id)
        {
            (order.stop, order.updated_us) = (Some(followed), self.now_us);
            self.uncommitted = true;
            self.tell_order(id, OrderAction::Update, OrderReason::StopUpdate);
        }
        followed
    }

    fn is_triggered(&self, side: Side, stop: Stop, now: f64) -> bool {
        let above = match (stop.kind, side) {
            (StopKind::StopLoss, Side::Buy) | (StopKind::TakeProfit, Side::Sell) => true,
            (StopKind::StopLoss, Side::Sell) => false,
            (StopKind::TakeProfit, Side::Buy) => self.quirks.take_profit_buy_triggers_above,
        };
        if above { now >= stop.price as f64 } else { now <= stop.price as f64 }
    }

    fn trigger(&mut self, id: i64, product: &Product) {
        let quote = self.quote(product);
        let depth = self.depth(product, &quote);
        let band = self.band(product, &quote);
        let Some(order) = self.state.account.live.get_mut(&id) else { return };
        if order.order_type == OrderType::Market {
            order.limit = if order.side == Side::Buy { band.1 } else { band.0 };
        }
        order.stop = None;
        order.state = OrderState::Open;
        let order = order.clone();
        self.uncommitted = true;
        self.tell_order(id, OrderAction::Update, OrderReason::StopTrigger);
        if self.check_arrival(&order, product, &depth).is_err() {
            self.end_order(id, CancelReason::StopRefused);
        } else {
            self.tell_wallet();
            self.match_arrival(id, product, &depth);
        }
    }
}
