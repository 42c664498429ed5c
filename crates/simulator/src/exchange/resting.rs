//! Resting orders: filled when the opposite best reaches them, or from their place in the queue as
//! others trade.

use super::account::Role;
use super::market::TICK_US;
use super::market::book::{Depth, Side};
use super::market::chain::Product;
use super::order::{Order, OrderState};
use super::random::Random;
use super::state::Exchange;
use super::status::TradingStatus;
use super::time::{Micros, SECOND_US};

const TRADES_A_SECOND: f64 = 0.2;

impl Exchange {
    pub(crate) fn match_resting(&mut self, at_us: Micros) {
        if self.state.account.live.is_empty() {
            return;
        }
        let mark_due = at_us.rem_euclid(self.mark_interval_us()) == 0;
        let mut ids: Vec<i64> = self.state.account.live.values().map(|order| order.product_id).collect();
        ids.sort_unstable();
        ids.dedup();
        for product_id in ids {
            let Some(product) = self.product_by_id(product_id) else { continue };
            if self.trading_status(&product) != TradingStatus::Operational {
                continue;
            }
            if mark_due {
                self.trigger_stops(&product);
            }
            let quote = self.quote(&product);
            let depth = self.depth(&product, &quote);
            for (id, side) in self.resting(product_id) {
                self.match_reached(id, side, &product);
            }
            self.trade_queues(&product, &depth);
        }
    }

    fn flow(&mut self, product: &Product) -> &mut Random {
        &mut self.state.segments[product.underlying].flow
    }

    /// True unless only reducing orders are filled and this is none.
    pub(crate) fn is_let(&self, order: &Order) -> bool {
        order.reduce_only || !self.only_reducing
    }

    fn resting(&self, product_id: i64) -> Vec<(i64, Side)> {
        let open = |order: &&Order| {
            order.product_id == product_id && order.state == OrderState::Open && self.is_let(order)
        };
        self.state.account.live.values().filter(open).map(|order| (order.id, order.side)).collect()
    }

    /// The opposite best came to the order: it is filled at its own price, up to what is displayed.
    fn match_reached(&mut self, id: i64, side: Side, product: &Product) {
        let quote = self.quote(product);
        let depth = self.depth(product, &quote);
        let Some(limit) = self.state.account.live.get(&id).map(|order| order.limit) else { return };
        let levels: Vec<_> = depth.crossing(side, limit).copied().collect();
        for level in levels {
            let left = self.state.account.live.get(&id).map_or(0, |order| order.unfilled);
            let lots = left.min(level.lots);
            if lots == 0 {
                return;
            }
            if let Some(book) = self.state.books.get_mut(&product.id) {
                book.take(side, &level, lots);
            }
            for piece in self.pieces(product, lots) {
                self.record_fill(id, product, piece, limit, Role::Maker);
            }
        }
    }

    /// Others trade: Poisson 0.2 × N a second, median 20 lots, either side; they eat the queue first.
    fn trade_queues(&mut self, product: &Product, depth: &Depth) {
        let speed = f64::from(self.state.clock.speed);
        let mean = TRADES_A_SECOND * speed * TICK_US as f64 / SECOND_US as f64;
        for _ in 0..self.flow(product).poisson(mean) {
            let side = if self.flow(product).chance(0.5) { Side::Buy } else { Side::Sell };
            let mut lots = self.flow(product).lots(20.0, 0.8);
            let best = match side {
                Side::Buy => depth.bids.first(),
                Side::Sell => depth.asks.first(),
            };
            let best = best.map(|level| level.price);
            for id in self.at_best(product.id, side, best) {
                lots = self.eat_queue(id, product, lots, best);
            }
        }
    }

    /// Own orders of a side that stand at the best price or in front of it, best first.
    fn at_best(&self, product_id: i64, side: Side, best: Option<i64>) -> Vec<i64> {
        let mut orders: Vec<&Order> = self
            .state
            .account
            .live
            .values()
            .filter(|order| {
                order.product_id == product_id
                    && order.state == OrderState::Open
                    && order.side == side
                    && self.is_let(order)
            })
            .filter(|order| best.is_none_or(|best| side.opposite().accepts(best, order.limit)))
            .collect();
        orders.sort_by_key(|order| (-side.sign() * order.limit, order.id));
        orders.into_iter().map(|order| order.id).collect()
    }

    fn eat_queue(&mut self, id: i64, product: &Product, lots: i64, best: Option<i64>) -> i64 {
        let Some(order) = self.state.account.live.get_mut(&id) else { return lots };
        if best != Some(order.limit) {
            order.queue_ahead = 0;
        }
        let passed = order.queue_ahead.min(lots);
        order.queue_ahead -= passed;
        let filled = (lots - passed).min(order.unfilled);
        let limit = order.limit;
        if filled > 0 {
            self.record_fill(id, product, filled, limit, Role::Maker);
        }
        lots - passed - filled
    }
}
