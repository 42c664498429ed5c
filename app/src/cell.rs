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
        static CELLS: RefCell<Vec<(String, ArcRwSignal<String>)>> = const { RefCell::new(Vec::new()) };
    }

    /// Takes over what the server painted; before the first island wakes.
    pub fn take_over() {
        platform::painted_cells(|key, text| set_cell(&key, text));
    }

    pub fn cell(key: &str) -> ArcRwSignal<String> {
        CELLS.with_borrow_mut(|cells| match cells.iter().find(|(known, _)| known == key) {
            Some((_, cell)) => cell.clone(),
            None => {
                let cell = ArcRwSignal::default();
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

    pub fn cell(key: &str) -> ArcRwSignal<String> {
        let painted = use_context::<Cells>().and_then(|cells| cells.0.get(key).cloned());
        ArcRwSignal::new(painted.unwrap_or_default())
    }
}

pub use source::cell;
#[cfg(feature = "hydrate")]
pub use source::{set_cell, take_over};

/// The first of several that says something.
pub fn first_of(keys: &[String]) -> Signal<Option<String>> {
    let cells: Vec<_> = keys.iter().map(|key| cell(key)).collect();
    Signal::derive(move || cells.iter().map(|cell| cell.get()).find(|text| !text.is_empty()))
}
