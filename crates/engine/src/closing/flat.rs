//! Flat is believed from two consecutive reads at least 400 ms apart, each of every product by its number and of
//! the open orders, with nothing of ours moving between them. Anything else begins the count anew.

use std::collections::BTreeMap;

use model::closing::FlatReads;
use model::decision::ClosingDecision;
use model::decision::closing::Refutation;
use model::read::ReadMark;
use model::{Lots, Micros, Symbol};

use super::measure::{FILLS_PATIENCE, Measure};
use super::reads::list_since;
use super::{Closer, VERIFY_GAP};
use crate::lookups::SIGNATURE_LIFE;
use crate::said::{MILLISECOND, Said, since};
use crate::truth::witness;

/// The count of flat reads, one further, or back at nothing.
pub(super) fn count(closer: &Closer<'_>) -> Vec<Said> {
    let known = closer.flatten.flat;
    let Some(mark) = flat_read(closer) else {
        let refutation = known.and_then(|flat| refutation(closer, flat));
        return refutation.map(|why| closer.say(refuted(closer, why))).into_iter().collect();
    };
    if let Some(flat) = known {
        if let Some(why) = moved_since(closer, flat.first_requested_at) {
            return vec![closer.say(refuted(closer, why))];
        }
        let apart = since(flat.first_requested_at, mark.requested_at) >= VERIFY_GAP;
        if mark.request <= flat.last_request || !apart {
            return Vec::new();
        }
    }
    let reads = known.map_or(0, |flat| flat.reads) + 1;
    let (request, requested_at) = (mark.request, mark.requested_at);
    let seen = ClosingDecision::FlatSeen {
        reads,
        request,
        requested_at,
        left: left(closer),
        without_legs: is_without_legs(closer),
    };
    let mut said = vec![closer.say(seen)];
    if reads >= 2 {
        said.push(closer.say(verified(closer, reads)));
    }
    said
}

/// The read by which everything is flat, if there is one: all products by one request, and the orders with it.
fn flat_read(closer: &Closer<'_>) -> Option<ReadMark> {
    if closer.orders().working().next().is_some() {
        // An order whose outcome is not known may still fill: the end waits for its look-up.
        return None;
    }
    if awaits_fills(closer) {
        return None;
    }
    let truth = &closer.state.account.truth;
    let mut marks = Vec::new();
    for symbol in closer.symbols() {
        if !closer.measure(symbol).is_done() || streamed_open(closer, symbol).is_some() {
            return None;
        }
        marks.push(closer.fresh(symbol)?.mark);
    }
    let since = closer.symbols().map(|symbol| closer.moved_at(symbol)).max();
    let orders = truth.open_orders_since(since.unwrap_or(closer.began_at()))?;
    if orders.own.iter().any(|open| closer.is_own(open)) {
        return None;
    }
    let mark = marks.first().copied().unwrap_or(orders.mark);
    if closer.session.is_none() && may_still_land(closer, mark.requested_at) {
        return None;
    }
    if closer.session.is_none() && (!rest_is_flat(closer, mark.request) || witness::doubt(closer).is_some()) {
        return None;
    }
    let one = marks.iter().all(|other| other.request == mark.request) && orders.mark.request >= mark.request;
    one.then_some(mark)
}

/// Whether everything beside the sweep's own products is flat: no session runs, and the account's own list, by
/// this read or a later one, shows nothing that is not looked after by number.
fn rest_is_flat(closer: &Closer<'_>, request: u64) -> bool {
    let state = closer.state;
    let Some(read) = state.account.truth.account_since(list_since(closer)) else { return false };
    state.active().next().is_none()
        && read.mark.request >= request
        && read.positions.keys().all(|symbol| closer.flatten.products.contains_key(symbol))
}

/// Something speaks against it: a session runs, or the list shows what is not looked after by number. A list that is
/// merely missing says nothing.
fn rest_is_on(closer: &Closer<'_>) -> Option<Refutation> {
    let listed = closer.state.account.truth.account_since(list_since(closer));
    let mut rows = listed.into_iter().flat_map(|read| &read.positions);
    let unknown = rows.find(|(symbol, _)| !closer.flatten.products.contains_key(*symbol));
    let unknown =
        unknown.map(|(symbol, (_, lots))| Refutation::Listed { symbol: symbol.clone(), lots: *lots });
    let runs = closer.state.active().next().is_some();
    unknown.or_else(|| runs.then_some(Refutation::SessionRuns))
}

/// What a process before this one sent may still arrive while a signature of it lives, known to the journal or not:
/// what was seen before then is no end.
fn may_still_land(closer: &Closer<'_>, seen: Micros) -> bool {
    let boot = closer.state.boot.as_ref();
    boot.is_some_and(|boot| since(boot.at, seen) < SIGNATURE_LIFE)
}

/// What is on in its instruments and not ours.
fn left(closer: &Closer<'_>) -> BTreeMap<Symbol, Lots> {
    let of = |symbol: &Symbol| match closer.measure(symbol) {
        Measure::Left(lots) => Some((symbol.clone(), lots)),
        Measure::Unread | Measure::Flat | Measure::Open(_) | Measure::Contradicted(_) => None,
    };
    closer.symbols().filter_map(of).collect()
}

