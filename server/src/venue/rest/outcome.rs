//! What one attempt came to: a result, a refusal, or something that cannot be believed.

use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use super::exchange::{NoReply, Reply};
use crate::venue::Cause;
use crate::venue::wire::{self, Form, Meta, NoResult, Refusal};

/// A 429 that does not say how long.
const RESET_UNKNOWN_MS: i64 = 1_000;

/// What came of one attempt.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    Done(T, Option<Meta>),
    /// The venue refused: nothing was done.
    Refused {
        status: u16,
        refusal: Refusal,
    },
    /// Refused for want of quota.
    Limited {
        wait_ms: u64,
    },
    /// Nothing has left.
    NotSent {
        cause: Cause,
        detail: Option<String>,
    },
    /// It may or may not have had its effect.
    Unknown {
        cause: Cause,
        detail: Option<String>,
    },
}

impl<T> Outcome<T> {
    /// What is made of a result; what nothing can be made of is no result.
    pub(super) fn understood<U>(self, understand: impl Fn(T) -> Result<U, String>) -> Outcome<U> {
        match self {
            Outcome::Done(result, meta) => match understand(result) {
                Ok(result) => Outcome::Done(result, meta),
                Err(why) => Outcome::Unknown { cause: Cause::Unreadable, detail: Some(why) },
            },
            Outcome::Refused { status, refusal } => Outcome::Refused { status, refusal },
            Outcome::Limited { wait_ms } => Outcome::Limited { wait_ms },
            Outcome::NotSent { cause, detail } => Outcome::NotSent { cause, detail },
            Outcome::Unknown { cause, detail } => Outcome::Unknown { cause, detail },
        }
    }
}

/// Judges what came. A status of refusal counts whoever speaks it: what stands before the venue did not pass it on.
pub(super) fn judge<T: DeserializeOwned>(came: &Result<Reply, NoReply>, form: Form) -> Outcome<T> {
    let Reply { status, body, reset_ms, .. } = match came {
        Ok(reply) => reply,
        Err(no_reply) => {
            let NoReply { cause, detail } = no_reply.clone();
            return if no_reply.never_left() {
                Outcome::NotSent { cause, detail }
            } else {
                Outcome::Unknown { cause, detail }
            };
        }
    };
    let number = status.as_u16();
    if status.is_success() {
        return match wire::result_in(body, form) {
            Ok((result, meta)) => Outcome::Done(result, meta),
            Err(NoResult::Refused(refusal)) => Outcome::Refused { status: number, refusal },
            Err(NoResult::Unreadable(why)) => {
                Outcome::Unknown { cause: Cause::Unreadable, detail: Some(why) }
            }
        };
    }
    match *status {
        StatusCode::TOO_MANY_REQUESTS => {
            let wait_ms = u64::try_from(reset_ms.unwrap_or(RESET_UNKNOWN_MS)).unwrap_or(0);
            Outcome::Limited { wait_ms }
        }
        // A gateway gave up waiting; the venue may not have.
        StatusCode::REQUEST_TIMEOUT => {
            Outcome::Unknown { cause: Cause::Http { status: number }, detail: None }
        }
        refused if refused.is_client_error() => {
            let unnamed = || Refusal { code: format!("http_{number}"), detail: None };
            let refusal = Refusal::parse(body).unwrap_or_else(unnamed);
            Outcome::Refused { status: number, refusal }
        }
        // The venue says that it is not there, as in a maintenance; what it had begun by then it may have done.
        StatusCode::SERVICE_UNAVAILABLE
            if Refusal::parse(body).is_some_and(|refusal| refusal.code == "unavailable") =>
        {
            Outcome::Unknown { cause: Cause::Unavailable, detail: None }
        }
        _failed => Outcome::Unknown { cause: Cause::Http { status: number }, detail: None },
    }
}

#[cfg(test)]
mod tests;
