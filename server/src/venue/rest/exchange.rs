//! One exchange over HTTP: a request goes, and a reply comes whole, or in part, or not.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use telemetry::Micros;

use crate::clock;
use crate::venue::Cause;
use crate::venue::offset::{Freshness, Reading, http_date_seconds};

/// The longest body that is read. The list of all products has about 2 MB.
const BODY_MAX: usize = 16 << 20;

/// A reply that came whole.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub body: String,
    /// `X-RATE-LIMIT-RESET`, milliseconds.
    pub reset_ms: Option<i64>,
    /// When the request went, by our clock.
    pub sent: Micros,
    /// When the head of the reply came.
    pub received: Micros,
    /// When the venue says that it answered, in Unix seconds.
    pub date_s: Option<i64>,
    /// Something on the way says that it kept this answer.
    pub kept: bool,
}

impl Reply {
    /// What it says of the venue's clock.
    pub(super) fn reading(&self, signed: bool) -> Option<Reading> {
        let freshness = match (signed, self.kept) {
            (true, _) => Freshness::Made,
            (false, false) => Freshness::Unsure,
            (false, true) => Freshness::Kept,
        };
        Some(self.at_second(self.date_s?, freshness))
    }

    /// The same for a second that the body tells.
    pub(super) fn at_second(&self, date_s: i64, freshness: Freshness) -> Reading {
        Reading { sent: self.sent, received: self.received, date_s, freshness }
    }
}

/// No reply: why, and in the words of whoever found out.
#[derive(Clone, Debug)]
pub(super) struct NoReply {
    pub cause: Cause,
    pub detail: Option<String>,
}

impl NoReply {
    /// Nothing has left, for certain.
    pub(super) fn never_left(&self) -> bool {
        match self.cause {
            Cause::NoConnection | Cause::NotBuilt | Cause::BudgetEmpty { .. } => true,
            Cause::NoAnswer { .. }
            | Cause::BrokeOff
            | Cause::Unreadable
            | Cause::TooLong
            | Cause::Http { .. }
            | Cause::Unavailable
            | Cause::RateLimited
            | Cause::PageRepeated
            | Cause::RowsMissing
            | Cause::TooManyPages => false,
        }
    }
}

/// Sends the request and reads the reply to its end, within the time.
pub(super) async fn exchange(request: RequestBuilder, timeout: Duration) -> Result<Reply, NoReply> {
    match tokio::time::timeout(timeout, whole(request)).await {
        Ok(reply) => reply,
        Err(_elapsed) => {
            let after_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            Err(NoReply { cause: Cause::NoAnswer { after_ms }, detail: None })
        }
    }
}

async fn whole(request: RequestBuilder) -> Result<Reply, NoReply> {
    let no_reply = |cause, error: &reqwest::Error| NoReply { cause, detail: Some(words(error)) };
    let sent = clock::now();
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_builder() => return Err(no_reply(Cause::NotBuilt, &error)),
        // No connection was made, so nothing was sent.
        Err(error) if error.is_connect() => return Err(no_reply(Cause::NoConnection, &error)),
        Err(error) => return Err(no_reply(Cause::BrokeOff, &error)),
    };
    let received = clock::now();
    let status = response.status();
    let reset_ms = header(&response, "x-rate-limit-reset").and_then(|text| text.parse().ok());
    let date_s = header(&response, "date").and_then(http_date_seconds);
    let kept = header(&response, "age").is_some_and(|age| age != "0")
        || header(&response, "x-cache").is_some_and(|word| word.starts_with("Hit"));
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > BODY_MAX => {
                return Err(NoReply {
                    cause: Cause::TooLong,
                    detail: Some(format!("over {BODY_MAX} bytes")),
                });
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(no_reply(Cause::BrokeOff, &error)),
        }
    }
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Reply { status, body, reset_ms, sent, received, date_s, kept })
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok().map(str::trim)
}

/// An error with its innermost cause, without the address.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
