//! Why the venue does not take an order.

use model::Decimal;
use model::order::{OrderRequest, Side, TimeInForce};
use model::restriction::Restriction;

use super::Venue;

impl Venue {
    /// Why the venue does not take an order.
    pub(super) fn refusal(&self, request: &OrderRequest) -> Option<&'static str> {
        let book = self.books.get(&request.symbol)?;
        let position = self.positions.get(&request.symbol).copied().unwrap_or(0);
        if request.reduce_only && position.signum() != -request.side.sign() {
            return Some("no_position_for_reduce_only");
        }
        if let Some(refusal) = self.restricted(request) {
            return Some(refusal);
        }
        if request.limit.is_some_and(|limit| limit < book.band().0 || limit > book.band().1) {
            return Some("price_out_of_band");
        }
        if self.overlaps(request) {
            return Some("overlapping_buy_sell_orders");
        }
        (request.limit.is_none() && book.best(request.side).is_none()).then_some("unsupported")
    }

    /// What an auction or a disruption refuses, and what may not trade on arrival.
    fn restricted(&self, request: &OrderRequest) -> Option<&'static str> {
        match (self.restrictions.of(&request.symbol), request.time_in_force) {
            (Some(Restriction::CancelOnly), _) => Some("trading_blocked"),
            (Some(Restriction::Maintenance), _) => Some("unavailable"),
            (Some(Restriction::PostOnly), TimeInForce::Ioc) => Some("unsupported"),
            (None, TimeInForce::PostOnly) => {
                let other = self.books.get(&request.symbol)?.best(request.side)?;
                let limit = request.limit?;
                let crosses = (limit - other) * Decimal::from(request.side.sign()) >= Decimal::ZERO;
                crosses.then_some("immediate_execution_post_only")
            }
            (
                Some(Restriction::PostOnly) | None,
                TimeInForce::Gtc | TimeInForce::PostOnly | TimeInForce::Ioc,
            ) => None,
        }
    }

    /// It would trade with an order of the same account: that one stands at the best price or before it.
    fn overlaps(&self, request: &OrderRequest) -> bool {
        let resting = self.orders.values().filter(|order| {
            !order.status.is_terminal()
                && order.request.symbol == request.symbol
                && order.request.side != request.side
        });
        resting.filter_map(|order| order.request.limit).any(|theirs| match (request.side, request.limit) {
            (Side::Buy, Some(limit)) => theirs <= limit,
            (Side::Sell, Some(limit)) => theirs >= limit,
            (_, None) => true,
        })
    }
}
