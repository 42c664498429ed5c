//! A close as it is shown: milestones, legs, attempts.

use super::{ClosingLegView, ClosingView, MilestoneView};
use crate::amount::Lots;
use crate::closing::{Closing, Flatten};
use crate::ids::Symbol;
use crate::order::Purpose;
use crate::orders::Orders;
use crate::restriction::Restriction;
use crate::session::Session;
use crate::state::TradingState;
use crate::tell::grouped;
use crate::witness::Doubt;

/// The close of a session, or (`None`) the account's sweep.
pub(super) fn closing_view(
    state: &TradingState,
    session: Option<&Session>,
    flatten: &Flatten,
) -> ClosingView {
    let truth = &state.account.truth;
    let read = |symbol: &Symbol| truth.position_since(symbol, flatten.started_at);
    let left = |symbol: &Symbol| match (read(symbol), session) {
        (Some(read), _) => Some(read.lots),
        (None, Some(session)) => Some(session.expected(symbol)),
        (None, None) => None,
    };
    let legs: Vec<ClosingLegView> = flatten
        .products
        .iter()
        .map(|(symbol, closing)| {
            let restriction = flatten.restricted.get(symbol).copied();
            leg_view(session, symbol, closing, left(symbol), restriction)
        })
        .collect();
    let read_at = flatten.products.keys().filter_map(read).map(|read| read.mark.read_at).min();
    ClosingView {
        panic: flatten.panic,
        panic_id: flatten.panic_id.clone(),
        started_at: flatten.started_at,
        who: flatten.who.clone(),
        correlation_id: flatten.correlation_id.to_string(),
        milestones: milestones(state, session, flatten, &legs),
        legs,
        read_at,
        blocked: flatten.blocked.as_ref().map(|code| code.words()),
        doubt: flatten.doubt.as_ref().map(Doubt::sentence),
        verified_flat_at: flatten.verified_flat_at,
    }
}

fn milestones(
    state: &TradingState,
    session: Option<&Session>,
    flatten: &Flatten,
    legs: &[ClosingLegView],
) -> Vec<MilestoneView> {
    let orders = session.map_or(&state.account.orders, |session| &session.orders);
    let entries = entries(orders);
    let flat = legs.iter().filter(|leg| leg.left == Some(0)).count();
    let reads = flatten.flat.map_or(0, |flat| flat.reads.min(2));
    let open = state.account.truth.open_orders_since(flatten.started_at);
    let own = open.map_or_else(|| "?".to_owned(), |read| own_orders(session, orders, &read.own).to_string());
    let milestone =
        |label: &str, done: bool, note: String| MilestoneView { label: label.to_owned(), done, note };
    let accepted = if flatten.panic { "latch on disk" } else { "decision on disk" };
    vec![
        milestone("Accepted", true, accepted.to_owned()),
        milestone("Entries canceled", entries == 0, format!("{entries} working")),
        milestone("All legs flat", flat == legs.len(), format!("{flat} of {}", legs.len())),
        milestone("Verified flat", flatten.is_verified(), format!("{reads} of 2 reads, {own} own orders")),
    ]
}

fn entries(orders: &Orders) -> usize {
    orders.live().filter(|order| order.request.purpose == Purpose::Entry).count()
}

/// Open orders by the venue's list that belong to this owner.
fn own_orders(session: Option<&Session>, orders: &Orders, listed: &[crate::input::OpenOrder]) -> usize {
    let mine = |open: &&crate::input::OpenOrder| {
        session.is_none() || open.client_order_id.as_ref().is_some_and(|id| orders.get(id).is_some())
    };
    listed.iter().filter(mine).count()
}

fn leg_view(
    session: Option<&Session>,
    symbol: &Symbol,
    closing: &Closing,
    left: Option<Lots>,
    restriction: Option<Restriction>,
) -> ClosingLegView {
    let holding = session.and_then(|session| session.ledger.holding(symbol));
    let side = holding.map(|holding| if closing.was < 0 { holding.bought } else { holding.sold });
    ClosingLegView {
        symbol: symbol.clone(),
        was: closing.was,
        left,
        attempts: closing.attempts,
        average_price: side.and_then(|side| side.average()),
        foreign: closing.foreign,
        sentence: sentence(left, closing, session.map(|session| session.expected(symbol)), restriction),
    }
}

/// `ours`: what is on by a session's own books.
fn sentence(
    left: Option<Lots>,
    closing: &Closing,
    ours: Option<Lots>,
    restriction: Option<Restriction>,
) -> String {
    let Some(left) = left else { return "not read yet".to_owned() };
    if left == 0 {
        return "flat".to_owned();
    }
    if let Some(restriction) = restriction {
        return format!("{} lots are on; {}", grouped(left), restriction.words());
    }
    if ours == Some(0) && closing.last.as_ref().is_none_or(|last| last.ended_at.is_some()) {
        return format!("nothing of ours; {} lots are somebody else's", grouped(left));
    }
    let verb = if left < 0 { "buy" } else { "sell" };
    let lots = grouped(left.abs());
    let Some(last) = &closing.last else { return format!("{lots} lots to {verb}") };
    let price = last.limit.map_or_else(|| "at market".to_owned(), |limit| format!("at {limit}"));
    let end = last.code.as_ref().map(|code| format!(": {}", code.words())).unwrap_or_default();
    format!("{verb} {lots} {price}, reduce only, attempt {}{end}", closing.attempts)
}
