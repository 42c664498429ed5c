//! The REST client. Every attempt is signed anew and told once. Reads are tried up to three times; what changes
//! something is sent exactly once, and an answer that cannot be believed is an outcome of its own.

mod again;
mod call;
mod exchange;
mod known;
mod outcome;
mod pages;
mod spelling;
mod terms;
mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::kpis::Calls;
use reqwest::Client;
use serde::de::DeserializeOwned;
use telemetry::{Context, LogRecord, Micros};

use super::budget::Budget;
use super::events::ClockMeasured;
use super::offset::{Freshness, VenueClock};
use super::wire::{Meta, Refusal};
use super::{Address, Cause, sign};
use crate::clock;
use crate::telling::{Teller, VERSION};
use again::Tries;
pub use call::{Ask, Bracket, BracketLeg, Call, Edit, Named, StopAt, StopKind, Switch, Trigger};
use exchange::{NoReply, Reply, exchange};
use outcome::{Outcome, judge};
use spelling::Spelling;

/// A read waits no longer than this for its quota; who has to wait longer is told so at once.
const LIMITED_WAIT_MAX_MS: u64 = 5_000;

/// Why a read has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    #[error("{code} ({status})")]
    Refused { status: u16, code: String, detail: Option<String> },
    #[error("{0}")]
    Failed(Cause),
}

impl RestError {
    /// The word for records and counts: the venue's own, or ours.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            RestError::Refused { code, .. } => code,
            RestError::Failed(cause) => cause.code(),
        }
    }
}

/// What became of a request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent<T> {
    Acked(T),
    /// The venue refused: nothing was changed.
    Rejected(Refusal),
    /// It may or may not have had its effect.
    Ambiguous(Cause),
    /// It never left, for certain.
    NotSent(Cause),
}

/// Client of one venue account; cheap to clone.
#[derive(Clone)]
pub struct Rest {
    http: Client,
    address: Arc<Address>,
    budget: Arc<Mutex<Budget>>,
    clock: VenueClock,
    spelling: Arc<Mutex<Spelling>>,
    teller: Teller,
    /// What was called since somebody last asked, by method and path.
    calls: Arc<Mutex<BTreeMap<String, Calls>>>,
}

impl Rest {
    /// A client; fails only when the TLS part of the system cannot be set up.
    pub fn new(address: Address, teller: Teller) -> Result<Self, reqwest::Error> {
        // Installed by whoever comes first; a second time is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self::over(http()?, address, teller))
    }

    /// A client over connections that somebody else uses as well: what both cost can be compared on the same one.
    #[must_use]
    pub fn over(http: Client, address: Address, teller: Teller) -> Self {
        Self {
            http,
            address: Arc::new(address),
            budget: Arc::default(),
            clock: VenueClock::default(),
            spelling: Arc::default(),
            teller,
            calls: Arc::default(),
        }
    }

    /// A client with connections of its own that shares quotas and clock: connections are driven by the threads that
    /// opened them, and those of trading wait for nobody.
    pub fn beside(&self) -> Result<Self, reqwest::Error> {
        Ok(Self { http: http()?, ..self.clone() })
    }

