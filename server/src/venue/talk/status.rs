//! How products and the venue itself trade: auctions, disruptions and maintenance, as the price stream tells them.

use std::collections::{BTreeMap, BTreeSet};

use model::input::Input;
use model::restriction::{Restriction, Restrictions};
use model::{Micros, Symbol};

use super::{Effect, Talk};
use crate::venue::events::{PartHappening, StreamHappening};
use crate::venue::translate::StatusFrame;

/// The end of a disruption may have been told while the connection was away: what nobody has said for so long after that
/// is not held against the venue. An auction takes five to ten minutes.
const BELIEVED_FOR: i64 = 900_000_000;

/// Lists may be kept on their way for a minute: for so long after the stream spoke they say nothing, and so long theirs is
/// believed.
const LIST_AGE: i64 = 60_000_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Statuses {
    /// When the stream last spoke of it.
    heard: BTreeMap<Option<String>, Micros>,
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
    pub(super) fn status(&mut self, now: Micros, frame: StatusFrame) {
        self.statuses.heard.insert(frame.symbol.clone(), now);
        self.set_status(frame, None);
    }

    /// What a list says, unless the stream has spoken since it may have been made.
    pub(super) fn listed(&mut self, now: Micros, frame: StatusFrame) {
        let heard = self.statuses.heard.get(&frame.symbol);
        if heard.is_some_and(|heard| now.0 - heard.0 < LIST_AGE) {
            return;
        }
        // What the stream said on this connection stands until it says otherwise, or a list does.
        let told = self.statuses.disrupted.get(&frame.symbol).is_some_and(|known| known.until.is_none());
        let until = (!told).then_some(Micros(now.0 + LIST_AGE));
        self.set_status(frame, until);
    }

    fn set_status(&mut self, frame: StatusFrame, until: Option<Micros>) {
        let StatusFrame { symbol, status } = frame;
        let known = self.statuses.disrupted.get(&symbol).map(|disrupted| disrupted.status.clone());
        match &status {
            Some(status) => {
                let disrupted = Disrupted { status: status.clone(), until };
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
            let restrictions = self.restrictions();
            self.effects.push(Effect::Input(Input::Restrictions(restrictions)));
            self.effects.push(Effect::Disrupted(now));
        }
    }

    /// The same as the engine takes it: a word that nobody knows restricts nothing.
    fn restrictions(&self) -> Restrictions {
        let mut all = Restrictions::default();
        for (symbol, disrupted) in &self.statuses.disrupted {
            match (symbol, disrupted.status.as_str()) {
                (None, "maintenance") => all.venue = Some(Restriction::Maintenance),
                (Some(symbol), word) if self.concerns(Some(symbol)) => {
                    let restriction = match word {
                        "disrupted_cancel_only" => Restriction::CancelOnly,
                        "disrupted_post_only" => Restriction::PostOnly,
                        _unknown => continue,
                    };
                    all.products.insert(Symbol::from(symbol.as_str()), restriction);
                }
                (None | Some(_), _) => {}
            }
        }
        all
    }

    fn concerns(&self, symbol: Option<&str>) -> bool {
        symbol.is_none_or(|symbol| self.watched.iter().any(|watched| watched.as_str() == symbol))
    }
}
