//! Ids of browser batches that were committed in the last day, in memory: a repeat is recognised before it is written.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// `None` until they were read from the books.
#[derive(Default)]
pub(super) struct Seen {
    known: Mutex<Option<HashMap<String, i64>>>,
}

impl Seen {
    /// `None`: not known yet.
    pub fn has(&self, bid: &str) -> Option<bool> {
        self.lock().as_ref().map(|known| known.contains_key(bid))
    }

    pub fn is_known(&self) -> bool {
        self.lock().is_some()
    }

    /// Those of the books, beside those that were committed since.
    pub fn learn(&self, bids: impl IntoIterator<Item = (String, i64)>) {
        self.lock().get_or_insert_default().extend(bids);
    }

    pub fn forget_before(&self, at_us: i64) {
        if let Some(known) = self.lock().as_mut() {
            known.retain(|_, seen| *seen >= at_us);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<String, i64>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
