//! How entry folds.

use crate::decision::EntryDecision;
use crate::record::DecisionRecord;
use crate::state::TradingState;

impl TradingState {
    pub(super) fn fold_entry(&mut self, decision: &EntryDecision, record: &DecisionRecord) {
        match decision {
            EntryDecision::InstrumentsRequested { .. } => {
                self.instruments.requested_at = Some(record.at);
                self.instruments.failure = None;
            }
            EntryDecision::InstrumentsUnknown { reason } => self.instruments.failure = Some(reason.clone()),
            EntryDecision::StrikesChosen { .. }
            | EntryDecision::Planned { .. }
            | EntryDecision::GateChanged { .. }
            | EntryDecision::Started { .. }
            | EntryDecision::Completed { .. }
            | EntryDecision::Failed { .. } => self.fold_entry_of_session(decision, record),
        }
    }

    fn fold_entry_of_session(&mut self, decision: &EntryDecision, record: &DecisionRecord) {
        let Some(session) = self.session.as_mut() else { return };
        match decision {
            EntryDecision::StrikesChosen { legs, .. } => session.legs.clone_from(legs),
            EntryDecision::Planned { bids, credit, .. } => {
                session.entry.plan_credit = Some(*credit);
                for (symbol, bid) in bids {
                    if let Some(leg) = session.legs.iter_mut().find(|leg| &leg.instrument.symbol == symbol) {
                        leg.plan_bid = *bid;
                    }
                }
            }
            EntryDecision::GateChanged { gate } => session.entry.told_gate = Some(gate.word().to_owned()),
            EntryDecision::Started { .. } => session.entry.started_at = Some(record.at),
            EntryDecision::Completed { .. } => session.entry.completed_at = Some(record.at),
            EntryDecision::Failed { .. }
            | EntryDecision::InstrumentsRequested { .. }
            | EntryDecision::InstrumentsUnknown { .. } => {}
        }
    }
}
