//! The REST client. Every attempt is signed anew and told once. Reads are tried up to three times; what changes
//! something is sent exactly once, and an answer that cannot be believed is an outcome of its own.

mod call;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;
use telemetry::{LogRecord, Micros};

use super::budget::{Budget, Remaining};
use super::events::{VenueRequest, truncated};
use super::wire::{Meta, Refusal, Success};
use super::{Address, sign};
use crate::clock;
use crate::telling::{Teller, VERSION};
pub use call::Call;

const READ_ATTEMPTS: u32 = 3;
/// A read waits no longer than this for its quota; who has to wait longer is told so at once.
const LIMITED_WAIT_MAX_MS: i64 = 5_000;
/// A 429 that does not say how long.
const RESET_UNKNOWN_MS: i64 = 1_000;

/// Why a read has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    #[error("{code} ({status})")]
    Refused { status: u16, code: String, detail: Option<String> },
    #[error("{0}")]
    Failed(String),
}

/// What became of a request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent<T> {
    Acked(T),
    /// The venue refused: nothing was changed.
    Rejected(Refusal),
    /// It may or may not have had its effect.
    Ambiguous(String),
    /// It never left, for certain.
    NotSent(String),
}

/// Client of one venue account; cheap to clone.
#[derive(Clone)]
pub struct Rest {
    http: Client,
    address: Arc<Address>,
    budget: Arc<Mutex<Budget>>,
    teller: Teller,
}

/// What came of one attempt.
enum Answer {
    Reply {
        status: StatusCode,
        body: String,
        reset_ms: Option<i64>,
    },
    /// Our own count of the quota, or the venue's wish, held it back.
    Held {
        wait_ms: i64,
    },
    NotSent(String),
    Lost(String),
}

impl Rest {
    /// A client; fails only when the TLS part of the system cannot be set up.
    pub fn new(address: Address, teller: Teller) -> Result<Self, reqwest::Error> {
        // Installed by whoever comes first; a second time is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .user_agent(concat!("deltascope/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .build()?;
        Ok(Self { http, address: Arc::new(address), budget: Arc::default(), teller })
    }

