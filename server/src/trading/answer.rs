//! The answer to an operator's request, read off what was decided. The driver makes it, because it is stored in the
//! same transaction as the decisions.

use std::sync::Arc;

use model::decision::{ClosingDecision, SessionDecision};
use model::input::OperatorAction;
use model::refusal::Refusal;
use model::{Decision, DecisionRecord, Stamp};
use serde_json::{Value, json};
use telemetry::Event as _;

/// Status and JSON body, as they go out and as a repeat gets them again.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub status: u16,
    pub body: Value,
}

impl Accepted {
    /// Nothing on disk holds it yet: a process that dies now has forgotten it. Of a refusal nothing need be held.
    #[must_use]
    pub fn not_durable(mut self) -> Self {
        let carried_out = self.status == 202;
        if let Some(body) = self.body.as_object_mut().filter(|_| carried_out) {
            body.insert("durable".to_owned(), json!(false));
            let message = if body.contains_key("panic_id") {
                "It is carried out, and neither the journal nor panic.latch could be written: should the server die \
                 before it is done, press again."
            } else {
                "It is carried out, and the journal could not be written: should the server die before it can be, ask \
                 again."
            };
            body.insert("message".to_owned(), json!(message));
        }
        self
    }

    /// The file `panic.latch` holds it, whatever the journal does.
    #[must_use]
    pub fn kept(mut self) -> Self {
        if let Some(body) = self.body.as_object_mut()
            && body.get("durable") == Some(&json!(false))
        {
            body.remove("durable");
            body.remove("message");
        }
        self
    }
}

/// What to answer to `action` after the engine decided `records`; `next_seq` is the number after them.
#[must_use]
pub fn answer(
    action: &OperatorAction,
    stamp: &Stamp,
    records: &[Arc<DecisionRecord>],
    next_seq: u64,
) -> Accepted {
    if let Some(refused) = records.iter().find_map(|record| refusal(record)) {
        return refused;
    }
    let seq = records.first().map_or(next_seq.saturating_sub(1), |record| record.seq);
    let mut body = json!({ "accepted_at": stamp.at, "seq": seq });
    match action {
        OperatorAction::Start { session_id, .. } => body["session_id"] = json!(session_id),
        OperatorAction::Panic { panic_id, .. } => {
            let standing =
                records.iter().find_map(|record| panic_of(record)).unwrap_or_else(|| json!(panic_id));
            body["panic_id"] = standing;
        }
        OperatorAction::Pause { .. }
        | OperatorAction::Resume { .. }
        | OperatorAction::Stop { .. }
        | OperatorAction::Drain { .. }
        | OperatorAction::Resolve { .. }
        | OperatorAction::Acknowledge { .. } => {}
    }
    Accepted { status: 202, body }
}

/// A repeated panic answers the id of the one that stands.
fn panic_of(record: &DecisionRecord) -> Option<Value> {
    match &record.decision {
        Decision::Closing(
            ClosingDecision::PanicLatched { panic_id, .. } | ClosingDecision::PanicRepeated { panic_id, .. },
        ) => Some(json!(panic_id)),
        Decision::Closing(_)
        | Decision::Account(_)
        | Decision::Market(_)
        | Decision::Session(_)
        | Decision::Entry(_)
        | Decision::Order(_)
        | Decision::Truth(_)
        | Decision::Rules(_) => None,
    }
}

fn refusal(record: &DecisionRecord) -> Option<Accepted> {
    let Decision::Session(SessionDecision::RequestRefused { refusal, .. }) = &record.decision else {
        return None;
    };
    let status = match refusal {
        Refusal::NoSuchSession => 404,
        Refusal::ProductLeased { .. }
        | Refusal::PanicLatched
        | Refusal::DayLimit { .. }
        | Refusal::NotRunning
        | Refusal::NotPaused
        | Refusal::AlreadyEnding
        | Refusal::Ended
        | Refusal::HealthBad { .. }
        | Refusal::ExposureUnknown
        | Refusal::NotLatched
        | Refusal::NotVerifiedFlat
        | Refusal::NothingToResolve
        | Refusal::Unexplained
        | Refusal::ModeUnavailable
        | Refusal::SimulatedUnavailable => 409,
    };
    let error = json!({
        "code": refusal.code(),
        "message": record.decision.message(),
        "correlation_id": record.correlation_id,
    });
    Some(Accepted { status, body: json!({ "error": error }) })
}
