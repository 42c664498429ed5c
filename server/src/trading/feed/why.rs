//! The "why" feed: decisions as sentences. Steady evaluations appear only when a verdict changes.

use std::collections::{BTreeMap, VecDeque};

use model::decision::RulesDecision;
use model::rules::{Rule, Verdict};
use model::view::WhyView;
use model::{Decision, DecisionRecord, SessionId};
use telemetry::{Event as _, Level};

const KEPT: usize = 200;

#[derive(Debug, Default)]
pub(super) struct Whys {
    latest: VecDeque<WhyView>,
    /// Of the latest evaluation of each session that is evaluated.
    verdicts: BTreeMap<Option<SessionId>, Vec<(Rule, Verdict)>>,
}

impl Whys {
    pub(super) fn add(&mut self, record: &DecisionRecord) {
        if !self.tells(record) {
            return;
        }
        self.latest.push_back(WhyView::of(record));
        if self.latest.len() > KEPT {
            self.latest.pop_front();
        }
    }

    pub(super) fn all(&self) -> Vec<WhyView> {
        self.latest.iter().cloned().collect()
    }

    fn tells(&mut self, record: &DecisionRecord) -> bool {
        if let Decision::Rules(decision) = &record.decision {
            match decision {
                RulesDecision::CycleStarted | RulesDecision::CycleCompleted { .. } => return false,
                RulesDecision::Evaluated { readings, .. } => {
                    let verdicts: Vec<_> =
                        readings.iter().map(|reading| (reading.rule, reading.verdict)).collect();
                    let before = self.verdicts.insert(record.session_id.clone(), verdicts.clone());
                    return before != Some(verdicts);
                }
                RulesDecision::ExitDecided { .. } => {
                    self.verdicts.remove(&record.session_id);
                }
                RulesDecision::BreachCounted { .. }
                | RulesDecision::BreachCleared { .. }
                | RulesDecision::TrailingArmed { .. }
                | RulesDecision::PeakRaised { .. }
                | RulesDecision::FloorRaised { .. } => {}
            }
        }
        record.decision.level() >= Level::Info
    }
}
