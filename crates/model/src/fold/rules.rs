//! How rule evaluations fold: confirmations, the trailing floor, the decided exit.

use crate::decision::RulesDecision;
use crate::record::DecisionRecord;
use crate::rules::Rule;
use crate::session::{Breach, Exit, Session};
use crate::state::TradingState;
use crate::valuation::Valuation;
use crate::{ExitReason, Money};

impl TradingState {
    pub(super) fn fold_rules(&mut self, decision: &RulesDecision, record: &DecisionRecord) {
        let Some(session) = self.session_of(record) else { return };
        match decision {
            RulesDecision::CycleStarted => session.rules.sampled_at = Some(record.at),
            RulesDecision::CycleCompleted { .. } => {}
            RulesDecision::Evaluated { worth, readings } => {
                session.rules.readings.clone_from(readings);
                session.rules.evaluated_at = Some(record.at);
                session.rules.trailing.restored &= !worth.fresh;
                mark(session, worth);
            }
            RulesDecision::BreachCounted { rule, count, first_at, .. } => {
                let breach = Breach { first_at: *first_at, last_at: record.at, count: *count };
                session.rules.breaches.insert(*rule, breach);
            }
            RulesDecision::BreachCleared { rule, .. } => {
                session.rules.breaches.remove(rule);
            }
            RulesDecision::TrailingArmed { peak, floor, .. } => {
                session.rules.trailing.active = true;
                raise(session, *peak);
                session.rules.trailing.floor = Some(*floor);
            }
            RulesDecision::PeakRaised { peak, .. } => raise(session, *peak),
            RulesDecision::FloorRaised { floor, peak, .. } => {
                raise(session, *peak);
                session.rules.trailing.floor = Some(*floor);
            }
            RulesDecision::ExitDecided { reason, also_matched, who, executable, readings } => {
                if !readings.is_empty() {
                    session.rules.readings.clone_from(readings);
                }
                if let Some(worth) = executable.filter(|_| decided_by_worth(*reason)) {
                    session.ledger.marks.see(worth);
                }
                let exit = Exit {
                    reason: *reason,
                    also_matched: also_matched.clone(),
                    decided_at: record.at,
                    who: who.clone(),
                    correlation_id: record.correlation_id.clone(),
                    executable: *executable,
                    readings: readings.clone(),
                };
                decide(session, exit);
            }
        }
    }
}

/// A rule looks at every price, the steady evaluation at one a second: what a rule has decided on was seen as well, or
/// the best of a session would lie below the peak of its own floor.
fn raise(session: &mut Session, peak: Money) {
    session.rules.trailing.peak = Some(peak);
    session.ledger.marks.see(peak);
}

/// Other reasons are decided beside a worth, and it may never have been fresh.
fn decided_by_worth(reason: ExitReason) -> bool {
    matches!(reason, ExitReason::MaxProfit | ExitReason::MaxLoss | ExitReason::Trailing)
}

/// High-water marks, of the session and of each product.
fn mark(session: &mut Session, worth: &Valuation) {
    if session.fills.is_empty() || session.ledger.is_flat() {
        return;
    }
    session.ledger.last_loss_side = worth.loss_side();
    if let Some(executable) = worth.executable.filter(|_| worth.fresh) {
        session.ledger.marks.see(executable);
    }
    for leg in worth.legs.iter().filter(|leg| leg.fresh) {
        if let Some(executable) = leg.executable {
            session.ledger.mark(&leg.symbol, executable);
        }
    }
}

/// Irrevocable: the first decided exit of a round stays.
fn decide(session: &mut Session, exit: Exit) {
    if let Some(round) = session.rounds.last_mut().filter(|round| round.exit.is_none()) {
        round.exit = Some(exit);
    }
    session.rules.breaches.remove(&Rule::Trailing);
    session.rules.trailing.restored = false;
}
