//! How entry folds.

use crate::decision::EntryDecision;
use crate::ids::{SessionId, Symbol};
use crate::record::DecisionRecord;
use crate::session::{Entry, Leg, Plan};
use crate::state::TradingState;

impl TradingState {
    pub(super) fn fold_entry(&mut self, decision: &EntryDecision, record: &DecisionRecord) {
        match decision {
            EntryDecision::InstrumentsRequested { underlying } => {
                let state = self.instruments.entry(underlying.clone()).or_default();
                state.requested_at = Some(record.at);
                state.failure = None;
            }
            EntryDecision::InstrumentsUnknown { underlying, code } => {
                self.instruments.entry(underlying.clone()).or_default().failure = Some(code.clone());
            }
            EntryDecision::StrikesChosen { legs, .. } => {
                if let Some(id) = &record.session_id {
                    self.lease(id, legs);
                }
                self.fold_entry_of_session(decision, record);
            }
            EntryDecision::Planned { .. }
            | EntryDecision::PlanExpired { .. }
            | EntryDecision::GateChanged { .. }
            | EntryDecision::Started { .. }
            | EntryDecision::Completed { .. }
            | EntryDecision::Withdrawn
            | EntryDecision::Failed { .. } => self.fold_entry_of_session(decision, record),
        }
    }

    /// The session holds these instruments, and no others any more.
    fn lease(&mut self, id: &SessionId, legs: &[Leg]) {
        self.account.leases.retain(|_, holder| holder != id);
        for leg in legs {
            self.account.leases.insert(leg.instrument.symbol.clone(), id.clone());
        }
    }

    /// The session holds nothing any more.
    pub(super) fn release(&mut self, id: &SessionId) {
        self.account.leases.retain(|_, holder| holder != id);
    }

    pub(super) fn lease_expected(&mut self, id: &SessionId, symbols: &[Symbol]) {
        for symbol in symbols {
            self.account.leases.insert(symbol.clone(), id.clone());
        }
    }

    fn fold_entry_of_session(&mut self, decision: &EntryDecision, record: &DecisionRecord) {
        let Some(round) = self.session_of(record).and_then(|session| session.rounds.last_mut()) else {
            return;
        };
        match decision {
            EntryDecision::StrikesChosen { legs, .. } => {
                round.legs.clone_from(legs);
                round.entry.chosen_at = Some(record.at);
                round.entry.plan = None;
            }
            EntryDecision::Planned { bids, credit, warnings } => {
                round.entry.plan = Some(Plan { credit: *credit, at: record.at, warnings: warnings.clone() });
                for (symbol, bid) in bids {
                    if let Some(leg) = round.legs.iter_mut().find(|leg| &leg.instrument.symbol == symbol) {
                        leg.plan_bid = Some(*bid);
                    }
                }
            }
            // The legs stay on show until others are chosen; without a plan nothing is entered.
            EntryDecision::PlanExpired { .. } => {
                round.entry = Entry { told_gate: round.entry.told_gate, ..Entry::default() };
            }
            EntryDecision::GateChanged { gate } => round.entry.told_gate = Some(*gate),
            EntryDecision::Started { .. } => round.entry.started_at = Some(record.at),
            EntryDecision::Completed { .. } => round.entry.completed_at = Some(record.at),
            // The next entry is a round of its own, so that its orders have names of their own.
            EntryDecision::Withdrawn => {
                let next = crate::session::Round {
                    number: round.number + 1,
                    legs: round.legs.clone(),
                    ..crate::session::Round::default()
                };
                if let Some(session) = self.session_of(record) {
                    session.rounds.push(next);
                }
            }
            EntryDecision::Failed { .. }
            | EntryDecision::InstrumentsRequested { .. }
            | EntryDecision::InstrumentsUnknown { .. } => {}
        }
    }
}