    /// Reads, with the cursor of the next page if there is one.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<(T, Option<String>), RestError> {
        let mut failure = RestError::Failed("not tried".to_owned());
        for attempt in 1..=READ_ATTEMPTS {
            let pause_ms = match self.attempt(call, attempt).await {
                Answer::Reply { status, body, .. } if status.is_success() => {
                    match serde_json::from_str::<Success<T>>(&body) {
                        Ok(Success { result, meta }) => return Ok((result, meta.and_then(Meta::next))),
                        Err(error) => failure = RestError::Failed(format!("unreadable answer: {error}")),
                    }
                    backoff_ms(attempt)
                }
                Answer::Reply { status: StatusCode::TOO_MANY_REQUESTS, reset_ms, .. } => {
                    failure = RestError::Failed("rate limited".to_owned());
                    match reset_ms.unwrap_or(RESET_UNKNOWN_MS) {
                        wait_ms if wait_ms > LIMITED_WAIT_MAX_MS => return Err(failure),
                        wait_ms => wait_ms.max(0),
                    }
                }
                Answer::Held { wait_ms } => {
                    failure = RestError::Failed(held(wait_ms));
                    if wait_ms > LIMITED_WAIT_MAX_MS {
                        return Err(failure);
                    }
                    wait_ms
                }
                Answer::Reply { status, body, .. } if status.is_client_error() => {
                    let refusal = Refusal::parse(&body);
                    failure = refused(status, refusal.clone());
                    let expired = refusal.is_some_and(|refusal| is_expired(&refusal.code));
                    if !expired {
                        return Err(failure);
                    }
                    0
                }
                Answer::Reply { status, .. } => {
                    failure = RestError::Failed(format!("http {}", status.as_u16()));
                    backoff_ms(attempt)
                }
                Answer::NotSent(reason) | Answer::Lost(reason) => {
                    failure = RestError::Failed(reason);
                    backoff_ms(attempt)
                }
            };
            if attempt < READ_ATTEMPTS {
                tokio::time::sleep(Duration::from_millis(u64::try_from(pause_ms).unwrap_or(0))).await;
            }
        }
        Err(failure)
    }

    /// Reads all pages of a list.
    pub async fn read_all<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, RestError> {
        const PAGES_MAX: usize = 200;
        let mut rows: Vec<T> = Vec::new();
        let mut call = call.clone();
        for _page in 0..PAGES_MAX {
            let (more, after) = self.read::<Vec<T>>(&call).await?;
            let empty = more.is_empty();
            rows.extend(more);
            match after {
                Some(after) if !empty => call.set_query("after", after),
                Some(_) | None => return Ok(rows),
            }
        }
        Err(RestError::Failed(format!("more than {PAGES_MAX} pages")))
    }

    /// Sends what changes something: once, whatever comes of it.
    pub async fn send<T: DeserializeOwned>(&self, call: &Call) -> Sent<T> {
        let (status, body) = match self.attempt(call, 1).await {
            Answer::Reply { status, body, .. } => (status, body),
            Answer::Held { wait_ms } => return Sent::NotSent(held(wait_ms)),
            Answer::NotSent(reason) => return Sent::NotSent(reason),
            Answer::Lost(reason) => return Sent::Ambiguous(reason),
        };
        if status.is_success() {
            return match serde_json::from_str::<Success<T>>(&body) {
                Ok(Success { result, .. }) => Sent::Acked(result),
                Err(error) => match Refusal::parse(&body) {
                    Some(refusal) => Sent::Rejected(refusal),
                    None => Sent::Ambiguous(format!("unreadable answer: {error}")),
                },
            };
        }
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                Sent::Rejected(Refusal { code: "rate_limit_exceeded".to_owned(), detail: None })
            }
            StatusCode::REQUEST_TIMEOUT => Sent::Ambiguous("http 408".to_owned()),
            refused if refused.is_client_error() => {
                let unnamed = || Refusal { code: format!("http_{}", refused.as_u16()), detail: None };
                Sent::Rejected(Refusal::parse(&body).unwrap_or_else(unnamed))
            }
            failed => Sent::Ambiguous(format!("http {}", failed.as_u16())),
        }
    }

    /// One attempt, told once.
    async fn attempt(&self, call: &Call, attempt: u32) -> Answer {
        let started = Instant::now();
        let now = clock::now();
        let allowed = self.budget().take(now, call.weight, call.spender());
        let answer = match allowed {
            Ok(()) => self.exchange(call, now).await,
            Err(wait_ms) => Answer::Held { wait_ms },
        };
        match &answer {
            Answer::Reply { status: StatusCode::TOO_MANY_REQUESTS, reset_ms, .. } => {
                let reset_ms = reset_ms.unwrap_or(RESET_UNKNOWN_MS);
                self.budget().limited(clock::now(), reset_ms, call.spender());
            }
            // An outage must not use up what its end needs.
            Answer::NotSent(_) => self.budget().give_back(call.weight, call.spender()),
            Answer::Reply { .. } | Answer::Held { .. } | Answer::Lost(_) => {}
        }
        self.tell(call, attempt, started.elapsed(), &answer);
        answer
    }

    async fn exchange(&self, call: &Call, now: Micros) -> Answer {
        let path = call.path_and_query();
        let body = call.body.as_ref().map(serde_json::Value::to_string).unwrap_or_default();
        let url = [self.address.rest_url.as_str(), &path].concat();
        let mut request = self.http.request(call.method.clone(), url).header("accept", "application/json");
        if call.signed {
            let at = sign::timestamp(now);
            let secret = self.address.api_secret.expose();
            request = request
                .header("api-key", self.address.api_key.expose())
                .header("signature", sign::signature(secret, call.method.as_str(), &at, &path, &body))
                .header("timestamp", at);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body);
        }
        match tokio::time::timeout(call.timeout, answer_of(request)).await {
            Ok(answer) => answer,
            Err(_) => Answer::Lost(format!("no answer within {} ms", call.timeout.as_millis())),
        }
    }

    fn tell(&self, call: &Call, attempt: u32, elapsed: Duration, answer: &Answer) {
        let signed = if call.signed { "signed" } else { "unsigned" };
        let mut event = VenueRequest {
            method: call.method.to_string(),
            endpoint: call.pattern,
            symbols: call.symbols.clone(),
            client_order_id: call.client_order_id.clone(),
            latency_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            auth: signed,
            attempt,
            budget_remaining: self.remaining().of(call.spender()),
            ..VenueRequest::default()
        };
        match answer {
            Answer::Reply { status, body, reset_ms } => {
                event.status_code = Some(status.as_u16());
                event.response_bytes = body.len();
                event.rate_limit_reset_ms = *reset_ms;
                event.outcome = match *status {
                    StatusCode::TOO_MANY_REQUESTS => "limited",
                    status if status.is_success() => "ok",
                    status if status.is_client_error() => "refused",
                    _failed => "failed",
                };
                if *status == StatusCode::UNAUTHORIZED {
                    event.auth = "refused";
                }
                event.body = (!status.is_success()).then(|| truncated(body));
            }
            Answer::Held { wait_ms } => {
                event.outcome = "not_sent";
                event.error = Some(held(*wait_ms));
            }
            Answer::NotSent(reason) => {
                event.outcome = "not_sent";
                event.error = Some(reason.clone());
            }
            Answer::Lost(reason) => {
                event.outcome = "lost";
                event.error = Some(reason.clone());
            }
        }
        if self.teller.enabled(telemetry::Event::level(&event)) {
            let mut record = LogRecord::build(&event, &call.context, clock::now(), "", 0, VERSION);
            record.caused_by.clone_from(&call.caused_by);
            self.teller.tell_record(record);
        }
    }

    /// Units left of both quotas, by our own count.
    #[must_use]
    pub fn remaining(&self) -> Remaining {
        self.budget().remaining(clock::now())
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meta {
    fn next(self) -> Option<String> {
        self.after.filter(|after| !after.is_empty())
    }
}

async fn answer_of(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        // No connection was made, so nothing was sent.
        Err(error) if error.is_connect() || error.is_builder() => return Answer::NotSent(words(&error)),
        Err(error) => return Answer::Lost(words(&error)),
    };
    let status = response.status();
    let reset_ms = response
        .headers()
        .get("x-rate-limit-reset")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    match response.text().await {
        Ok(body) => Answer::Reply { status, body, reset_ms },
        Err(error) => Answer::Lost(format!("the answer broke off: {}", words(&error))),
    }
}

fn held(wait_ms: i64) -> String {
    format!("request budget is empty for {wait_ms} ms")
}

/// An error with its innermost cause, without the address.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn refused(status: StatusCode, refusal: Option<Refusal>) -> RestError {
    let status = status.as_u16();
    let (code, detail) =
        refusal.map_or_else(|| (format!("http_{status}"), None), |refusal| (refusal.code, refusal.detail));
    RestError::Refused { status, code, detail }
}

/// A signature that came too late; the next attempt carries a new one.
fn is_expired(code: &str) -> bool {
    matches!(code, "expired_signature" | "signature_expired")
}

/// 100 ms, 200 ms, … with a jitter of a fifth.
fn backoff_ms(attempt: u32) -> i64 {
    let whole = 100_i64 << (attempt - 1).min(5);
    whole * 4 / 5 + whole * 2 / 5 * super::jitter() / 1_000
}
