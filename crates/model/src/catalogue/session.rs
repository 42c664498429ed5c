//! Samples of a session's life.

use super::{after, call, put, session_id, usd};
use crate::decision::SessionDecision;
use crate::decision::session::Refusal;
use crate::preset::presets;
use crate::session::{ExecutionMode, Exposure, Health, Intent, Lifecycle, Summary};

const USER: &str = "ada";

pub(super) fn samples() -> Vec<SessionDecision> {
    let mut samples = vec![
        SessionDecision::RequestRefused {
            who: USER.to_owned(),
            action: "start".to_owned(),
            refusal: Refusal::SessionActive,
            sentence: "session s-01jf3k9x2m is active on this account; stop it first.".to_owned(),
        },
        SessionDecision::Recovering {
            session_id: session_id(),
            symbols: vec![call(), put()],
            down_ms: 4_210,
        },
        SessionDecision::LifecycleChanged {
            from: Lifecycle::Starting,
            to: Lifecycle::Running,
            why: "flat by the venue's word, quotes fresh, plan priced".to_owned(),
        },
        SessionDecision::DrainRequested { who: USER.to_owned() },
        SessionDecision::OperatorNeeded {
            sentence: "after the restart the venue's positions differ from our fills.".to_owned(),
        },
        SessionDecision::Resolved { who: USER.to_owned() },
        SessionDecision::Summarised(Box::new(summary())),
    ];
    samples.extend(starting());
    samples.extend(truths());
    samples
}

fn starting() -> Option<SessionDecision> {
    let first = presets().into_iter().next()?;
    Some(SessionDecision::Starting {
        session_id: session_id(),
        configuration: Box::new(first.configuration),
        execution_mode: ExecutionMode::Simulated,
        who: USER.to_owned(),
    })
}

/// Intent, exposure and health, each as it changes for the better and for the worse.
fn truths() -> [SessionDecision; 6] {
    [
        SessionDecision::IntentChanged { from: Intent::Run, to: Intent::Pause, who: Some(USER.to_owned()) },
        SessionDecision::IntentChanged { from: Intent::Run, to: Intent::Exit, who: None },
        SessionDecision::ExposureChanged {
            from: Exposure::Entering,
            to: Exposure::Open,
            evidence_at: Some(after(1_240)),
        },
        SessionDecision::ExposureChanged { from: Exposure::Open, to: Exposure::Unknown, evidence_at: None },
        SessionDecision::HealthChanged {
            health: Health::DataStale,
            on: true,
            why: "no fresh quotes or marks for fifteen seconds".to_owned(),
        },
        SessionDecision::HealthChanged {
            health: Health::DataStale,
            on: false,
            why: "quotes and marks are fresh again".to_owned(),
        },
    ]
}

fn summary() -> Summary {
    Summary {
        credit: usd(12_100),
        cost_to_close: usd(10_540),
        gross: usd(1_560),
        fees: usd(435),
        net: usd(1_125),
        slippage: Some(usd(-85)),
        max_favourable: Some(usd(1_530)),
        max_adverse: Some(usd(-640)),
        held_ms: 228_400,
        seconds_by_lifecycle: [("STARTING", 3), ("RUNNING", 230), ("EXITING", 4)]
            .map(|(word, seconds)| (word.to_owned(), seconds))
            .into(),
    }
}

pub(super) fn doc(decision: &SessionDecision) -> &'static str {
    match decision {
        SessionDecision::RequestRefused { .. } => "an operator asked for what the state does not allow",
        SessionDecision::Starting { .. } => "an operator started a session",
        SessionDecision::Recovering { .. } => "the process began and a session was alive in the journal",
        SessionDecision::LifecycleChanged { .. } => "what the engine is doing about the session changed",
        SessionDecision::IntentChanged { .. } => {
            "what is wanted of the session changed; an audit record when a user asked"
        }
        SessionDecision::ExposureChanged { .. } => "what the venue says is on changed, or became unknown",
        SessionDecision::HealthChanged { .. } => "a condition of the session's health began or ended",
        SessionDecision::DrainRequested { .. } => "an operator asked for no new entry and an end when flat",
        SessionDecision::OperatorNeeded { .. } => "the venue's books differ and nothing explains it",
        SessionDecision::Resolved { .. } => "an operator said: close what the venue shows",
        SessionDecision::Summarised(_) => "just before STOPPED",
    }
}
