//! Isolated margin at each publication of the mark: a position whose margin is used up is topped up from the wallet,
//! or closed by the venue. The rules are those of the venue's user guide for positions below its size threshold.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use std::sync::Arc;

use super::account::{INITIAL_MARGIN, MAINTENANCE_MARGIN, Position, Role};
use super::event::{Level, OrderAction, OrderReason, PositionReason, Telling, VenueEvent};
use super::market::book::Side;
use super::market::chain::Product;
use super::order::{CancelReason, Order, TimeInForce};
use super::state::Exchange;
use super::status::TradingStatus;
use super::terms::{LIQUIDATION_PENALTY, notional};
use super::time::Micros;

impl Exchange {
    /// Tops up or liquidates what must be, at a publication of the mark; nothing while nothing is matched.
    pub(crate) fn watch_margins(&mut self, at_us: Micros) {
        if at_us.rem_euclid(self.mark_interval_us()) != 0 {
            return;
        }
        let held = self.state.account.positions.values().filter(|position| position.size != 0);
        let held: Vec<i64> = held.map(|position| position.product_id).collect();
        for product_id in held {
            let Some(product) = self.product_by_id(product_id) else { continue };
            if self.trading_status(&product) != TradingStatus::Operational {
                continue;
            }
            if self.is_used_up(product_id) {
                self.top_up(&product);
            }
            if self.is_used_up(product_id) {
                self.liquidate(&product);
            }
        }
    }

    /// True if the mark has reached the liquidation price of a position.
    pub(crate) fn is_used_up(&self, product_id: i64) -> bool {
        let lacking = self.state.account.positions.get(&product_id).and_then(|held| self.lacking(held));
        lacking.is_some_and(|lacking| lacking >= Decimal::ZERO)
    }

    /// By how much the margin less the loss at the mark is under the maintenance margin, USD; negative while it is over it.
    fn lacking(&self, position: &Position) -> Option<Decimal> {
        let product = Product::from_id(position.product_id)?;
        let liquidation = self.risk_of(position).liquidation?;
        let mark = self.mark_by_id(position.product_id)?;
        Some((liquidation - mark) * Decimal::from(position.size) * product.contract_value())
    }

    /// Moves margin from the wallet to a position that may have it, in the venue's portions: the initial less the
    /// maintenance margin at the most leverage, or all there is but for what closing costs.
    fn top_up(&mut self, product: &Product) {
        let Some(position) = self.state.account.positions.get(&product.id) else { return };
        let available = self.wallet_now().available - self.risk_of(position).commission;
        let Some(lacking) = self.lacking(position).filter(|_| position.auto_topup) else { return };
        let portion = (INITIAL_MARGIN - MAINTENANCE_MARGIN) * notional(product, position);
        if available <= Decimal::ZERO || portion.is_zero() {
            return;
        }
        let portions = (lacking / portion).floor() + Decimal::ONE;
        let added = (portions * portion).min(available).round_dp_with_strategy(8, RoundingStrategy::ToZero);
        let Some(position) = self.state.account.positions.get_mut(&product.id) else { return };
        position.added_margin += added;
        position.updated_us = self.now_us;
        self.uncommitted = true;
        self.tell_position_because(product.id, false, PositionReason::AutoTopup);
        let (symbol, left) = (&product.symbol, available - added);
        let telling = Telling {
            name: "simulator.margin_topped_up",
            level: Level::Info,
            message: format!("{added} USD of the wallet were added to the margin of {symbol}"),
            payload: serde_json::json!({
                "symbol": symbol, "added": added.to_string(), "available": left.to_string(),
            }),
        };
        self.emit(self.now_us, VenueEvent::Note(telling));
    }

    /// Closes a position: own orders in its contract go first, then the book is taken up to the bankruptcy price,
    /// outside the price band too, and the venue takes over the rest at that price. What is left of the margin pays
    /// the charge.
    fn liquidate(&mut self, product: &Product) {
        let live = self.state.account.live.values();
        let orders = live.filter(|order| order.product_id == product.id).map(|order| order.id);
        for id in orders.collect::<Vec<_>>() {
            self.end_order(id, CancelReason::Liquidation);
        }
        let Some(position) = self.state.account.positions.get(&product.id).cloned() else { return };
        let (margin, mark) = (self.margin_of(&position), self.mark_by_id(product.id).unwrap_or_default());
        let Some(limit) = self.bankruptcy_units(product, &position) else { return };
        let id = self.insert_liquidation(product, &position, limit);
        let quote = self.quote(product);
        let depth = self.depth(product, &quote);
        self.take_levels(id, product, &depth);
        let left = self.state.account.live.get(&id).map_or(0, |order| order.unfilled);
        if left > 0 {
            self.record_fill(id, product, left, limit, Role::Taker);
        }
        let charge = self.charge(product, &position, margin);
        let (symbol, size) = (&product.symbol, position.size);
        let bankruptcy = product.underlying.price(limit);
        let telling = Telling {
            name: "simulator.position_liquidated",
            level: Level::Warn,
            message: format!(
                "{size} lots of {symbol} were liquidated at a mark of {mark}, {left} of them taken over at {bankruptcy}"
            ),
            payload: serde_json::json!({
                "symbol": symbol, "size": size, "order_id": id, "mark": mark.to_string(),
                "margin": margin.to_string(), "bankruptcy": bankruptcy.to_string(), "taken_over": left,
                "charge": charge.to_string(),
            }),
        };
        self.emit(self.now_us, VenueEvent::Note(telling));
    }

    /// The bankruptcy price in whole price steps, rounded so that no more than the margin is lost.
    fn bankruptcy_units(&self, product: &Product, position: &Position) -> Option<i64> {
        let tick = product.grid().tick;
        let steps =
            self.risk_of(position).bankruptcy? * Decimal::from(product.grid().units) / Decimal::from(tick);
        let steps = if position.size < 0 { steps.floor() } else { steps.ceil() };
        Some(steps.to_i64()?.max(0) * tick)
    }

    /// Puts the venue's own order into the account; returns its id.
    fn insert_liquidation(&mut self, product: &Product, position: &Position, limit: i64) -> i64 {
        let id = self.state.account.next_order_id;
        self.state.account.next_order_id += 1;
        let side = if position.size > 0 { Side::Sell } else { Side::Buy };
        let order = Order {
            time_in_force: TimeInForce::Ioc,
            reduce_only: true,
            liquidation: true,
            ..Order::new(id, product, side, position.size.abs(), limit, self.now_us)
        };
        self.state.account.live.insert(id, order);
        self.uncommitted = true;
        self.tell_order(id, OrderAction::Create, OrderReason::Liquidation);
        id
    }

    /// Takes what a liquidation costs from what is left of the margin, and notes it at its last fill.
    fn charge(&mut self, product: &Product, before: &Position, margin: Decimal) -> Decimal {
        let after = self.state.account.positions.get(&product.id);
        let realized = after.map_or(Decimal::ZERO, |after| after.realized_pnl - before.realized_pnl);
        let whole = LIQUIDATION_PENALTY * MAINTENANCE_MARGIN * notional(product, before);
        let charge = whole
            .min(margin + realized)
            .max(Decimal::ZERO)
            .round_dp_with_strategy(8, RoundingStrategy::ToZero);
        self.state.account.balance -= charge;
        if let Some(fill) = self.state.account.fills.back_mut() {
            Arc::make_mut(fill).charge = charge;
        }
        self.tell_wallet();
        charge
    }
}
