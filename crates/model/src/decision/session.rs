//! A session's life: requests of operators, and its four truths as they change.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Source, Value};

use crate::amount::signed;
use crate::configuration::Configuration;
use crate::ids::{SessionId, Symbol};
use crate::session::{ExecutionMode, Exposure, Health, Intent, Lifecycle, Summary};
use crate::tell::{fields, grouped};

/// Why a request was refused; the code goes to the wire as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    SessionActive,
    PanicLatched,
    NoSuchSession,
    NotRunning,
    NotPaused,
    AlreadyEnding,
    HealthBad,
    ExposureUnknown,
    NotLatched,
    NotVerifiedFlat,
    NothingToResolve,
    ModeUnavailable,
}

impl Refusal {
    pub fn code(self) -> &'static str {
        match self {
            Refusal::SessionActive => "SESSION_ACTIVE",
            Refusal::PanicLatched => "PANIC_LATCHED",
            Refusal::NoSuchSession => "NO_SUCH_SESSION",
            Refusal::NotRunning => "NOT_RUNNING",
            Refusal::NotPaused => "NOT_PAUSED",
            Refusal::AlreadyEnding => "ALREADY_ENDING",
            Refusal::HealthBad => "HEALTH_BAD",
            Refusal::ExposureUnknown => "EXPOSURE_UNKNOWN",
            Refusal::NotLatched => "NOT_LATCHED",
            Refusal::NotVerifiedFlat => "NOT_VERIFIED_FLAT",
            Refusal::NothingToResolve => "NOTHING_TO_RESOLVE",
            Refusal::ModeUnavailable => "MODE_UNAVAILABLE",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionDecision {
    RequestRefused {
        who: String,
        action: String,
        refusal: Refusal,
        sentence: String,
    },
    Starting {
        session_id: SessionId,
        configuration: Box<Configuration>,
        execution_mode: ExecutionMode,
        who: String,
    },
    /// The process died while the session lived; it comes back through STARTING.
    Recovering {
        session_id: SessionId,
        symbols: Vec<Symbol>,
        down_ms: i64,
    },
    LifecycleChanged {
        from: Lifecycle,
        to: Lifecycle,
        why: String,
    },
    IntentChanged {
        from: Intent,
        to: Intent,
        who: Option<String>,
    },
    ExposureChanged {
        from: Exposure,
        to: Exposure,
        evidence_at: Option<Micros>,
    },
    HealthChanged {
        health: Health,
        on: bool,
        why: String,
    },
    DrainRequested {
        who: String,
    },
    OperatorNeeded {
        sentence: String,
    },
    Resolved {
        who: String,
    },
    Summarised(Box<Summary>),
}

impl Event for SessionDecision {
    fn name(&self) -> &'static str {
        match self {
            SessionDecision::RequestRefused { .. } => "session.request_refused",
            SessionDecision::Starting { .. } => "session.starting",
            SessionDecision::Recovering { .. } => "session.recovering",
            SessionDecision::LifecycleChanged { .. } => "session.lifecycle_changed",
            SessionDecision::IntentChanged { .. } => "session.intent_changed",
            SessionDecision::ExposureChanged { .. } => "session.exposure_changed",
            SessionDecision::HealthChanged { .. } => "session.health_changed",
            SessionDecision::DrainRequested { .. } => "session.drain_requested",
            SessionDecision::OperatorNeeded { .. } => "session.operator_needed",
            SessionDecision::Resolved { .. } => "session.resolved",
            SessionDecision::Summarised(_) => "session.summarised",
        }
    }

    fn level(&self) -> Level {
        match self {
            SessionDecision::RequestRefused { .. } | SessionDecision::Recovering { .. } => Level::Warn,
            SessionDecision::HealthChanged { on, .. } if *on => Level::Warn,
            SessionDecision::ExposureChanged { to: Exposure::Unknown, .. } => Level::Warn,
            SessionDecision::OperatorNeeded { .. } => Level::Error,
            SessionDecision::Starting { .. }
            | SessionDecision::LifecycleChanged { .. }
            | SessionDecision::IntentChanged { .. }
            | SessionDecision::ExposureChanged { .. }
            | SessionDecision::HealthChanged { .. }
            | SessionDecision::DrainRequested { .. }
            | SessionDecision::Resolved { .. }
            | SessionDecision::Summarised(_) => Level::Info,
        }
    }

    fn source(&self) -> Source {
        match self {
            SessionDecision::RequestRefused { .. }
            | SessionDecision::Starting { .. }
            | SessionDecision::DrainRequested { .. }
            | SessionDecision::Resolved { .. } => Source::Audit,
            SessionDecision::IntentChanged { who: Some(_), .. } => Source::Audit,
            SessionDecision::IntentChanged { who: None, .. }
            | SessionDecision::Recovering { .. }
            | SessionDecision::LifecycleChanged { .. }
            | SessionDecision::ExposureChanged { .. }
            | SessionDecision::HealthChanged { .. }
            | SessionDecision::OperatorNeeded { .. }
            | SessionDecision::Summarised(_) => Source::Backend,
        }
    }

    fn message(&self) -> String {
        match self {
            SessionDecision::RequestRefused { who, action, sentence, .. } => {
                format!("Refused {who}'s request to {action}: {sentence}")
            }
            SessionDecision::Starting { session_id, configuration, who, .. } => {
                format!("{who} started session {session_id} with {}.", configuration.name)
            }
            SessionDecision::Recovering { session_id, down_ms, .. } => {
                format!("Session {session_id} is recovered after {} ms without a process.", grouped(*down_ms))
            }
            SessionDecision::LifecycleChanged { from, to, why } => format!("Lifecycle {from} → {to}: {why}."),
            SessionDecision::IntentChanged { from, to, who: Some(who) } => {
                format!("{who} changed intent {from} → {to}.")
            }
            SessionDecision::IntentChanged { from, to, who: None } => {
                format!("Intent {from} → {to}, by rule.")
            }
            SessionDecision::ExposureChanged { from, to, .. } => format!("Exposure {from} → {to}."),
            SessionDecision::HealthChanged { health, on: true, why } => format!("Health: {health}, {why}."),
            SessionDecision::HealthChanged { health, on: false, why } => {
                format!("Health: {health} is over, {why}.")
            }
            SessionDecision::DrainRequested { who } => {
                format!("{who} asked to drain: no new entry, and stop when naturally flat.")
            }
            SessionDecision::OperatorNeeded { sentence } => format!("An operator is needed: {sentence}"),
            SessionDecision::Resolved { who } => {
                format!("{who} resolved the mismatch: close what the venue shows.")
            }
            SessionDecision::Summarised(summary) => {
                format!("The session made {} net of {:.2} fees.", signed(summary.net), summary.fees)
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            SessionDecision::RequestRefused { who, action, refusal, .. } => {
                fields().put("user", who).put("action", action).put("reason", refusal).map()
            }
            SessionDecision::Starting { configuration, who, .. } => fields()
                .put("user", who)
                .put("configuration_hash", configuration.hash())
                .put("settings", configuration)
                .map(),
            SessionDecision::Recovering { symbols, down_ms, .. } => {
                fields().put("down_ms", down_ms).put("symbols", symbols).map()
            }
            SessionDecision::LifecycleChanged { from, to, why } => {
                fields().put("from", from).put("to", to).put("why", why).map()
            }
            SessionDecision::IntentChanged { from, to, who } => {
                fields().put("from", from).put("to", to).put("user", who).map()
            }
            SessionDecision::ExposureChanged { from, to, evidence_at } => {
                fields().put("from", from).put("to", to).put("evidence_at", evidence_at).map()
            }
            SessionDecision::HealthChanged { health, on, why } => {
                fields().put("health", health).put("on", on).put("why", why).map()
            }
            SessionDecision::DrainRequested { who } | SessionDecision::Resolved { who } => {
                fields().put("user", who).map()
            }
            SessionDecision::OperatorNeeded { sentence } => fields().put("why", sentence).map(),
            SessionDecision::Summarised(summary) => fields().merge(summary).map(),
        }
    }
}
