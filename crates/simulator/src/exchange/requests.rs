//! What clients ask of the exchange: orders, cancellations, and what is to be published.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Channel, OrderAction, OrderReason};
use super::market::Underlying;
use super::market::book::Side;
use super::order::{CancelReason, Order, OrderKey, OrderRequest, OrderState, Reject};
use super::state::{Blank, Exchange, Thin};
use super::time::Micros;

impl Exchange {
    /// Accepts or refuses an order and matches it at once. The returned order is its state after that.
    ///
    /// # Errors
    /// The venue's reason; nothing was changed then.
    pub fn place(&mut self, now_us: Micros, request: &OrderRequest) -> Result<Order, Reject> {
        self.run_to(now_us);
        let product = self.product_by_id(request.product_id).ok_or(Reject::InvalidContract)?;
        let quote = self.quote(&product);
        let depth = self.matched_depth(&product, &quote);
        let order = self.accept(&product, &quote, &depth, request)?;
        let id = order.id;
        self.uncommitted = true;
        self.state.account.next_order_id += 1;
        self.state.account.live.insert(id, order);
        self.tell_order(id, OrderAction::Create, OrderReason::None);
        if self.state.account.live.get(&id).is_some_and(|order| order.state == OrderState::Open) {
            self.tell_wallet();
            self.match_arrival(id, &product, &depth);
        }
        self.state.account.order(&OrderKey::Id(id)).cloned().ok_or(Reject::OpenOrderNotFound)
    }

    /// Cancels a live order.
    ///
    /// # Errors
    /// [`Reject::OpenOrderNotFound`] when it is finished or was never there.
    pub fn cancel(&mut self, now_us: Micros, key: &OrderKey) -> Result<Order, Reject> {
        self.run_to(now_us);
        let order = self.state.account.order(key).filter(|order| order.is_live());
        let id = order.ok_or(Reject::OpenOrderNotFound)?.id;
        self.end_order(id, CancelReason::ByUser);
        self.state.account.order(&OrderKey::Id(id)).cloned().ok_or(Reject::OpenOrderNotFound)
    }

    /// Watches a channel for a symbol, or for a chain token such as `BTC-070122`.
    pub fn watch(&mut self, channel: Channel, token: &str) {
        self.watched.entry(channel).or_default().insert(token.to_owned());
        self.published.forget_products();
    }

    /// Replaces everything that is watched.
    pub fn set_watched(&mut self, watched: BTreeMap<Channel, BTreeSet<String>>) {
        if self.watched != watched {
            self.watched = watched;
            self.published.forget_products();
        }
    }

    /// From now on only orders that reduce a position are taken and filled, or all again. What rests and
    /// could open one waits.
    pub fn only_reducing(&mut self, only: bool) {
        self.only_reducing = only;
    }

    /// From now on, until `until_us`, the books whose symbol matches `pattern` show only this part of their lots.
    pub fn thin_books(&mut self, pattern: &str, share: f64, until_us: Micros) {
        self.thins.push(Thin { pattern: pattern.to_owned(), share, until_us });
    }

    /// Moves Bitcoin's index by so many percent from one moment to the next, as far as a chain can be built there.
    pub fn gap(&mut self, percent: f64) {
        self.state.segments[Underlying::Btc].course.gap(percent);
        self.uncommitted = true;
    }

    /// From now on, until `until_us`, the venue's clock is wrong by so much: signatures are judged by it, and whoever
    /// serves stamps by it. The market goes by the true time.
    pub fn set_clock_error(&mut self, by_us: Micros, until_us: Micros) {
        self.clock_error = (by_us, until_us);
    }

    /// Keeps one side of the books whose symbol matches `pattern` (with `*`) empty until `until_us`.
    pub fn blank_side(&mut self, pattern: &str, side: Side, until_us: Micros) {
        self.blanks.push(Blank { pattern: pattern.to_owned(), side, until_us });
    }
}
