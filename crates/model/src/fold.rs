//! The fold: the one place where `TradingState` changes. Live running, restart, replay and tests share it.
//! It takes the record, not the bare decision, because what happened includes when and under which id.

mod closing;
mod entry;
mod orders;
mod rules;
mod session;
mod truth;

use crate::decision::{Decision, MarketDecision};
use crate::record::DecisionRecord;
use crate::state::{Boot, LinkState, TradingState};

impl TradingState {
    /// Takes in one decision. The only method that changes the state.
    pub fn apply(&mut self, record: &DecisionRecord) {
        match &record.decision {
            Decision::Market(decision) => self.fold_market(decision, record),
            Decision::Session(decision) => self.fold_session(decision, record),
            Decision::Entry(decision) => self.fold_entry(decision, record),
            Decision::Order(decision) => self.fold_order(decision, record),
            Decision::Truth(decision) => self.fold_truth(decision, record),
            Decision::Rules(decision) => self.fold_rules(decision, record),
            Decision::Closing(decision) => self.fold_closing(decision, record),
        }
    }

    fn fold_market(&mut self, decision: &MarketDecision, record: &DecisionRecord) {
        match decision {
            MarketDecision::QuoteAccepted(quote) => {
                self.markets.entry(quote.symbol.clone()).or_default().quote = Some(quote.clone());
                self.market_heard_at = Some(record.at);
            }
            MarketDecision::DepthAccepted(depth) => {
                self.markets.entry(depth.symbol.clone()).or_default().depth = Some(depth.clone());
                self.market_heard_at = Some(record.at);
            }
            MarketDecision::MarkAccepted(mark) => {
                self.markets.entry(mark.symbol.clone()).or_default().mark = Some(mark.clone());
                self.market_heard_at = Some(record.at);
            }
            MarketDecision::SpotAccepted(spot) => {
                self.spot.insert(spot.underlying.clone(), spot.clone());
                self.market_heard_at = Some(record.at);
            }
            MarketDecision::LinkChanged(change) => {
                let state = LinkState { up: change.up, since: record.at, reason: change.reason.clone() };
                self.links.insert(change.link, state);
            }
            MarketDecision::Booted { boot_id } => {
                self.boot = Some(Boot { boot_id: boot_id.clone(), at: record.at });
                // What the last process knew of links and running reads died with it.
                self.links.clear();
                self.truth.pending = None;
                self.instruments.requested_at = None;
            }
            MarketDecision::DayBegan { day } => {
                self.account.day = *day;
                self.account.realized_today = crate::Money::ZERO;
            }
        }
    }
}
