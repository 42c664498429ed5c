//! Orders that carry our ids and that the journal does not know: left by a journal that was lost or put back.
//! Nobody here can say what they were for, so they are canceled wherever a read of the venue shows them.

use model::decision::OrderDecision;
use model::{Stamp, TradingState};

use crate::verdict::{Verdict, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(known) = &state.truth.known else { return Vec::new() };
    let closing = state.flatten.as_ref().filter(|flatten| flatten.verified_flat_at.is_none());
    let id = closing.map_or(&stamp.correlation_id, |flatten| &flatten.correlation_id);
    let cancel = known.orphans.iter().filter_map(|orphan| {
        Some(OrderDecision::CancelRequested {
            client_order_id: orphan.client_order_id.clone()?,
            order_id: Some(orphan.order_id.clone()),
            product_id: orphan.product_id,
            symbol: orphan.symbol.clone(),
            why: "it carries our id and the journal does not know it".to_owned(),
        })
    });
    cancel.map(|decision| say(id, decision)).collect()
}
