//! A panic of all is about the account, whatever the journal knows: everything that is on in options and belongs
//! to no running session is found, closed, and verified flat. Only then is the account called flat.

use std::collections::BTreeMap;

use model::closing::Closing;
use model::decision::ClosingDecision;
use model::{Lots, Micros, ProductId, Stamp, Symbol, TradingState};

use crate::closing::reads::{self, list_since};
use crate::closing::{self, Closer};
use crate::latch::close_id;
use crate::lookups;
use crate::said::{SECOND, Said, say};
use crate::truth::need::{Need, must_wait};
use crate::truth::witness;

/// The account's own list may lag by so much; it is asked again until it agrees.
const LIST_AGAIN: i64 = SECOND;

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    if let Some(said) = lookups::of_account(state, stamp) {
        return vec![said];
    }
    let Some(latch) = &state.account.latch else { return Vec::new() };
    let id = close_id(latch);
    let Some(closer) = Closer::of_account(state, stamp).filter(|closer| closer.flatten.id == id) else {
        if latch.verified_flat_at.is_some() {
            return Vec::new();
        }
        let started = ClosingDecision::Started {
            id,
            panic: true,
            panic_id: Some(latch.panic_id.clone()),
            of_account: true,
            who: Some(latch.who.clone()),
            products: remembered(state),
        };
        return vec![say(&latch.correlation_id, started)];
    };
    if closer.flatten.is_verified() {
        return closing::account_audit(&closer);
    }
    let found = [find, find_by_fills].iter().map(|find| find(&closer)).find(|found| !found.is_empty());
    if let Some(found) = found {
        return found;
    }
    closing::work(&closer)
}

/// Instruments of every session that is known: those of running ones are theirs until they have ended.
fn remembered(state: &TradingState) -> BTreeMap<Symbol, Closing> {
    let legs = state.sessions.values().flat_map(|session| session.legs());
    legs.enumerate()
        .map(|(index, leg)| {
            let instrument = &leg.instrument;
            (instrument.symbol.clone(), Closing::new(instrument.product_id, index, 0))
        })
        .collect()
}

/// Positions of the account's list that nobody closes yet.
fn find(closer: &Closer<'_>) -> Vec<Said> {
    let read = closer.state.account.truth.account_since(list_since(closer));
    read.map_or_else(Vec::new, |read| found(closer, &read.positions, false))
}

/// What the account's fills leave on and its list does not show.
fn find_by_fills(closer: &Closer<'_>) -> Vec<Said> {
    witness::known(closer).map_or_else(Vec::new, |read| found(closer, &read.net, true))
}

/// Of these, what no running session holds and what is not being closed yet.
fn found(closer: &Closer<'_>, on: &BTreeMap<Symbol, (ProductId, Lots)>, by_fills: bool) -> Vec<Said> {
    let unknown = on.iter().filter(|(symbol, _)| {
        !closer.state.account.leases.contains_key(*symbol) && !closer.flatten.products.contains_key(*symbol)
    });
    let first = next_leg(closer);
    unknown
        .enumerate()
        .map(|(index, (symbol, (product_id, lots)))| {
            let closing = Closing { foreign: true, ..Closing::new(*product_id, first + index, *lots) };
            closer.say(ClosingDecision::PositionFound { symbol: symbol.clone(), closing, by_fills })
        })
        .collect()
}

/// Positions without a session are numbered on.
fn next_leg(closer: &Closer<'_>) -> usize {
    closer.flatten.products.values().map(|closing| closing.leg + 1).max().unwrap_or(0)
}

/// The sweep that the latch asks for, while it is at work.
pub(crate) fn at_work<'a>(state: &'a TradingState, stamp: &'a Stamp) -> Option<Closer<'a>> {
    let latch = state.account.latch.as_ref()?;
    let closer = Closer::of_account(state, stamp)?;
    (closer.flatten.id == close_id(latch) && !closer.flatten.is_verified()).then_some(closer)
}

/// What the sweep needs to know: with every look of its close the account's own list; before there is anything to
/// close, that list alone.
pub(crate) fn need(state: &TradingState, stamp: &Stamp) -> Option<Need> {
    let closer = Closer::of_account(state, stamp)?;
    let latch = state.account.latch.as_ref()?;
    if closer.flatten.id != close_id(latch) {
        return None;
    }
    if let Some(need) = reads::need(&closer) {
        return Some(need);
    }
    if closer.flatten.is_verified() || must_wait(state, stamp.at, true) {
        return None;
    }
    let since = list_since(&closer);
    let read = state.account.truth.account_since(since);
    let since = read.map_or(since, |read| Micros(read.mark.requested_at.0 + LIST_AGAIN));
    (since <= stamp.at).then(|| reads::list(&closer, since))
}
