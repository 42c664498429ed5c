//! Samples of a session's life.

use super::{after, call, lots, put, session_id, usd};
use crate::causes::{HealthCause, LifecycleCause, OperatorCause};
use crate::decision::SessionDecision;
use crate::input::ResolveChoice;
use crate::preset::presets;
use crate::refusal::{Asked, Refusal};
use crate::session::Summary;
use crate::words::{ExecutionMode, Exposure, Health, Intent, Lifecycle};

const USER: &str = "ada";

pub(super) fn samples() -> Vec<SessionDecision> {
    let mut samples = vec![
        SessionDecision::RequestRefused {
            who: USER.to_owned(),
            asked: Asked::Start,
            refusal: Refusal::ProductLeased { symbol: call(), holder: session_id() },
        },
        SessionDecision::Recovering {
            session_id: session_id(),
            symbols: vec![call(), put()],
            down_ms: 4_210,
        },
        SessionDecision::LifecycleChanged {
            from: Lifecycle::Starting,
            to: Lifecycle::Running,
            cause: LifecycleCause::Ready,
        },
        SessionDecision::DrainRequested { who: USER.to_owned() },
        SessionDecision::OperatorNeeded {
            cause: OperatorCause::Unexplained { ours: lots(-200, -200), venue: lots(-200, 0) },
        },
        SessionDecision::Resolved { who: USER.to_owned(), choice: ResolveChoice::Close },
        SessionDecision::Resolved { who: USER.to_owned(), choice: ResolveChoice::IgnoreForeign },
        SessionDecision::Quarantined { judge: "exits".to_owned() },
        SessionDecision::Summarised(Box::new(summary())),
        SessionDecision::Summarised(Box::new(Summary {
            cost_to_close: None,
            gross: None,
            net: None,
            assumed: usd(-640),
            slippage: None,
            without_price: [(call(), -200)].into(),
            ..summary()
        })),
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
        expected: vec![call(), put()],
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
            cause: HealthCause::Stale { age_ms: 15_100 },
        },
        SessionDecision::HealthChanged { health: Health::DataStale, on: false, cause: HealthCause::Fresh },
    ]
}

fn summary() -> Summary {
    // Fees have more than cents: what is told of them is rounded, not cut.
    let part = crate::Decimal::new(59, 4);
    Summary {
        credit: usd(12_100),
        cost_to_close: Some(usd(10_540)),
        gross: Some(usd(1_560) + part),
        fees: usd(435) + part,
        net: Some(usd(1_125)),
        assumed: usd(1_125),
        slippage: Some(usd(-85)),
        max_favourable: Some(usd(1_530)),
        max_adverse: Some(usd(-640)),
        without_price: [].into(),
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
        SessionDecision::Resolved { .. } => {
            "an operator said how to go on: close what is ours, or ignore what is not"
        }
        SessionDecision::Quarantined { .. } => "a mistake in the program, kept to one session",
        SessionDecision::Summarised(_) => "just before STOPPED, and again when a late fill changes it",
    }
}
