//! Sentences about closing that take more than a line.

use std::collections::BTreeMap;

use crate::amount::Lots;
use crate::ids::Symbol;
use crate::restriction::Restriction;
use crate::tell::{grouped, positions};
use crate::witness::Doubt;

pub(super) fn restricted(products: &BTreeMap<Symbol, Restriction>) -> String {
    if products.is_empty() {
        return "The venue trades what is on as usual again: closing goes on at once.".to_owned();
    }
    let each = products.iter().map(|(symbol, restriction)| format!("{symbol}: {}", restriction.words()));
    format!("What is on cannot be closed as usual. {}.", each.collect::<Vec<_>>().join("; "))
}

pub(super) fn doubted(doubt: Option<&Doubt>) -> String {
    doubt.map_or_else(
        || "What kept the account from being called flat is explained.".to_owned(),
        |doubt| format!("The account is not called flat: {}. Closing goes on.", doubt.sentence()),
    )
}

pub(super) fn found(symbol: &Symbol, lots: Lots, by_fills: bool) -> String {
    let lots = grouped(lots);
    if by_fills {
        format!(
            "The account's fills leave {lots} {symbol} on, which its list of positions does not show: it is closed."
        )
    } else {
        format!("The account holds {lots} {symbol}, which is no session's: it is closed.")
    }
}

pub(super) fn seen(reads: u32, left: &BTreeMap<Symbol, Lots>, without_legs: bool) -> String {
    if without_legs {
        return format!("It chose no instrument, and no order of its own rests, read {reads} of 2.");
    }
    if left.is_empty() {
        return format!("The venue shows flat and no own order, read {reads} of 2.");
    }
    format!("Nothing of ours is on and no own order, read {reads} of 2; not ours: {}.", positions(left))
}

pub(super) fn verified(
    elapsed_ms: i64,
    attempts: u32,
    left: &BTreeMap<Symbol, Lots>,
    foreign_orders: u32,
) -> String {
    let (what, left) = if left.is_empty() {
        ("Verified flat", String::new())
    } else {
        ("Nothing of ours is on,", format!("; left on, not ours: {}", positions(left)))
    };
    let resting = match foreign_orders {
        0 => String::new(),
        1 => "; one order of somebody else rests there".to_owned(),
        several => format!("; {several} orders of somebody else rest there"),
    };
    let elapsed = grouped(elapsed_ms);
    format!(
        "{what} by two reads, {elapsed} ms after closing began, with {attempts} close orders{left}{resting}."
    )
}
