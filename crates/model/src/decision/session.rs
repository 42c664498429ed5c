//! A session's life: requests of operators, and its four truths as they change.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Source, Value};

use crate::amount::{plain, signed};
use crate::causes::{HealthCause, LifecycleCause, OperatorCause};
use crate::configuration::Configuration;
use crate::ids::{SessionId, Symbol};
use crate::input::ResolveChoice;
use crate::preset::display_name;
use crate::refusal::{Asked, Refusal};
use crate::session::Summary;
use crate::tell::{fields, grouped, said};
use crate::words::{ExecutionMode, Exposure, Health, Intent, Lifecycle};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionDecision {
    RequestRefused {
        who: String,
        asked: Asked,
        refusal: Refusal,
    },
    Starting {
        session_id: SessionId,
        configuration: Box<Configuration>,
        execution_mode: ExecutionMode,
        who: String,
        /// Instruments that it leases from the start on.
        expected: Vec<Symbol>,
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
        cause: LifecycleCause,
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
        cause: HealthCause,
    },
    DrainRequested {
        who: String,
    },
    OperatorNeeded {
        cause: OperatorCause,
    },
    Resolved {
        who: String,
        choice: ResolveChoice,
    },
    /// A judge failed on the session: it is set apart, so that nothing else stands still.
    Quarantined {
        judge: String,
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
            SessionDecision::Quarantined { .. } => "session.quarantined",
            SessionDecision::Summarised(_) => "session.summarised",
        }
    }

    fn level(&self) -> Level {
        match self {
            SessionDecision::RequestRefused { .. } | SessionDecision::Recovering { .. } => Level::Warn,
            SessionDecision::HealthChanged { on, .. } if *on => Level::Warn,
            SessionDecision::ExposureChanged { to: Exposure::Unknown, .. } => Level::Warn,
            SessionDecision::OperatorNeeded { .. } | SessionDecision::Quarantined { .. } => Level::Error,
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
            | SessionDecision::Quarantined { .. }
            | SessionDecision::Summarised(_) => Source::Backend,
        }
    }

    fn message(&self) -> String {
        match self {
            SessionDecision::RequestRefused { who, asked, refusal } => {
                format!("Refused {who}'s request to {}: {}", asked.words(), refusal.sentence())
            }
            SessionDecision::Starting { session_id, configuration, who, .. } => {
                format!("{who} started session {session_id} with {}.", display_name(&configuration.name))
            }
            SessionDecision::Recovering { session_id, down_ms, .. } => {
                format!("Session {session_id} is recovered after {} ms without a process.", grouped(*down_ms))
            }
            SessionDecision::LifecycleChanged { from, to, cause } => {
                format!(
                    "Lifecycle went from {} to {}: {}.",
                    said(from.word()),
                    said(to.word()),
                    cause.sentence()
                )
            }
            SessionDecision::IntentChanged { from, to, who: Some(who) } => {
                format!("{who} changed the intent from {} to {}.", said(from.word()), said(to.word()))
            }
            SessionDecision::IntentChanged { from, to, who: None } => {
                format!("The intent went from {} to {}, by rule.", said(from.word()), said(to.word()))
            }
            SessionDecision::ExposureChanged { from, to, .. } => {
                format!("Exposure went from {} to {}.", said(from.word()), said(to.word()))
            }
            SessionDecision::HealthChanged { health, on: true, cause } => {
                format!("Health: {}, {}.", said(health.word()), cause.sentence())
            }
            SessionDecision::HealthChanged { health, on: false, cause } => {
                format!("Health: {} is over, {}.", said(health.word()), cause.sentence())
            }
            SessionDecision::DrainRequested { who } => {
                format!("{who} asked to drain: no new entry, and stop when naturally flat.")
            }
            SessionDecision::OperatorNeeded { cause } => {
                format!("An operator is needed: {}", cause.sentence())
            }
            SessionDecision::Resolved { who, choice: ResolveChoice::Close } => {
                format!("{who} resolved the mismatch: close what is ours.")
            }
            SessionDecision::Resolved { who, choice: ResolveChoice::IgnoreForeign } => {
                format!("{who} resolved the mismatch: what differs is not ours.")
            }
            SessionDecision::Quarantined { judge } => {
                format!("The judge of {judge} failed on this session; it is set apart.")
            }
            SessionDecision::Summarised(summary) => match summary.net {
                Some(net) => {
                    format!("The session made {} net of {} fees.", signed(net), plain(summary.fees))
                }
                None => format!(
                    "What the session made is not known: a closing price is missing or in doubt; the day counts {}.",
                    signed(summary.assumed)
                ),
            },
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            SessionDecision::RequestRefused { who, asked, refusal } => fields()
                .put("user", who)
                .put("action", asked)
                .put("reason", refusal.code())
                .put("refusal", refusal)
                .map(),
            SessionDecision::Starting { configuration, who, expected, .. } => fields()
                .put("user", who)
                .put("configuration_hash", configuration.hash())
                .put("settings", configuration)
                .put("expected", expected)
                .map(),
            SessionDecision::Recovering { symbols, down_ms, .. } => {
                fields().put("down_ms", down_ms).put("symbols", symbols).map()
            }
            SessionDecision::LifecycleChanged { from, to, cause } => fields()
                .put("from", from)
                .put("to", to)
                .put("cause", cause)
                .put("why", cause.sentence())
                .map(),
            SessionDecision::IntentChanged { from, to, who } => {
                fields().put("from", from).put("to", to).put("user", who).map()
            }
            SessionDecision::ExposureChanged { from, to, evidence_at } => {
                fields().put("from", from).put("to", to).put("evidence_at", evidence_at).map()
            }
            SessionDecision::HealthChanged { health, on, cause } => {
                fields().put("health", health).put("on", on).put("cause", cause).map()
            }
            SessionDecision::DrainRequested { who } => fields().put("user", who).map(),
            SessionDecision::Resolved { who, choice } => {
                fields().put("user", who).put("choice", choice).map()
            }
            SessionDecision::OperatorNeeded { cause } => {
                fields().put("cause", cause).put("why", cause.sentence()).map()
            }
            SessionDecision::Quarantined { judge } => fields().put("judge", judge).map(),
            SessionDecision::Summarised(summary) => fields().merge(summary).map(),
        }
    }
}