    /// Reads, with the cursor of the next page if there is one.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<(T, Option<String>), RestError> {
        let (result, meta) = self.read_page(call, &Ok::<T, String>).await?;
        Ok((result, meta.and_then(|meta| meta.after)))
    }

    /// Reads what `understand` makes of the answer. One that it makes nothing of is unreadable, and told so.
    pub async fn read_as<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        understand: impl Fn(T) -> Result<U, String>,
    ) -> Result<U, RestError> {
        Ok(self.read_page(call, &understand).await?.0)
    }

    async fn read_page<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        understand: &impl Fn(T) -> Result<U, String>,
    ) -> Result<(U, Option<Meta>), RestError> {
        let mut tries = Tries::new(*self.spelled());
        loop {
            let (failure, pause_ms) = match self.attempt(call, &tries, understand).await {
                Outcome::Done(result, meta) => return Ok((result, meta)),
                Outcome::Refused { status, refusal } => {
                    if self.mends(call, &refusal, &mut tries).await {
                        continue;
                    }
                    let Refusal { code, detail } = refusal;
                    return Err(RestError::Refused { status, code, detail });
                }
                Outcome::Limited { wait_ms } => (RestError::Failed(Cause::RateLimited), bearable(wait_ms)),
                Outcome::NotSent { cause, .. } | Outcome::Unknown { cause, .. } => {
                    let pause_ms = if let Cause::BudgetEmpty { wait_ms } = cause {
                        bearable(wait_ms)
                    } else {
                        Some(backoff_ms(tries.attempt))
                    };
                    (RestError::Failed(cause), pause_ms)
                }
            };
            match pause_ms {
                Some(pause_ms) if tries.attempt < call.attempts + tries.mended() => {
                    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                }
                Some(_) | None => return Err(failure),
            }
            tries.attempt += 1;
        }
    }

    /// Sends what changes something: once, whatever comes of it. What was refused for its time or its spelling changed
    /// nothing: it is signed or spelled anew, at once.
    pub async fn send<T: DeserializeOwned>(&self, call: &Call) -> Sent<T> {
        self.send_as(call, Ok::<T, String>).await
    }

    /// The same, with what `understand` makes of the answer. One that it makes nothing of leaves it unknown what was
    /// done, and is told so.
    pub async fn send_as<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        understand: impl Fn(T) -> Result<U, String>,
    ) -> Sent<U> {
        let mut tries = Tries::new(*self.spelled());
        let outcome = loop {
            let outcome = self.attempt(call, &tries, &understand).await;
            let Outcome::Refused { refusal, .. } = &outcome else {
                self.remember(call, None, &tries);
                break outcome;
            };
            if !self.mends(call, refusal, &mut tries).await {
                break outcome;
            }
        };
        match outcome {
            Outcome::Done(result, _) => Sent::Acked(result),
            Outcome::Refused { refusal, .. } => Sent::Rejected(refusal),
            Outcome::Limited { .. } => {
                Sent::Rejected(Refusal { code: "rate_limit_exceeded".to_owned(), detail: None })
            }
            Outcome::NotSent { cause, .. } => Sent::NotSent(cause),
            Outcome::Unknown { cause, .. } => Sent::Ambiguous(cause),
        }
    }

    /// One attempt, told once.
    async fn attempt<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        tries: &Tries,
        understand: &impl Fn(T) -> Result<U, String>,
    ) -> Outcome<U> {
        let started = Instant::now();
        let now = clock::now();
        let allowed = self.budget().take(now, call.weight, call.spender());
        let came = match allowed {
            Ok(()) => {
                let request = self.request(call, now, tries.spelling);
                self.in_our_words(exchange(request, call.timeout).await)
            }
            Err(wait_ms) => {
                let wait_ms = u64::try_from(wait_ms).unwrap_or(0);
                Err(NoReply { cause: Cause::BudgetEmpty { wait_ms }, detail: None })
            }
        };
        let outcome = judge(&came, call.form).understood(understand);
        self.learn(call, &came, &outcome);
        match &outcome {
            Outcome::Limited { wait_ms } => {
                let wait_ms = i64::try_from(*wait_ms).unwrap_or(i64::MAX);
                self.budget().limited(clock::now(), wait_ms, call.spender());
            }
            // An outage must not use up what its end needs.
            Outcome::NotSent { .. } if allowed.is_ok() => {
                self.budget().give_back(call.weight, call.spender());
            }
            Outcome::Done(..)
            | Outcome::Refused { .. }
            | Outcome::NotSent { .. }
            | Outcome::Unknown { .. } => {}
        }
        self.tell(call, tries.attempt, started.elapsed(), &came, &outcome);
        outcome
    }

    /// The request, signed for this moment.
    fn request(&self, call: &Call, now: Micros, spelling: Spelling) -> reqwest::RequestBuilder {
        let clock = self.clock.estimate();
        let path = self.in_their_words(&call.path_and_query(&clock));
        let body = call.body.as_ref().map(|body| spelling.write(body, call.symbol())).unwrap_or_default();
        let body = self.in_their_words(&body);
        let url = [self.address.rest_url.as_str(), &path].concat();
        let mut request = self.http.request(call.method.clone(), url).header("accept", "application/json");
        if call.signed {
            let at = sign::timestamp(clock.venue_time(now));
            let secret = self.address.api_secret.expose();
            request = request
                .header("api-key", self.address.api_key.expose())
                .header("signature", sign::signature(secret, call.method.as_str(), &at, &path, &body))
                .header("timestamp", at);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body);
        }
        request
    }

    /// What the reply says of the venue's clock.
    fn learn<T>(&self, call: &Call, came: &Result<Reply, NoReply>, outcome: &Outcome<T>) {
        let Ok(reply) = came else { return };
        let reading = reply.reading(call.signed);
        let change = match outcome {
            Outcome::Refused { refusal, .. } if refusal.is_expired_signature() => {
                let told = || Some(reply.at_second(refusal.server_time_s()?, Freshness::Made));
                match reading.or_else(told) {
                    Some(reading) => self.clock.lock().renew(reading),
                    None => {
                        self.clock.lock().doubt();
                        None
                    }
                }
            }
            Outcome::Done(..)
            | Outcome::Refused { .. }
            | Outcome::Limited { .. }
            | Outcome::NotSent { .. }
            | Outcome::Unknown { .. } => reading.and_then(|reading| self.clock.lock().learn(reading)),
        };
        if let Some(change) = change {
            self.teller.tell(&ClockMeasured(change), &self.context(call, clock::now()));
        }
    }

    fn tell<T>(
        &self,
        call: &Call,
        attempt: u32,
        elapsed: Duration,
        came: &Result<Reply, NoReply>,
        outcome: &Outcome<T>,
    ) {
        let mut event = told::event(call, came, outcome, elapsed);
        event.attempt = attempt;
        event.budget_remaining = self.left(call.spender());
        let answered = came.is_ok().then_some(event.latency_us);
        let name = format!("{} {}", event.method, event.endpoint);
        self.counted().entry(name).or_default().note(event.outcome, answered);
        if self.teller.wants(&event) {
            let now = clock::now();
            let mut record = LogRecord::build(&event, &self.context(call, now), now, "", 0, VERSION);
            record.caused_by.clone_from(&call.caused_by);
            self.teller.tell_record(record);
        }
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Calls>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On whose behalf it is asked. What names no session belongs to the one that runs or was just over, or that has
    /// its symbols.
    fn context(&self, call: &Call, now: Micros) -> Context {
        let sessions = self.teller.sessions();
        let decided = call.caused_by.is_some() && !call.of_account;
        if !decided || call.context.session_id.is_some() {
            return sessions.completed(call.context.clone());
        }
        let symbols = if call.symbols.is_empty() { &call.for_symbols } else { &call.symbols };
        let session = sessions.at(now, symbols, true);
        Context { correlation_id: call.context.correlation_id.clone(), ..session }
    }

    fn spelled(&self) -> std::sync::MutexGuard<'_, Spelling> {
        self.spelling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn http() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("deltascope/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .build()
}

/// A wait that a read can bear.
fn bearable(wait_ms: u64) -> Option<u64> {
    (wait_ms <= LIMITED_WAIT_MAX_MS).then_some(wait_ms)
}

/// 100 ms, 200 ms, … with a jitter of a fifth.
fn backoff_ms(attempt: u32) -> u64 {
    let whole = 100_u64 << attempt.saturating_sub(1).min(5);
    whole * 4 / 5 + whole * 2 / 5 * u64::try_from(super::jitter()).unwrap_or(500) / 1_000
}
