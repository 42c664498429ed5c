//! Orders that carry our ids and that the journal does not know, left by one that was lost or put back, or that it
//! holds for ended. Nobody here waits for them, so they are canceled wherever a read of the venue shows them.

use model::causes::CancelCause;
use model::decision::OrderDecision;
use model::input::OpenOrder;
use model::order::Order;
use model::{Stamp, TradingState};

use crate::lookups::cancel_pause;
use crate::named::Named;
use crate::said::{Said, say, since};

/// Orders of ours that rest at the venue and that nobody here waits for. A list that was asked for before the end of an
/// order says nothing of it.
pub(crate) fn orphans(state: &TradingState) -> impl Iterator<Item = &OpenOrder> {
    let read = state.account.truth.open_orders.as_ref();
    let own = read.into_iter().flat_map(|read| read.own.iter().map(|open| (open, read.mark.requested_at)));
    let orphans = own.filter(|(open, listed_at)| {
        let named = open.client_order_id.as_ref().map(|id| Named::find(state, id));
        let over = |order: &Order| order.status.is_terminal() && *listed_at >= order.updated_at;
        named.is_some_and(|named| named.is_none_or(|named| over(named.order)))
    });
    orphans.map(|(open, _)| open)
}

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let sweep = state.account.sweep.as_ref().filter(|sweep| !sweep.is_verified());
    let id = sweep.map_or(&stamp.correlation_id, |sweep| &sweep.correlation_id);
    let cancel = orphans(state).filter_map(|orphan| cancel(state, stamp, orphan, CancelCause::Orphan));
    cancel.map(|decision| say(id, decision)).collect()
}

/// Takes an order of the venue's list back, whose ever it is, unless that was asked for and no later list shows it, or
/// not long enough ago.
pub(crate) fn cancel(
    state: &TradingState,
    stamp: &Stamp,
    open: &OpenOrder,
    cause: CancelCause,
) -> Option<OrderDecision> {
    let truth = &state.account.truth;
    let listed_at = truth.open_orders.as_ref()?.mark.requested_at;
    let asked = truth.cancels.get(&open.order_id);
    let waits = asked.is_some_and(|asked| {
        asked.requested_at >= listed_at || since(asked.requested_at, stamp.at) < cancel_pause(asked.requests)
    });
    (!waits).then(|| OrderDecision::CancelRequested {
        // A stranger's name means nothing to us.
        client_order_id: open.client_order_id.clone().filter(|_| cause == CancelCause::Orphan),
        order_id: Some(open.order_id.clone()),
        product_id: open.product_id,
        symbol: open.symbol.clone(),
        request: asked.map_or(1, |asked| asked.requests + 1),
        cause,
    })
}
