//! How rule evaluations fold: confirmations, the trailing floor, the decided exit.

use crate::decision::RulesDecision;
use crate::record::DecisionRecord;
use crate::rules::Rule;
use crate::session::{Breach, Exit, Session};
use crate::state::TradingState;

impl TradingState {
    pub(super) fn fold_rules(&mut self, decision: &RulesDecision, record: &DecisionRecord) {
        if matches!(decision, RulesDecision::CycleStarted { .. }) {
            self.sampled_at = Some(record.at);
        }
        let Some(session) = self.session.as_mut() else { return };
        match decision {
            RulesDecision::CycleStarted { .. } | RulesDecision::CycleCompleted { .. } => {}
            RulesDecision::Evaluated { worth, readings, .. } => {
                session.rules.readings.clone_from(readings);
                session.rules.evaluated_at = Some(record.at);
                session.rules.stale_since =
                    if worth.fresh { None } else { session.rules.stale_since.or(Some(record.at)) };
                session.rules.trailing.restored &= !worth.fresh;
                if let Some(executable) = worth.executable.filter(|_| worth.fresh) {
                    session.max_favourable =
                        Some(session.max_favourable.map_or(executable, |most| most.max(executable)));
                    session.max_adverse =
                        Some(session.max_adverse.map_or(executable, |least| least.min(executable)));
                }
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
                session.rules.trailing.peak = Some(*peak);
                session.rules.trailing.floor = Some(*floor);
            }
            RulesDecision::PeakRaised { peak, .. } => session.rules.trailing.peak = Some(*peak),
            RulesDecision::FloorRaised { floor, peak, .. } => {
                session.rules.trailing.peak = Some(*peak);
                session.rules.trailing.floor = Some(*floor);
            }
            RulesDecision::ExitDecided { reason, also_matched, who, executable, readings, .. } => {
                if !readings.is_empty() {
                    session.rules.readings.clone_from(readings);
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

/// Irrevocable: the first decided exit of a session stays.
fn decide(session: &mut Session, exit: Exit) {
    if session.exit.is_none() {
        session.exit = Some(exit);
    }
    session.rules.breaches.remove(&Rule::Trailing);
    session.rules.trailing.restored = false;
}
