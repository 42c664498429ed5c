//! How closing folds: latches, close attempts, flat reads.

use telemetry::Micros;

use crate::decision::ClosingDecision;
use crate::decision::closing::PanicScope;
use crate::order::{OrderRequest, Purpose};
use crate::record::DecisionRecord;
use crate::session::Latch;
use crate::state::{Flatten, TradingState};

/// Pause after a close attempt before the next, growing with the attempts: 100 ms doubled up to 2 s.
pub fn attempt_pause(attempts: u32) -> Micros {
    Micros((100_000_i64 << attempts.saturating_sub(1).min(5)).min(2_000_000))
}

impl TradingState {
    pub(super) fn fold_closing(&mut self, decision: &ClosingDecision, record: &DecisionRecord) {
        match decision {
            ClosingDecision::PanicLatched { scope, panic_id, who, reason } => {
                let latch = Latch {
                    panic_id: panic_id.clone(),
                    who: who.clone(),
                    reason: *reason,
                    at: record.at,
                    correlation_id: record.correlation_id.clone(),
                    verified_flat_at: None,
                };
                match scope {
                    PanicScope::Account => self.account.latch = Some(latch),
                    PanicScope::Session => {
                        if let Some(session) = self.session.as_mut() {
                            session.latch = Some(latch);
                        }
                    }
                }
            }
            ClosingDecision::Started { id, panic, panic_id, who, products } => {
                self.flatten = Some(Flatten {
                    id: id.clone(),
                    panic: *panic,
                    panic_id: panic_id.clone(),
                    who: who.clone(),
                    correlation_id: record.correlation_id.clone(),
                    started_at: record.at,
                    products: products.clone(),
                    flat_reads: 0,
                    first_flat_at: None,
                    last_flat_request: None,
                    blocked: None,
                    verified_flat_at: None,
                    audited: false,
                });
            }
            ClosingDecision::PanicAcknowledged { .. } => self.account.latch = None,
            ClosingDecision::PanicRepeated { .. } => {}
            ClosingDecision::Blocked { .. }
            | ClosingDecision::Unblocked
            | ClosingDecision::FlatSeen { .. }
            | ClosingDecision::FlatRefuted { .. }
            | ClosingDecision::VerifiedFlat { .. }
            | ClosingDecision::Audited { .. }
            | ClosingDecision::Escalated { .. } => self.fold_progress(decision, record),
        }
    }

    fn fold_progress(&mut self, decision: &ClosingDecision, record: &DecisionRecord) {
        let Some(flatten) = self.flatten.as_mut() else { return };
        match decision {
            ClosingDecision::Blocked { reason } => flatten.blocked = Some(reason.clone()),
            ClosingDecision::Unblocked => flatten.blocked = None,
            ClosingDecision::FlatSeen { reads, request } => {
                flatten.flat_reads = *reads;
                flatten.last_flat_request = Some(*request);
                if *reads == 1 {
                    flatten.first_flat_at = Some(record.at);
                }
            }
            ClosingDecision::FlatRefuted { .. } => {
                flatten.flat_reads = 0;
                flatten.first_flat_at = None;
            }
            ClosingDecision::VerifiedFlat { panic, .. } => {
                flatten.verified_flat_at = Some(record.at);
                flatten.blocked = None;
                if *panic && let Some(latch) = self.account.latch.as_mut() {
                    latch.verified_flat_at = Some(record.at);
                }
            }
            ClosingDecision::Audited { flat } => {
                flatten.audited = true;
                if !flat && let Some(latch) = self.account.latch.as_mut() {
                    latch.verified_flat_at = None;
                }
            }
            ClosingDecision::Escalated { .. } => flatten.panic = true,
            ClosingDecision::PanicLatched { .. }
            | ClosingDecision::PanicRepeated { .. }
            | ClosingDecision::Started { .. }
            | ClosingDecision::PanicAcknowledged { .. } => {}
        }
    }

    /// A submitted close order is an attempt of its product's closing.
    pub(super) fn count_attempt(&mut self, request: &OrderRequest, record: &DecisionRecord) {
        if request.purpose != Purpose::Close {
            return;
        }
        if let Some(closing) =
            self.flatten.as_mut().and_then(|flatten| flatten.products.get_mut(&request.symbol))
        {
            closing.attempts = request.attempt;
            closing.last_limit = request.limit;
            closing.next_at = Micros(record.at.0 + attempt_pause(request.attempt).0);
        }
    }
}
