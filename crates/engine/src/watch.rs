//! What is watched: the union of what running sessions trade and of what is being closed.

use std::collections::BTreeSet;

use model::decision::AccountDecision;
use model::{Stamp, Symbol, TradingState};

use crate::said::{Said, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let sessions = state.active().flat_map(|session| session.symbols());
    let sweep = state.account.sweep.iter().filter(|sweep| !sweep.is_verified());
    let closing = sweep.flat_map(|sweep| sweep.products.keys());
    let symbols: BTreeSet<Symbol> = sessions.chain(closing).cloned().collect();
    if symbols == state.watched {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, AccountDecision::Watching { symbols })]
}
