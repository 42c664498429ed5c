//! How a session's life folds.

use std::collections::{BTreeMap, BTreeSet};

use crate::configuration::Configuration;
use crate::decision::SessionDecision;
use crate::fill::Fills;
use crate::ids::SessionId;
use crate::input::ResolveChoice;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::record::DecisionRecord;
use crate::session::{Foreign, Round, RuleState, Session, Summary, Unwatched};
use crate::state::{LIST_LAG, TradingState};
use crate::words::{ExecutionMode, Exposure, Intent, Lifecycle};
use telemetry::Micros;

/// Ended sessions that are kept in mind: late fills and a second look at the venue still find them.
const ENDED_KEPT: usize = 4;
/// Of those that ended so recently that the account's list of positions may still show them.
const RECENT_KEPT: usize = 32;
/// Times without a process that are kept in mind: what happened in an older one is known by now.
const UNWATCHED_KEPT: usize = 32;

impl TradingState {
    pub(super) fn fold_session(&mut self, decision: &SessionDecision, record: &DecisionRecord) {
        match decision {
            SessionDecision::Starting { session_id, configuration, execution_mode, who, expected } => {
                self.begin(started(session_id.clone(), configuration, *execution_mode, who, record));
                self.lease_expected(session_id, expected);
            }
            SessionDecision::LifecycleChanged { to, .. } => self.enter(*to, record),
            SessionDecision::Summarised(summary) => self.fold_summary(summary, record),
            SessionDecision::RequestRefused { .. } => {}
            SessionDecision::Recovering { .. }
            | SessionDecision::IntentChanged { .. }
            | SessionDecision::ExposureChanged { .. }
            | SessionDecision::HealthChanged { .. }
            | SessionDecision::DrainRequested { .. }
            | SessionDecision::OperatorNeeded { .. }
            | SessionDecision::Resolved { .. }
            | SessionDecision::Quarantined { .. } => {
                let earlier_offset_ms = self.clock.earlier_offset_ms;
                if let Some(session) = self.session_of(record) {
                    fold_own(session, decision, record, earlier_offset_ms);
                }
            }
        }
    }

    /// A new session; of those that ended only the latest are kept in mind.
    fn begin(&mut self, session: Session) {
        let mut ended: Vec<_> = self
            .sessions
            .values()
            .filter(|session| session.is_over())
            .map(|session| (session.ended_at, session.id.clone()))
            .collect();
        ended.sort();
        let surplus = (ended.len() + 1).saturating_sub(ENDED_KEPT);
        // One that the account's list may still show is needed to say whose that is, but not however many end.
        let listed = self.account.truth.account.as_ref().map(|read| read.mark.requested_at.0 - LIST_LAG.0);
        for (index, (ended_at, id)) in ended.into_iter().take(surplus).enumerate() {
            let shown = listed.is_some_and(|listed| ended_at.is_some_and(|at| at.0 > listed));
            if !shown || index + RECENT_KEPT < surplus {
                self.sessions.remove(&id);
            }
        }
        self.sessions.insert(session.id.clone(), session);
    }

    fn enter(&mut self, to: Lifecycle, record: &DecisionRecord) {
        let Some(session) = self.session_of(record) else { return };
        let spent = (record.at.0 - session.lifecycle_since.0) / 1_000_000;
        *session.seconds_by_lifecycle.entry(session.lifecycle.word().to_owned()).or_default() += spent;
        session.lifecycle = to;
        session.lifecycle_since = record.at;
        match to {
            Lifecycle::Running | Lifecycle::Paused => {
                session.recovering = false;
                session.needs_operator = None;
            }
            Lifecycle::Stopped => {
                session.ended_at = Some(record.at);
                session.latch = None;
                session.recovering = false;
                session.health.clear();
                let id = session.id.clone();
                self.release(&id);
            }
            Lifecycle::Starting | Lifecycle::Exiting | Lifecycle::Panicking | Lifecycle::NeedsOperator => {}
        }
    }

    /// The day counts a session once: what a late fill changes replaces what was counted.
    fn fold_summary(&mut self, summary: &Summary, record: &DecisionRecord) {
        let day = self.today(record.at);
        let ended_at = self.session_of(record).and_then(|session| session.ended_at);
        let today = ended_at.is_none_or(|at| self.today(at) == day);
        let Some(session) = self.session_of(record) else { return };
        let counted = session.summary.as_ref().filter(|_| today);
        let counted = counted.map_or(crate::Money::ZERO, |summary| summary.assumed);
        session.summary = Some(summary.clone());
        let made = &mut self.account.day;
        made.turn(day);
        made.realized = made.realized.saturating_add(summary.assumed).saturating_sub(counted);
    }
}

/// What changes in one session alone. `earlier_offset_ms`: how far the venue's clock was ahead of that of the process
/// before.
fn fold_own(
    session: &mut Session,
    decision: &SessionDecision,
    record: &DecisionRecord,
    earlier_offset_ms: i64,
) {
    match decision {
        SessionDecision::Recovering { down_ms, .. } => {
            session.recovering = true;
            session.unwatched.push(Unwatched {
                from: Micros(record.at.0 - down_ms * 1_000),
                until: record.at,
                from_offset_ms: earlier_offset_ms,
                until_offset_ms: None,
            });
            let surplus = session.unwatched.len().saturating_sub(UNWATCHED_KEPT);
            session.unwatched.drain(..surplus);
            session.rules.trailing.restored = session.rules.trailing.active;
            session.rules.breaches.clear();
            session.needs_operator = None;
            session.quarantined = None;
            session.mismatches = 0;
        }
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
        SessionDecision::OperatorNeeded { cause } => session.needs_operator = Some(cause.clone()),
        SessionDecision::Resolved { choice, .. } => {
            session.needs_operator = None;
            session.mismatches = 0;
            if *choice == ResolveChoice::IgnoreForeign {
                session.foreign.accepted.clone_from(&session.foreign.lots);
                session.foreign.unclaimed.clear();
                session.adopted = 0;
            }
        }
        SessionDecision::Quarantined { judge } => session.quarantined = Some(judge.clone()),
        SessionDecision::RequestRefused { .. }
        | SessionDecision::Starting { .. }
        | SessionDecision::LifecycleChanged { .. }
        | SessionDecision::Summarised(_) => {}
    }
}

fn started(
    id: SessionId,
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
        rounds: vec![Round { number: 1, ..Round::default() }],
        orders: Orders::default(),
        fills: Fills::default(),
        adopted: 0,
        contradicted: BTreeSet::new(),
        started_offset_ms: None,
        unwatched: Vec::new(),
        ledger: Ledger::default(),
        foreign: Foreign::default(),
        mismatches: 0,
        mismatched_read: 0,
        rules: RuleState::default(),
        latch: None,
        needs_operator: None,
        quarantined: None,
        summary: None,
        ended_at: None,
    }
}
