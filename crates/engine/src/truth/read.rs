//! What a read of the venue means: fills first, then orders that appear after all, then positions.

use std::collections::BTreeSet;

use model::decision::TruthDecision;
use model::input::{OpenOrder, Truth, TruthOutcome};
use model::order::{OrderSnapshot, OrderStatus};
use model::read::TruthPart;
use model::{Code, Stamp, TradingState};
use telemetry::CorrelationId;

use crate::fills::{self, Batch};
use crate::named::Named;
use crate::reports::news;
use crate::said::{Said, say, since};

pub(crate) fn facts(state: &TradingState, stamp: &Stamp, truth: Truth) -> Vec<Said> {
    let id = intent(state, stamp);
    let unknown = |part: TruthPart, code: Code| {
        let untold = state.account.truth.failures.due(part, &code, stamp.at);
        let (quiet, repeats) = (untold.is_none(), untold.unwrap_or_default());
        say(id, TruthDecision::Unknown { request: truth.request, part, code, quiet, repeats })
    };
    let known = match truth.outcome {
        TruthOutcome::Unknown { code } => return vec![unknown(TruthPart::All, code)],
        TruthOutcome::Known(known) => known,
    };
    let mut said = Vec::new();
    let mut batch = Batch::default();
    let count = known.fills.as_ref().map(|fills| u32::try_from(fills.len()).unwrap_or(u32::MAX));
    for fill in known.fills.into_iter().flatten() {
        said.extend(fills::book(state, stamp, fill, &mut batch));
    }
    let (own, foreign) = split(known.open_orders);
    for open in own.iter().flatten() {
        said.extend(appeared(state, stamp, open));
    }
    let read = TruthDecision::Read {
        request: truth.request,
        requested_at: truth.requested_at,
        positions: known.positions,
        own,
        foreign,
        account: known.account,
        fills: count,
        wallet_balance: known.wallet_balance,
        latency_us: since(truth.requested_at, stamp.at),
    };
    said.push(say(id, read));
    // Each product is read for itself: what fails for one reason is said once.
    let failures: BTreeSet<_> = known.failures.into_iter().collect();
    said.extend(failures.into_iter().map(|(part, code)| unknown(part, code)));
    said
}

/// Whose intent a read serves: a running close, else the tick.
fn intent<'a>(state: &'a TradingState, stamp: &'a Stamp) -> &'a CorrelationId {
    let closing = state.active().filter_map(|session| session.flatten());
    let closing = closing.chain(&state.account.sweep).find(|flatten| !flatten.is_verified());
    closing.map_or(&stamp.correlation_id, |flatten| &flatten.correlation_id)
}

/// Open orders that carry our ids, and those that do not.
fn split(listed: Option<Vec<OpenOrder>>) -> (Option<Vec<OpenOrder>>, Option<Vec<OpenOrder>>) {
    let Some(listed) = listed else { return (None, None) };
    let is_ours =
        |open: &OpenOrder| open.client_order_id.as_ref().is_some_and(|id| model::ids::is_ours(id.as_str()));
    let (own, foreign) = listed.into_iter().partition(is_ours);
    (Some(own), Some(foreign))
}

/// An order that was given up, or of which nothing has been heard, and the venue lists it: it is there.
fn appeared(state: &TradingState, stamp: &Stamp, open: &OpenOrder) -> Vec<Said> {
    let named = open.client_order_id.as_ref().and_then(|id| Named::find(state, id));
    let Some(named) = named.filter(|named| {
        matches!(named.order.status, OrderStatus::Expired | OrderStatus::Unknown | OrderStatus::PendingNew)
    }) else {
        return Vec::new();
    };
    let filled_lots = (named.order.request.lots - open.leaves_lots).max(0);
    let snapshot = OrderSnapshot {
        client_order_id: named.order.request.client_order_id.clone(),
        order_id: open.order_id.clone(),
        status: if filled_lots > 0 { OrderStatus::PartiallyFilled } else { OrderStatus::New },
        filled_lots,
        average_price: None,
        reason: None,
    };
    news(&named, stamp, snapshot)
}
