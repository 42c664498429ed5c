//! How products and the venue itself trade: auctions, disruptions and maintenance, as the price stream tells them.

use std::collections::{BTreeMap, BTreeSet};

use model::Micros;

use super::{Effect, Talk};
use crate::venue::events::{PartHappening, StreamHappening};
use crate::venue::translate::StatusFrame;

/// The end of a disruption may have been told while the connection was away: what nobody has said for so long after that
/// is not held against the venue. An auction takes five to ten minutes.
const BELIEVED_FOR: i64 = 900_000_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Statuses {
    /// What does not trade as usual, with the venue's word; without a symbol the venue.
    disrupted: BTreeMap<Option<String>, Disrupted>,
    /// As it was said last.
    said: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Disrupted {
    status: String,
    until: Option<Micros>,
}

impl Statuses {
    /// The connection was lost: the venue says itself how it is when we are back, and of products nothing.
    pub fn lost(&mut self, now: Micros) {
        for disrupted in self.disrupted.values_mut() {
            disrupted.until.get_or_insert(Micros(now.0 + BELIEVED_FOR));
        }
    }
}

impl Talk {
    pub(super) fn status(&mut self, frame: StatusFrame) {
        let StatusFrame { symbol, status } = frame;
        let known = self.statuses.disrupted.get(&symbol).map(|disrupted| disrupted.status.clone());
        match &status {
            Some(status) => {
                let disrupted = Disrupted { status: status.clone(), until: None };
                self.statuses.disrupted.insert(symbol.clone(), disrupted);
            }
            None => {
                self.statuses.disrupted.remove(&symbol);
            }
        }
        if known != status && self.concerns(symbol.as_deref()) {
            let told = PartHappening::Status { symbols: symbol.into_iter().collect(), status };
            self.tell(StreamHappening::Part(told));
        }
        self.say_disrupted();
    }

    pub(super) fn statuses_passed(&mut self, now: Micros) {
        let before = self.statuses.disrupted.len();
        self.statuses.disrupted.retain(|_, disrupted| disrupted.until.is_none_or(|until| now < until));
        if self.statuses.disrupted.len() != before {
            self.say_disrupted();
        }
    }

    /// Of what is watched, and of the venue.
    pub(super) fn say_disrupted(&mut self) {
        let disrupted = self.statuses.disrupted.iter();
        let now: BTreeSet<String> = disrupted
            .filter(|(symbol, _)| self.concerns(symbol.as_deref()))
            .map(|(symbol, disrupted)| {
                let what = symbol.as_deref().unwrap_or("the venue");
                format!("{what} ({})", disrupted.status)
            })
            .collect();
        if now != self.statuses.said {
            self.statuses.said.clone_from(&now);
            self.effects.push(Effect::Disrupted(now));
        }
    }

    fn concerns(&self, symbol: Option<&str>) -> bool {
        symbol.is_none_or(|symbol| self.watched.iter().any(|watched| watched.as_str() == symbol))
    }
}
