//! What a close needs to know of the venue, and when: at once after anything of ours moved, a second look to
//! verify, and again while what it shows does not fit. At most one read a round.

use model::decision::truth::TruthPurpose;
use model::{Micros, ProductId, Symbol};

use super::measure::Measure;
use super::{Closer, VERIFY_GAP};
use crate::said::{MILLISECOND, SECOND};
use crate::truth::need::{Need, fills_since, must_wait};

/// An open position that nothing is done about is read again after this long: the venue's list may lag.
const LOOK_AGAIN: i64 = SECOND;
/// The third look, ten seconds after it was verified.
pub(super) const AUDIT_AFTER: i64 = 10 * SECOND;
/// Reads of one product are at least so far apart.
const READ_GAP: i64 = 150 * MILLISECOND;

pub(crate) fn need(closer: &Closer<'_>) -> Option<Need> {
    if must_wait(closer.state, closer.now(), true) {
        return None;
    }
    if let Some(verified) = closer.flatten.verified_flat_at {
        let at = Micros(verified.0 + AUDIT_AFTER);
        let read = audited_read(closer, at);
        let due = closer.flatten.audited.is_none() && !read && at <= closer.now();
        // With fills: one that came late is how we learn that something of ours is on.
        return due.then(|| ask(closer, TruthPurpose::Audit, at, true));
    }
    unread(closer).or_else(|| verify(closer)).or_else(|| again(closer))
}

/// Whether the audit's read is there.
pub(super) fn audited_read(closer: &Closer<'_>, at: Micros) -> bool {
    let truth = &closer.state.account.truth;
    closer.symbols().all(|symbol| truth.position_since(symbol, at).is_some())
        && truth.open_orders_since(at).is_some()
}

/// Since when the account's own list counts: what it showed while sessions were closing is theirs.
pub(crate) fn list_since(closer: &Closer<'_>) -> Micros {
    let ended = closer.state.sessions.values().filter_map(|session| session.ended_at).max();
    ended.map_or(closer.began_at(), |ended| ended.max(closer.began_at()))
}

/// The account's own list, with everything else that is being closed.
pub(crate) fn list(closer: &Closer<'_>, since: Micros) -> Need {
    ask(closer, TruthPurpose::Close, since, false)
}

fn ask(closer: &Closer<'_>, purpose: TruthPurpose, since: Micros, fills: bool) -> Need {
    let products: Vec<(ProductId, Symbol)> = closer
        .symbols()
        .filter_map(|symbol| Some((closer.flatten.products.get(symbol)?.product_id, symbol.clone())))
        .collect();
    Need {
        purpose,
        since,
        products,
        fills_since: closer.session.filter(|_| fills).map(fills_since),
        account: closer.session.is_none(),
        correlation_id: closer.flatten.correlation_id.clone(),
    }
}

/// Something moved since it was read, and nothing is on its way there: look.
fn unread(closer: &Closer<'_>) -> Option<Need> {
    let moved = closer
        .symbols()
        .filter(|symbol| closer.in_flight(symbol).next().is_none())
        .filter(|symbol| closer.fresh(symbol).is_none())
        .map(|symbol| closer.moved_at(symbol))
        .max();
    let orders_since = closer.began_at();
    let orders = closer.state.account.truth.open_orders_since(orders_since).is_none();
    let since = moved.or_else(|| orders.then_some(orders_since))?;
    let last = closer.state.account.truth.latest.map(|mark| mark.requested_at.0 + READ_GAP);
    if last.is_some_and(|last| last > closer.now().0) {
        return None;
    }
    Some(ask(closer, TruthPurpose::Close, since, wants_fills(closer)))
}

/// One flat read is there; the second is due.
fn verify(closer: &Closer<'_>) -> Option<Need> {
    let flat = closer.flatten.flat?;
    let at = Micros(flat.first_requested_at.0 + VERIFY_GAP);
    (at <= closer.now()).then(|| ask(closer, TruthPurpose::Verify, at, wants_fills(closer)))
}

/// It is read and does not fit yet: a position that stays, a zero without an explanation, an order that still
/// shows.
fn again(closer: &Closer<'_>) -> Option<Need> {
    let truth = &closer.state.account.truth;
    let reads = closer.symbols().filter_map(|symbol| truth.position(symbol));
    let oldest = reads
        .map(|read| read.mark.requested_at)
        .chain(truth.open_orders.as_ref().map(|o| o.mark.requested_at));
    let at = Micros(oldest.min()?.0 + LOOK_AGAIN);
    (at <= closer.now()).then(|| ask(closer, TruthPurpose::Close, at, wants_fills(closer)))
}

/// Fills are read with it when our books and the venue's differ, when some did not reach us, and, for the summary,
/// when the venue has not said what it charged.
fn wants_fills(closer: &Closer<'_>) -> bool {
    let truth = &closer.state.account.truth;
    let missing = closer.orders().missing_fills().next().is_some();
    let differs = closer.symbols().any(|symbol| {
        let read = truth.position(symbol).filter(|read| read.mark.requested_at >= closer.flatten.started_at);
        read.is_some_and(|read| read.lots != closer.expected(symbol))
            || matches!(closer.measure(symbol), Measure::Contradicted(_))
    });
    let uncharged =
        closer.flatten.flat.is_some() && closer.session.is_some_and(|session| session.fills.awaits_charges());
    missing || differs || uncharged
}
