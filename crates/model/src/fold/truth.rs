//! How reads of the venue's truth fold. A failed read lowers nothing.

use crate::decision::TruthDecision;
use crate::record::DecisionRecord;
use crate::state::{KnownTruth, PendingTruth, TradingState};

impl TradingState {
    pub(super) fn fold_truth(&mut self, decision: &TruthDecision, record: &DecisionRecord) {
        let truth = &mut self.truth;
        match decision {
            TruthDecision::Requested { request, .. } => {
                truth.requests = *request;
                truth.pending = Some(PendingTruth { request: *request, at: record.at });
            }
            TruthDecision::Read {
                request,
                requested_at,
                positions,
                own_open_orders,
                orphans,
                foreign_open_orders,
                wallet_balance,
                ..
            } => {
                truth.pending = truth.pending.take().filter(|pending| pending.request > *request);
                truth.known = Some(KnownTruth {
                    request: *request,
                    requested_at: *requested_at,
                    read_at: record.at,
                    positions: positions.clone(),
                    own_open_orders: *own_open_orders,
                    orphans: orphans.clone(),
                    foreign_open_orders: *foreign_open_orders,
                });
                truth.unknown = None;
                truth.failed_at = None;
                if let Some(balance) = wallet_balance {
                    self.account.wallet = Some((*balance, record.at));
                }
                if let Some(session) = self.session.as_mut() {
                    session.exposure_read_at = Some(record.at);
                }
            }
            TruthDecision::Unknown { request, reason } => {
                truth.pending = truth.pending.take().filter(|pending| pending.request > *request);
                truth.unknown =
                    Some((truth.unknown.as_ref().map_or(record.at, |(since, _)| *since), reason.clone()));
                truth.failed_at = Some(record.at);
            }
            TruthDecision::Mismatched { reads, .. } => truth.mismatches = *reads,
            TruthDecision::Matched => truth.mismatches = 0,
        }
    }
}
