//! What becomes of an accepted order: its fills, its end, and the private events that tell them.

use super::account::{self, Fill, FillKind, OrderThen, Role};
use super::event::{OrderAction, OrderReason, OrderUpdate, PositionUpdate, VenueEvent};
use super::market::chain::Product;
use super::order::{CancelReason, OrderState};
use super::state::Exchange;

impl Exchange {
    /// Books one fill of a live order and tells order, fill and position; finishes it when complete.
    pub(crate) fn record_fill(&mut self, id: i64, product: &Product, lots: i64, price: i64, role: Role) {
        let price_usd = product.underlying.price(price);
        let fee = account::fee(product, self.index(product.underlying), price_usd, lots, self.tax);
        let now_us = self.now_us;
        let Some(order) = self.state.account.live.get_mut(&id) else { return };
        order.unfilled -= lots;
        order.filled_value += price * lots;
        order.paid_commission += fee;
        order.updated_us = now_us;
        if order.unfilled == 0 {
            order.state = OrderState::Closed;
        }
        let (side, done) = (order.side, order.unfilled == 0);
        let (order_id, client_order_id) = (order.id.to_string(), order.client_order_id.clone());
        let then = OrderThen {
            price: order.limit_price(),
            size: order.size,
            unfilled: order.unfilled,
            order_type: order.order_type,
        };
        let position_after = self.state.account.book(product, side, lots, price_usd, fee, now_us);
        self.begin_decay(product, now_us);
        let seq = self.state.account.next_fill_seq(&product.symbol);
        let fill = Fill {
            id: self.state.names.hex32(),
            order_id,
            client_order_id,
            product_id: product.id,
            symbol: product.symbol.clone(),
            side,
            size: lots,
            price: price_usd,
            role,
            kind: FillKind::Normal,
            fee,
            position_after,
            seq,
            created_us: now_us,
            order: Some(then),
        };
        self.state.account.remember(fill.clone());
        self.emit_private(now_us, VenueEvent::Fill(Box::new(fill)));
        self.tell_order(id, if done { OrderAction::Delete } else { OrderAction::Update }, OrderReason::Fill);
        self.tell_position(product.id);
        if done {
            self.state.account.finish(id);
        }
        self.shrink_reduce_only(product.id);
        self.uncommitted = true;
    }

    /// Ends a live order with its remainder unfilled.
    pub(crate) fn end_order(&mut self, id: i64, why: CancelReason) {
        let closes = self.quirks.ioc_rest_is_closed && why == CancelReason::ImmediateOrCancel;
        let now_us = self.now_us;
        let Some(order) = self.state.account.live.get_mut(&id) else { return };
        order.state = if closes { OrderState::Closed } else { OrderState::Cancelled };
        order.cancel_reason = (!closes).then_some(why);
        order.updated_us = now_us;
        let reason =
            if why == CancelReason::StopRefused { OrderReason::StopCancel } else { OrderReason::None };
        self.tell_order(id, OrderAction::Delete, reason);
        self.state.account.finish(id);
        self.uncommitted = true;
    }

    /// Keeps every reduce-only order within the position it reduces.
    pub(crate) fn shrink_reduce_only(&mut self, product_id: i64) {
        let held = self.state.account.size(product_id);
        let too_large: Vec<(i64, i64)> = self
            .state
            .account
            .live
            .values()
            .filter(|order| order.product_id == product_id && order.reduce_only)
            .map(|order| (order.id, (-held * order.side.sign()).max(0)))
            .filter(|(id, most)| self.state.account.live[id].unfilled > *most)
            .collect();
        for (id, most) in too_large {
            if most == 0 {
                self.end_order(id, CancelReason::ReduceOnly);
            } else if let Some(order) = self.state.account.live.get_mut(&id) {
                order.size -= order.unfilled - most;
                order.unfilled = most;
                self.tell_order(id, OrderAction::Update, OrderReason::None);
            }
        }
    }

    /// Tells the present state of a live order.
    pub(crate) fn tell_order(&mut self, id: i64, action: OrderAction, reason: OrderReason) {
        let Some(order) = self.state.account.live.get(&id).cloned() else { return };
        let seq = self.state.account.next_order_seq(&order.symbol);
        let at_us = self.now_us;
        self.emit_private(
            at_us,
            VenueEvent::Order(Box::new(OrderUpdate { order, action, reason, seq, at_us })),
        );
    }

    pub(crate) fn tell_position(&mut self, product_id: i64) {
        if let Some(position) = self.state.account.positions.get(&product_id).cloned() {
            let at_us = position.updated_us;
            let margin = self.margin_of(&position);
            let update = PositionUpdate { position, margin };
            self.emit_private(at_us, VenueEvent::Position(Box::new(update)));
            let wallet = self.wallet_now();
            self.emit_private(at_us, VenueEvent::Wallet(wallet));
        }
    }
}
