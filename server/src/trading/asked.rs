//! A request of a person on its way to the driver, and why it may come back without an answer.

use model::input::OperatorRequest;
use tokio::sync::oneshot;

use super::Accepted;

/// A request of an operator, and where its answer goes.
pub struct Asked {
    pub request: OperatorRequest,
    pub idempotency: Option<Idempotency>,
    pub reply: oneshot::Sender<Result<Accepted, RequestError>>,
}

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
