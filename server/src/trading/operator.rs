//! The operator's handle: asks the driver and waits until what was decided is durable.

use model::input::{OperatorAction, OperatorRequest};
use telemetry::CorrelationId;
use tokio::sync::oneshot;

use super::Accepted;
use super::inbox::{Asked, Inbox};

/// The key under which a request was made, so that a repeat gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    pub username: String,
    pub key: String,
    pub request_hash: String,
}

/// Why a request has no answer of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("too many requests wait")]
    Busy,
    #[error("the journal cannot be written, so nothing can be promised")]
    NotDurable,
    #[error("trading has stopped or is starting again")]
    Stopped,
}

/// Handle for requests of people; cheap to clone.
#[derive(Clone)]
pub struct Operator {
    inbox: Inbox,
}

impl Operator {
    #[must_use]
    pub fn new(inbox: Inbox) -> Self {
        Self { inbox }
    }

    /// Asks and waits. The answer comes after the decisions are on disk; a panic's also when they cannot be put
    /// there, because closing never waits for a logbook.
    pub async fn ask(
        &self,
        who: &str,
        correlation_id: CorrelationId,
        action: OperatorAction,
        idempotency: Option<Idempotency>,
    ) -> Result<Accepted, RequestError> {
        let (reply, answered) = oneshot::channel();
        let request = OperatorRequest { who: who.to_owned(), correlation_id, action };
        self.inbox.ask(Box::new(Asked { request, idempotency, reply })).map_err(|_| RequestError::Busy)?;
        answered.await.unwrap_or(Err(RequestError::Stopped))
    }
}
