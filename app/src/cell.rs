//! Cells: texts by key that islands read. The server writes them into the page and sends those that change over the
//! feed; in the browser they are signals that every island of the page shares.

#[cfg(not(feature = "hydrate"))]
use std::collections::BTreeMap;

use leptos::prelude::*;

/// All cells of a page, as the server paints them.
#[cfg(not(feature = "hydrate"))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(pub BTreeMap<String, String>);

#[cfg(feature = "hydrate")]
mod source {
    use std::cell::RefCell;

    use super::*;
    use crate::platform;

    thread_local! {
        static CELLS: RefCell<Vec<(String, Cell)>> = const { RefCell::new(Vec::new()) };
    }

    /// Takes over what the server painted; before the first island wakes.
    pub fn take_over() {
        platform::painted_cells(|key, text| set_cell(&key, text));
    }

    pub fn cell(key: &str) -> Cell {
        CELLS.with_borrow_mut(|cells| match cells.iter().find(|(known, _)| known == key) {
            Some((_, cell)) => cell.clone(),
            None => {
                let cell = Cell::default();
                cells.push((key.to_owned(), cell.clone()));
                cell
            }
        })
    }

    /// Wakes who reads it, if it changed.
    pub fn set_cell(key: &str, text: String) {
        let cell = cell(key);
        if cell.with_untracked(|known| *known != text) {
            cell.set(text);
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod source {
    use super::*;

    pub fn cell(key: &str) -> Cell {
        let painted = use_context::<Cells>().and_then(|cells| cells.0.get(key).cloned());
        Cell::new(painted.unwrap_or_default())
    }

    /// Nothing changes on the server.
    pub fn set_cell(_key: &str, _text: String) {}
}

#[cfg(feature = "hydrate")]
pub use source::take_over;
pub use source::{cell, set_cell};

/// One text that may change. The only kind of signal in the browser.
pub type Cell = ArcRwSignal<String>;

/// A cell of an island's own.
pub fn new_cell() -> Cell {
    Cell::default()
}

/// The first of several that says something; empty when none does.
pub fn first_of(keys: &[String]) -> String {
    keys.iter().map(|key| cell(key).get()).find(|text| !text.is_empty()).unwrap_or_default()
}
