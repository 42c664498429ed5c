//! How a session's life folds.

use std::collections::{BTreeMap, BTreeSet};

use crate::configuration::Configuration;
use crate::decision::SessionDecision;
use crate::record::DecisionRecord;
use crate::session::{Entry, ExecutionMode, Exposure, Intent, Lifecycle, RuleState, Session};
use crate::state::{TradingState, day_of};

impl TradingState {
    pub(super) fn fold_session(&mut self, decision: &SessionDecision, record: &DecisionRecord) {
        if let SessionDecision::Starting { session_id, configuration, execution_mode, who } = decision {
            let session = started(session_id.clone(), configuration, *execution_mode, who, record);
            self.begin(session);
            return;
        }
        let Some(session) = self.session.as_mut() else { return };
        match decision {
            SessionDecision::RequestRefused { .. } | SessionDecision::Starting { .. } => {}
            SessionDecision::Recovering { .. } => {
                session.recovering = true;
                session.rules.trailing.restored = session.rules.trailing.active;
                session.rules.breaches.clear();
                session.rules.stale_since = None;
                session.needs_operator = None;
            }
            SessionDecision::LifecycleChanged { to, .. } => self.enter(*to, record),
            SessionDecision::IntentChanged { to, .. } => {
                session.intent = *to;
                session.drain &= *to != Intent::Run;
            }
            SessionDecision::ExposureChanged { to, evidence_at, .. } => {
                session.exposure = *to;
                session.exposure_read_at = evidence_at.or(session.exposure_read_at);
            }
            SessionDecision::HealthChanged { health, on, .. } => {
                if *on {
                    session.health.insert(*health);
                } else {
                    session.health.remove(health);
                }
            }
            SessionDecision::DrainRequested { .. } => session.drain = true,
            SessionDecision::OperatorNeeded { sentence } => session.needs_operator = Some(sentence.clone()),
            SessionDecision::Resolved { .. } => session.needs_operator = None,
            SessionDecision::Summarised(summary) => {
                session.summary = Some((**summary).clone());
                self.account.realized_today += summary.net;
                self.account.day = day_of(record.at);
            }
        }
    }

    /// A new session replaces the one that ended; books of instruments nobody holds are dropped.
    fn begin(&mut self, session: Session) {
        self.markets.clear();
        self.flatten = None;
        self.truth.known = None;
        self.truth.pending = None;
        self.truth.mismatches = 0;
        self.instruments = Default::default();
        self.sampled_at = None;
        self.session = Some(session);
    }

    fn enter(&mut self, to: Lifecycle, record: &DecisionRecord) {
        let Some(session) = self.session.as_mut() else { return };
        let spent = (record.at.0 - session.lifecycle_since.0) / 1_000_000;
        *session.seconds_by_lifecycle.entry(session.lifecycle.word().to_owned()).or_default() += spent;
        session.lifecycle = to;
        session.lifecycle_since = record.at;
        match to {
            Lifecycle::Running | Lifecycle::Paused => session.recovering = false,
            Lifecycle::Stopped => {
                session.ended_at = Some(record.at);
                session.latch = None;
                session.recovering = false;
                session.health.clear();
            }
            Lifecycle::Starting | Lifecycle::Exiting | Lifecycle::Panicking | Lifecycle::NeedsOperator => {}
        }
    }
}

fn started(
    id: crate::ids::SessionId,
    configuration: &Configuration,
    execution_mode: ExecutionMode,
    who: &str,
    record: &DecisionRecord,
) -> Session {
    Session {
        id,
        configuration_hash: configuration.hash(),
        configuration: configuration.clone(),
        execution_mode,
        correlation_id: record.correlation_id.clone(),
        started_at: record.at,
        started_by: who.to_owned(),
        intent: Intent::Run,
        lifecycle: Lifecycle::Starting,
        lifecycle_since: record.at,
        seconds_by_lifecycle: BTreeMap::new(),
        exposure: Exposure::Unknown,
        exposure_read_at: None,
        health: BTreeSet::new(),
        drain: false,
        recovering: false,
        legs: Vec::new(),
        entry: Entry::default(),
        orders: BTreeMap::new(),
        fills: Vec::new(),
        fill_ids: BTreeSet::new(),
        rules: RuleState::default(),
        exit: None,
        latch: None,
        needs_operator: None,
        max_favourable: None,
        max_adverse: None,
        summary: None,
        ended_at: None,
    }
}
