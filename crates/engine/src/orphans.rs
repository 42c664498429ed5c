//! Orders that carry our ids and that the journal does not know, left by one that was lost or put back, or that it
//! holds for ended. Nobody here waits for them, so they are canceled wherever a read of the venue shows them.

use model::causes::CancelCause;
use model::decision::OrderDecision;
use model::{Stamp, TradingState};

use crate::named::Named;
use crate::said::{Said, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let Some(read) = &state.account.truth.open_orders else { return Vec::new() };
    let sweep = state.account.sweep.as_ref().filter(|sweep| !sweep.is_verified());
    let id = sweep.map_or(&stamp.correlation_id, |sweep| &sweep.correlation_id);
    let unknown = read.own.iter().filter(|open| {
        let named = open.client_order_id.as_ref().map(|id| Named::find(state, id));
        named.is_some_and(|named| named.is_none_or(|named| named.order.status.is_terminal()))
    });
    let cancel = unknown.map(|orphan| OrderDecision::CancelRequested {
        client_order_id: orphan.client_order_id.clone(),
        order_id: Some(orphan.order_id.clone()),
        product_id: orphan.product_id,
        symbol: orphan.symbol.clone(),
        request: 1,
        cause: CancelCause::Orphan,
    });
    cancel.map(|decision| say(id, decision)).collect()
}
