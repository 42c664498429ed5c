//! The venue's truth: what is asked for, what a read means, and how it compares with our own books. Everybody who
//! needs to know something says so; what is needed at one moment is asked for in one read that serves all.

pub(crate) mod need;
mod needs;
pub(crate) mod read;
pub(crate) mod reconcile;
pub(crate) mod witness;

use model::decision::TruthDecision;
use model::truth::{PendingTruth, READ_LIFE};
use model::{Stamp, TradingState};

use crate::said::{Said, say, since};
use need::Need;

/// Asks for what is needed and not on its way.
pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let needs = needs::all(state, stamp);
    let wanted: Vec<&Need> = needs.iter().filter(|need| !is_on_its_way(state, stamp, need)).collect();
    let Some(first) = wanted.iter().min_by_key(|need| need.purpose) else { return Vec::new() };
    let mut products: Vec<_> = wanted.iter().flat_map(|need| need.products.iter().cloned()).collect();
    products.sort();
    products.dedup();
    let requested = TruthDecision::Requested {
        request: state.account.truth.requests + 1,
        purpose: first.purpose,
        products,
        fills_since: wanted.iter().filter_map(|need| need.fills_since).min(),
        account: wanted.iter().any(|need| need.account),
    };
    vec![say(&first.correlation_id, requested)]
}

fn is_on_its_way(state: &TradingState, stamp: &Stamp, need: &Need) -> bool {
    let serves = |pending: &PendingTruth| {
        since(pending.at, stamp.at) < READ_LIFE.0
            && pending.at >= need.since
            && (pending.account || !need.account)
            && (pending.fills || need.fills_since.is_none())
            && need.products.iter().all(|(_, symbol)| pending.products.contains(symbol))
    };
    state.account.truth.pending.iter().any(serves)
}
