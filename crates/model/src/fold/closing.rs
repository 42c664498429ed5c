//! How closing folds: latches, closes, flat reads.

use std::collections::BTreeMap;

use crate::closing::{FlatReads, Flatten, Latch};
use crate::decision::ClosingDecision;
use crate::decision::closing::PanicScope;
use crate::record::DecisionRecord;
use crate::state::TradingState;

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
                    presses: 1,
                    pressed_at: record.at,
                    verified_flat_at: None,
                };
                if let Some(slot) = self.latch_of(*scope, record) {
                    *slot = Some(latch);
                }
            }
            ClosingDecision::PanicRepeated { scope, anew: true, .. } => self.press_again(*scope, record),
            ClosingDecision::PanicRepeated { scope, anew: false, .. } => {
                if let Some(latch) = self.latch_of(*scope, record).and_then(Option::as_mut) {
                    latch.pressed_at = record.at;
                }
            }
            ClosingDecision::PanicAcknowledged { .. } => {
                self.account.latch = None;
                self.account.sweep = None;
            }
            ClosingDecision::Started { id, panic, panic_id, of_account, who, products } => {
                let flatten = Flatten {
                    id: id.clone(),
                    panic: *panic,
                    panic_id: panic_id.clone(),
                    of_account: *of_account,
                    who: who.clone(),
                    correlation_id: record.correlation_id.clone(),
                    started_at: record.at,
                    products: products.clone(),
                    flat: None,
                    blocked: None,
                    restricted: BTreeMap::new(),
                    doubt: None,
                    verified_flat_at: None,
                    audited: None,
                    left: BTreeMap::new(),
                };
                if let Some(slot) = self.flatten_slot(record) {
                    *slot = Some(flatten);
                }
            }
            ClosingDecision::PositionFound { .. }
            | ClosingDecision::Blocked { .. }
            | ClosingDecision::Unblocked
            | ClosingDecision::Restricted { .. }
            | ClosingDecision::Doubted { .. }
            | ClosingDecision::ZeroExplained { .. }
            | ClosingDecision::FlatSeen { .. }
            | ClosingDecision::FlatRefuted { .. }
            | ClosingDecision::VerifiedFlat { .. }
            | ClosingDecision::Audited { .. }
            | ClosingDecision::Escalated { .. } => self.fold_progress(decision, record),
        }
    }

    fn fold_progress(&mut self, decision: &ClosingDecision, record: &DecisionRecord) {
        let of_account = record.session_id.is_none();
        let Some(flatten) = self.flatten_slot(record).and_then(Option::as_mut) else { return };
        match decision {
            ClosingDecision::PositionFound { symbol, closing, .. } => {
                flatten.products.entry(symbol.clone()).or_insert_with(|| closing.clone());
            }
            ClosingDecision::Blocked { code } => flatten.blocked = Some(code.clone()),
            ClosingDecision::Unblocked => flatten.blocked = None,
            ClosingDecision::Restricted { products } => flatten.restricted.clone_from(products),
            ClosingDecision::ZeroExplained { symbol, lots, .. } => {
                if let Some(closing) = flatten.products.get_mut(symbol) {
                    closing.gone = Some(*lots);
                }
            }
            ClosingDecision::Doubted { doubt } => flatten.doubt.clone_from(doubt),
            ClosingDecision::FlatSeen { reads, request, requested_at, .. } => {
                let first = flatten.flat.filter(|_| *reads > 1).map(|flat| flat.first_requested_at);
                flatten.flat = Some(FlatReads {
                    reads: *reads,
                    first_requested_at: first.unwrap_or(*requested_at),
                    last_request: *request,
                });
            }
            ClosingDecision::FlatRefuted { .. } => flatten.flat = None,
            ClosingDecision::VerifiedFlat { left, .. } => {
                flatten.verified_flat_at = Some(record.at);
                flatten.blocked = None;
                flatten.restricted.clear();
                flatten.doubt = None;
                flatten.left.clone_from(left);
                self.verify_latch(of_account, record);
            }
            ClosingDecision::Audited { flat, left } => {
                flatten.audited = Some(*flat);
                flatten.left.clone_from(left);
                if !flat && of_account {
                    self.press_again(PanicScope::Account, record);
                }
            }
            ClosingDecision::Escalated { .. } => flatten.panic = true,
            ClosingDecision::PanicLatched { .. }
            | ClosingDecision::PanicRepeated { .. }
            | ClosingDecision::Started { .. }
            | ClosingDecision::PanicAcknowledged { .. } => {}
        }
    }

    /// The account's latch is verified with its sweep; a latch of an ended session is spent.
    fn verify_latch(&mut self, of_account: bool, record: &DecisionRecord) {
        if of_account {
            if let Some(latch) = self.account.latch.as_mut() {
                latch.verified_flat_at = Some(record.at);
            }
        } else if let Some(session) = self.session_of(record).filter(|session| session.is_over()) {
            session.latch = None;
        }
    }

    /// The venue is looked at anew under the same latch.
    fn press_again(&mut self, scope: PanicScope, record: &DecisionRecord) {
        if let Some(latch) = self.latch_of(scope, record).and_then(Option::as_mut) {
            latch.presses += 1;
            latch.pressed_at = record.at;
            latch.verified_flat_at = None;
        }
    }

    fn latch_of(&mut self, scope: PanicScope, record: &DecisionRecord) -> Option<&mut Option<Latch>> {
        match scope {
            PanicScope::Account => Some(&mut self.account.latch),
            PanicScope::Session => self.session_of(record).map(|session| &mut session.latch),
        }
    }

    /// Where the close stands that a record is about: a session's, or the account's sweep.
    pub(super) fn flatten_slot(&mut self, record: &DecisionRecord) -> Option<&mut Option<Flatten>> {
        match &record.session_id {
            None => Some(&mut self.account.sweep),
            Some(id) => {
                let round = self.sessions.get_mut(id)?.rounds.last_mut()?;
                Some(&mut round.flatten)
            }
        }
    }
}