/// What orders report as filled and no fill has brought is waited for: without it the result is not known.
fn awaits_fills(closer: &Closer<'_>) -> bool {
    let mut missing = closer.orders().missing_fills();
    closer.session.is_some() && missing.any(|order| since(order.updated_at, closer.now()) < FILLS_PATIENCE)
}

/// What the private stream says later than the read, where that is not what is left.
fn streamed_open(closer: &Closer<'_>, symbol: &Symbol) -> Option<Lots> {
    let truth = &closer.state.account.truth;
    let read_at = truth.position(symbol).map(|read| read.mark.requested_at);
    let left = match closer.measure(symbol) {
        Measure::Left(lots) => lots,
        Measure::Unread | Measure::Flat | Measure::Open(_) | Measure::Contradicted(_) => {
            closer.foreign(symbol)
        }
    };
    let streamed = truth.streamed.get(symbol)?;
    (streamed.lots != left && read_at.is_none_or(|at| streamed.at > at)).then_some(streamed.lots)
}

/// What of ours moved since then, or why what was seen then does not count any more.
fn moved_since(closer: &Closer<'_>, at: Micros) -> Option<Refutation> {
    let moved = |symbol: &&Symbol| closer.orders().moved_in(symbol).is_some_and(|moved| moved > at);
    if let Some(symbol) = closer.symbols().find(moved) {
        return Some(Refutation::Moved { symbol: symbol.clone() });
    }
    let boot = closer.state.boot.as_ref();
    match closer.began_at() {
        began if began <= at => None,
        began if boot.is_some_and(|boot| boot.at >= began) => Some(Refutation::ProcessBegan),
        _pressed => Some(Refutation::PressedAgain),
    }
}

/// Something speaks against the flat reads that were counted: a position, an order, a movement. A read that is merely
/// old, or missing, does not.
fn refutation(closer: &Closer<'_>, flat: FlatReads) -> Option<Refutation> {
    shown_on(closer, flat)
        .or_else(|| own_orders(closer, flat))
        .or_else(|| moved_since(closer, flat.first_requested_at))
        .or_else(|| {
            let working = closer.orders().working().next()?;
            Some(Refutation::OrderWorks { symbol: working.request.symbol.clone() })
        })
        .or_else(|| closer.session.is_none().then(|| rest_is_on(closer)).flatten())
}

fn shown_on(closer: &Closer<'_>, flat: FlatReads) -> Option<Refutation> {
    let truth = &closer.state.account.truth;
    let of = |symbol: &Symbol| {
        let later = truth.position(symbol).filter(|read| read.mark.request > flat.last_request);
        let symbol = symbol.clone();
        match (later, closer.measure(&symbol)) {
            (Some(_), Measure::Contradicted(lots)) => Some(Refutation::Contradicted { symbol, lots }),
            (Some(read), Measure::Open(_) | Measure::Unread) if read.lots != 0 => {
                Some(Refutation::Shown { symbol, lots: read.lots })
            }
            // What is merely not read since then is no reason.
            (Some(_) | None, _) => {
                streamed_open(closer, &symbol).map(|lots| Refutation::Streamed { symbol, lots })
            }
        }
    };
    closer.symbols().find_map(of)
}

fn own_orders(closer: &Closer<'_>, flat: FlatReads) -> Option<Refutation> {
    let listed = closer.state.account.truth.open_orders.as_ref();
    let own =
        listed.filter(|read| read.mark.request > flat.last_request).into_iter().flat_map(|read| &read.own);
    let orders = u32::try_from(own.filter(|open| closer.is_own(open)).count()).unwrap_or(u32::MAX);
    (orders > 0).then_some(Refutation::OrdersRest { orders })
}

fn refuted(closer: &Closer<'_>, why: Refutation) -> ClosingDecision {
    let truth = &closer.state.account.truth;
    let read =
        |symbol: &Symbol| -> Option<(Symbol, Lots)> { Some((symbol.clone(), truth.position(symbol)?.lots)) };
    ClosingDecision::FlatRefuted {
        why: Some(why),
        venue: closer.symbols().filter_map(read).collect(),
        own_open_orders: truth
            .open_orders
            .as_ref()
            .map(|orders| u32::try_from(orders.own.len()).unwrap_or(u32::MAX)),
    }
}

fn verified(closer: &Closer<'_>, reads: u32) -> ClosingDecision {
    ClosingDecision::VerifiedFlat {
        panic_id: closer.flatten.panic_id.clone(),
        panic: closer.flatten.panic,
        reads,
        elapsed_ms: since(closer.flatten.started_at, closer.now()) / MILLISECOND,
        attempts: closer.flatten.attempts(),
        left: left(closer),
        foreign_orders: resting_orders(closer),
        without_legs: is_without_legs(closer),
    }
}

/// A session that never chose an instrument: there was no position to read.
fn is_without_legs(closer: &Closer<'_>) -> bool {
    closer.session.is_some() && closer.flatten.products.is_empty()
}

/// Orders of somebody else in what is being closed.
fn resting_orders(closer: &Closer<'_>) -> u32 {
    let listed = closer.state.account.truth.open_orders.iter().flat_map(|read| &read.foreign);
    let here = listed.filter(|open| closer.flatten.products.contains_key(&open.symbol));
    u32::try_from(here.count()).unwrap_or(u32::MAX)
}
