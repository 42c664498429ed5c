//! The fold: the one place where `TradingState` changes. Live running, restart, replay and tests share it.
//! It takes the record, not the bare decision, because what happened includes when, for which session, and under
//! which id. It keeps facts; what follows from them is for the judges to say.

mod account;
mod closing;
mod entry;
mod orders;
mod rules;
mod session;
mod truth;

#[cfg(test)]
mod tests;

use crate::decision::{Decision, MarketDecision};
use crate::market::MarketEvent;
use crate::record::DecisionRecord;
use crate::restriction::Restricted;
use crate::session::Session;
use crate::state::{LinkState, TradingState};

impl TradingState {
    /// Takes in one decision. Everything that happens goes through here.
    pub fn apply(&mut self, record: &DecisionRecord) {
        self.decided_at = Some(record.at);
        match &record.decision {
            Decision::Account(decision) => self.fold_account(decision, record),
            Decision::Market(decision) => self.fold_market(decision, record),
            Decision::Session(decision) => self.fold_session(decision, record),
            Decision::Entry(decision) => self.fold_entry(decision, record),
            Decision::Order(decision) => self.fold_order(decision, record),
            Decision::Truth(decision) => self.fold_truth(decision, record),
            Decision::Rules(decision) => self.fold_rules(decision, record),
            Decision::Closing(decision) => self.fold_closing(decision, record),
        }
    }

    /// Keeps a price in mind before anything was decided on it: `market.seen` writes it down as soon as something is,
    /// and folding it again changes nothing.
    pub fn hear(&mut self, event: &MarketEvent) {
        self.market_heard_at = self.market_heard_at.max(Some(event.at()));
        self.fold_event(event);
    }

    /// The session that a record belongs to.
    fn session_of(&mut self, record: &DecisionRecord) -> Option<&mut Session> {
        self.sessions.get_mut(record.session_id.as_ref()?)
    }

    fn fold_market(&mut self, decision: &MarketDecision, record: &DecisionRecord) {
        match decision {
            MarketDecision::Seen { events, heard_at } => {
                self.market_heard_at = self.market_heard_at.max(Some(*heard_at));
                events.iter().for_each(|event| self.hear(event));
            }
            MarketDecision::LinkChanged(change) => {
                let state = LinkState { up: change.up, since: record.at, code: change.code.clone() };
                self.links.insert(change.link, state);
            }
            MarketDecision::Restricted(now) => {
                self.restricted = Restricted { now: now.clone(), changed_at: Some(record.at) };
            }
        }
    }

    fn fold_event(&mut self, event: &MarketEvent) {
        match event {
            MarketEvent::Quote(quote) => {
                self.markets.entry(quote.symbol.clone()).or_default().quote = Some(quote.clone());
            }
            MarketEvent::Depth(depth) => {
                self.markets.entry(depth.symbol.clone()).or_default().depth = Some(depth.clone());
            }
            MarketEvent::Mark(mark) => {
                self.markets.entry(mark.symbol.clone()).or_default().mark = Some(mark.clone());
            }
            MarketEvent::Spot(spot) => {
                self.spot.insert(spot.underlying.clone(), spot.clone());
            }
        }
    }
}
