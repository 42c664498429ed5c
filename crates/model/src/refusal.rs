//! Requests of operators and why one is refused: a closed word with its numbers, and a sentence that says what is
//! in the way and what to do about it.

use serde::{Deserialize, Serialize};

use crate::amount::{Money, plain, signed};
use crate::ids::{SessionId, Symbol};
use crate::tell::listed;
use crate::words::Health;

/// What an operator asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    Start,
    Pause,
    Resume,
    Stop,
    Drain,
    Resolve,
    Panic,
    Acknowledge,
}

impl Asked {
    pub fn words(self) -> &'static str {
        match self {
            Asked::Start => "start",
            Asked::Pause => "pause",
            Asked::Resume => "resume",
            Asked::Stop => "stop",
            Asked::Drain => "drain",
            Asked::Resolve => "resolve",
            Asked::Panic => "panic",
            Asked::Acknowledge => "clear the latch",
        }
    }
}

/// Why a request was refused; the code goes to the wire as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    ProductLeased {
        symbol: Symbol,
        holder: SessionId,
    },
    PanicLatched,
    /// USD, the day's result and its limit.
    DayLimit {
        realized: Money,
        limit: Money,
    },
    NoSuchSession,
    NotRunning,
    NotPaused,
    /// The session is closing.
    AlreadyEnding,
    /// The session has stopped.
    Ended,
    HealthBad {
        health: Vec<Health>,
    },
    ExposureUnknown,
    NotLatched,
    NotVerifiedFlat,
    NothingToResolve,
    /// Somebody else's trades do not explain the difference.
    Unexplained,
    /// A live session on a simulated account.
    ModeUnavailable,
    /// A simulated session on a live account.
    SimulatedUnavailable,
}

impl Refusal {
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::ProductLeased { .. } => "PRODUCT_LEASED",
            Refusal::PanicLatched => "PANIC_LATCHED",
            Refusal::DayLimit { .. } => "DAY_LIMIT",
            Refusal::NoSuchSession => "NO_SUCH_SESSION",
            Refusal::NotRunning => "NOT_RUNNING",
            Refusal::NotPaused => "NOT_PAUSED",
            Refusal::AlreadyEnding | Refusal::Ended => "ALREADY_ENDING",
            Refusal::HealthBad { .. } => "HEALTH_BAD",
            Refusal::ExposureUnknown => "EXPOSURE_UNKNOWN",
            Refusal::NotLatched => "NOT_LATCHED",
            Refusal::NotVerifiedFlat => "NOT_VERIFIED_FLAT",
            Refusal::NothingToResolve => "NOTHING_TO_RESOLVE",
            Refusal::Unexplained => "UNEXPLAINED",
            Refusal::ModeUnavailable | Refusal::SimulatedUnavailable => "MODE_UNAVAILABLE",
        }
    }

    /// What is in the way and what to do about it.
    pub fn sentence(&self) -> String {
        match self {
            Refusal::ProductLeased { symbol, holder } => {
                format!("session {holder} holds {symbol}; stop it first, or choose other strikes.")
            }
            Refusal::PanicLatched => {
                "the panic latch is set; clear it with a reason once everything is verified flat.".to_owned()
            }
            Refusal::DayLimit { realized, limit } => format!(
                "the day's loss limit of {} is reached: {} today; it counts anew from 00:00 UTC.",
                plain(*limit),
                signed(*realized)
            ),
            Refusal::NoSuchSession => "no session of that id is known here.".to_owned(),
            Refusal::NotRunning => "only a running or paused session can drain.".to_owned(),
            Refusal::NotPaused => "only a paused session can resume.".to_owned(),
            Refusal::AlreadyEnding => "the session is closing; entries are shut already.".to_owned(),
            Refusal::Ended => "the session has stopped; start a new one.".to_owned(),
            Refusal::HealthBad { health } => format!(
                "health is {}; it must be well first.",
                listed(health.iter().map(|health| health.word()))
            ),
            Refusal::ExposureUnknown => "what is on at the venue is not known yet.".to_owned(),
            Refusal::NotLatched => "no panic latch is set.".to_owned(),
            Refusal::NotVerifiedFlat => "not everything is verified flat yet; closing goes on.".to_owned(),
            Refusal::NothingToResolve => "the session does not need an operator.".to_owned(),
            Refusal::Unexplained => {
                "nobody else's trades explain the difference; close what is ours instead.".to_owned()
            }
            Refusal::ModeUnavailable => {
                "this server works the simulated venue; a live session needs a server that is set \
                 to a real one (runbook: Going live)."
                    .to_owned()
            }
            Refusal::SimulatedUnavailable => {
                "this server works a live account; a simulated session needs a server of its \
                 own, with another data directory."
                    .to_owned()
            }
        }
    }
}
