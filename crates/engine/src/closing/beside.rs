//! What a close may take where a stranger's lots stand beside ours in the same contract: reduce-only protects only the
//! sum, so a close that may still be carried out counts there as if it were.

use model::order::{Order, OrderStatus, Purpose};
use model::{Lots, Symbol};

use super::Closer;
use crate::lookups::SIGNATURE_LIFE;
use crate::said::since;

impl Closer<'_> {
    /// As much of `lots` as is surely ours: all of it unless a stranger's stand beside it. A panic of all closes both.
    pub fn sure(&self, symbol: &Symbol, lots: Lots) -> Lots {
        if self.session.is_none() || self.flatten.of_account {
            return lots;
        }
        let doubtful = self.doubtful(symbol);
        let theirs = (self.foreign(symbol) * lots.signum()).max(0);
        let beyond = if doubtful > 0 { self.beyond(symbol, lots) } else { 0 };
        if theirs == 0 && beyond == 0 && (doubtful == 0 || !self.awaits_trades(symbol)) {
            return lots;
        }
        let shown = self.fresh(symbol).map(|read| read.lots).filter(|on| on.signum() == lots.signum());
        let ours = shown.map_or(lots.abs(), |on| on.abs() - theirs.max(beyond));
        lots.signum() * (ours - doubtful).clamp(0, lots.abs())
    }

    /// Lots that closes may still take.
    fn doubtful(&self, symbol: &Symbol) -> Lots {
        self.unknown(symbol) + self.resting(symbol)
    }

    /// Of closes that rest though their end was told: the latest until a list shows it as gone, others while one shows
    /// them.
    fn resting(&self, symbol: &Symbol) -> Lots {
        let truth = &self.state.account.truth;
        let last = self.latest(symbol).filter(|order| !truth.shows_ended(order));
        let listed = truth.open_orders.iter().flat_map(|read| &read.own);
        let others = listed.filter(|open| open.reduce_only && &open.symbol == symbol).filter(|open| {
            let known = open.client_order_id.as_ref().and_then(|id| self.orders().get(id));
            let latest = last.map(|order| &order.request.client_order_id) == open.client_order_id.as_ref();
            !latest && known.is_some_and(|order| order.status.is_terminal())
        });
        others.map(|open| open.leaves_lots).sum::<Lots>() + last.map_or(0, Order::leaves_lots)
    }

    /// The latest attempt of this close in an instrument.
    fn latest(&self, symbol: &Symbol) -> Option<&Order> {
        let closing = self.flatten.products.get(symbol)?;
        self.orders().get(&self.name(closing, closing.attempts))
    }

    /// Of closes whose outcome is not known and that the latest read may not show: until no signature of them lives.
    fn unknown(&self, symbol: &Symbol) -> Lots {
        let read_at = self.fresh(symbol).map(|read| read.mark.requested_at);
        let closes = self.orders().live_in(symbol).filter(|order| order.request.purpose == Purpose::Close);
        closes
            .filter(|order| order.status == OrderStatus::Unknown)
            .filter(|order| read_at.is_none_or(|at| since(order.submitted_at, at) < SIGNATURE_LIFE))
            .map(|order| order.leaves_lots())
            .sum()
    }

    /// By how much more is on than our books know of.
    fn beyond(&self, symbol: &Symbol, lots: Lots) -> Lots {
        let beyond = self.fresh(symbol).map_or(0, |read| read.lots - self.expected(symbol));
        (beyond * lots.signum()).max(0)
    }

    /// What the venue shows has changed, and the list of trades that says by whom is still to come.
    fn awaits_trades(&self, symbol: &Symbol) -> bool {
        let changed = self.fresh(symbol).is_some_and(|read| read.lots != self.expected(symbol));
        changed && !self.has_read_trades(symbol) && self.state.account.truth.fills_failed_at.is_none()
    }
}
