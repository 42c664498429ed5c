//! How closing folds: latches, close attempts, flat reads.

use telemetry::Micros;

use crate::decision::ClosingDecision;
use crate::decision::closing::PanicScope;
use crate::order::{OrderRequest, Purpose};
use crate::record::DecisionRecord;
use crate::session::Latch;
use crate::state::{Flatten, TradingState};

/// Pause after a close attempt before the next. An exit takes steps of a second; a panic begins at 100 ms and
/// doubles up to 2 s; after 30 s both go on with one round every 5 s, so that the venue's budget lasts.
fn attempt_pause(flatten: &Flatten, attempt: u32, now: Micros) -> Micros {
    if now.0 - flatten.started_at.0 > 30_000_000 {
        return Micros(5_000_000);
    }
    if !flatten.panic {
        return Micros(1_000_000);
    }
    Micros((100_000_i64 << attempt.saturating_sub(1).min(5)).min(2_000_000))
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
                if let Some(session) = self.session.as_mut().filter(|session| session.is_over()) {
                    session.latch = None;
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
        let Some(flatten) = self.flatten.as_mut() else { return };
        let pause = attempt_pause(flatten, request.attempt, record.at).0;
        if let Some(closing) = flatten.products.get_mut(&request.symbol) {
            closing.attempts = request.attempt;
            closing.last_limit = request.limit;
            closing.next_at = Micros(record.at.0 + pause);
        }
    }
}
