//! Keeps what the exchange became, and what holds while that fails: nothing is refused that reduces risk, and
//! nothing is taken that could open any and would be forgotten by a crash.

use std::io;

use serde_json::json;

use super::store::Store;
use crate::exchange::Exchange;
use crate::exchange::event::{Level, Telling};
use crate::exchange::time::{Micros, SECOND_US};

/// How soon saving is tried again after it failed.
const RETRY_US: Micros = SECOND_US / 2;

/// The store of a venue, if it has one, and how it fares.
pub(crate) struct Keeper {
    store: Option<Store>,
    /// Told once, and again when it works.
    failing: bool,
    retry_us: Micros,
}

impl Keeper {
    pub fn new(store: Option<Store>) -> Keeper {
        Keeper { store, failing: false, retry_us: 0 }
    }

    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// True if what is done next could turn out not to be saved.
    pub fn may_fail(&self) -> bool {
        self.store.is_some() && !self.failing
    }

    /// Saves what is not saved yet. While that fails the exchange lets risk only be reduced; the note is on
    /// a change between the two.
    pub fn keep(&mut self, exchange: &mut Exchange, now_us: Micros) -> Option<Telling> {
        if !(exchange.uncommitted || self.failing) || (self.failing && now_us < self.retry_us) {
            return None;
        }
        let outcome = match &mut self.store {
            Some(store) => store.save(exchange),
            None => Ok(()),
        };
        exchange.uncommitted = outcome.is_err();
        exchange.only_reducing(outcome.is_err());
        self.retry_us = now_us + RETRY_US;
        let failed = outcome.is_err();
        if std::mem::replace(&mut self.failing, failed) == failed {
            return None;
        }
        Some(note(outcome))
    }
}

fn note(outcome: io::Result<()>) -> Telling {
    let failing = outcome.is_err();
    let (level, message) = match outcome {
        Ok(()) => (Level::Info, "the simulator's state is saved again".to_owned()),
        Err(error) => (
            Level::Error,
            format!(
                "the simulator's state cannot be saved, so that only cancellations and reduce-only orders \
                 are carried out, and a crash would forget them: {error}"
            ),
        ),
    };
    let name = "simulator.state_saving_changed";
    Telling { name, level, message, payload: json!({ "failing": failing }) }
}
