//! What becomes of an accepted order: its fills, its end, and the private events that tell them.

use rust_decimal::Decimal;

use super::account::{self, Deal, Fill, FillKind, OrderThen, Role};
use super::event::{OrderAction, OrderReason, OrderUpdate, PositionReason, PositionUpdate, VenueEvent};
use super::market::chain::Product;
use super::order::{CancelReason, OrderState};
use super::state::Exchange;

impl Exchange {
    /// Books one fill of a live order and tells order, fill and position; finishes it when complete.
    pub(crate) fn record_fill(&mut self, id: i64, product: &Product, lots: i64, price: i64, role: Role) {
        let (price_usd, index) = (product.underlying.price(price), self.index(product.underlying));
        let fee = account::fee(product, index, price_usd, lots, self.tax);
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
        let (bracket, liquidation) = (order.bracket, order.liquidation);
        let opened = self.state.account.size(product.id) == 0;
        let deal = Deal { side, lots, price: price_usd, index, fee };
        let (position_after, cash) = self.state.account.book(product, deal, now_us);
        if opened && let Some(position) = self.state.account.positions.get_mut(&product.id) {
            position.auto_topup = !self.quirks.positions_are_not_topped_up;
        }
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
            kind: if liquidation { FillKind::Liquidation } else { FillKind::Normal },
            fee,
            position_after,
            seq,
            created_us: now_us,
            order: Some(then),
            cash,
            charge: Decimal::ZERO,
        };
        self.state.account.remember(fill.clone());
        self.emit_private(now_us, VenueEvent::Fill(Box::new(fill)));
        let reason = if liquidation { OrderReason::Liquidation } else { OrderReason::Fill };
        self.tell_order(id, if done { OrderAction::Delete } else { OrderAction::Update }, reason);
        self.tell_position(product.id, opened);
        if done {
            self.state.account.finish(id);
        }
        if let Some(bracket) = bracket {
            self.attach_bracket(product, bracket, id);
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
        let reason = match why {
            CancelReason::StopRefused => OrderReason::StopCancel,
            CancelReason::Liquidation => OrderReason::Liquidation,
            CancelReason::ByUser
            | CancelReason::ImmediateOrCancel
            | CancelReason::ReduceOnly
            | CancelReason::Settlement
            | CancelReason::Heartbeat => OrderReason::None,
        };
        self.tell_order(id, OrderAction::Delete, reason);
        self.state.account.finish(id);
        self.tell_wallet();
        self.uncommitted = true;
    }

    /// Keeps every reduce-only order within the position it reduces, and the legs of its bracket at its size.
    pub(crate) fn shrink_reduce_only(&mut self, product_id: i64) {
        let held = self.state.account.size(product_id);
        let live = self.state.account.live.values();
        let reducing = live.filter(|order| order.product_id == product_id && order.reduce_only);
        let sized = reducing.map(|order| {
            let most = (-held * order.side.sign()).max(0);
            let grows = order.leg_of.is_some() && order.state == OrderState::Pending;
            (order.id, if grows { most } else { most.min(order.unfilled) }, order.unfilled)
        });
        let changed: Vec<(i64, i64, i64)> = sized.filter(|(_, wanted, now)| wanted != now).collect();
        for (id, wanted, now) in changed {
            if wanted == 0 {
                self.end_order(id, CancelReason::ReduceOnly);
            } else if let Some(order) = self.state.account.live.get_mut(&id) {
                order.size += wanted - now;
                order.unfilled = wanted;
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

    /// Tells what a position became; `opened` when it was flat before.
    pub(crate) fn tell_position(&mut self, product_id: i64, opened: bool) {
        self.tell_position_because(product_id, opened, PositionReason::None);
    }

    /// The same, with the reason that the venue gives.
    pub(crate) fn tell_position_because(&mut self, product_id: i64, opened: bool, reason: PositionReason) {
        if let Some(position) = self.state.account.positions.get(&product_id).cloned() {
            let at_us = position.updated_us;
            let (margin, risk) = (self.margin_of(&position), self.risk_of(&position));
            let update = PositionUpdate { position, margin, risk, opened, reason };
            self.emit_private(at_us, VenueEvent::Position(Box::new(update)));
            self.tell_wallet();
        }
    }

    /// Tells the balances.
    pub(crate) fn tell_wallet(&mut self) {
        let wallet = self.wallet_now();
        self.emit_private(self.now_us, VenueEvent::Wallet(wallet));
    }
}
