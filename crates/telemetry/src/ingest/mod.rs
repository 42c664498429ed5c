//! The pure server side of `POST /api/logs`: a decoded body becomes records, refusals and declared drops. Never
//! panics, whatever the bytes.

mod batch;
mod clock;
mod frame;
mod guard;
mod json;
mod payload;
mod record;
mod shared;

pub use clock::{ClockReading, SessionClock};

use std::borrow::Cow;

use crate::{DropReason, Level, LogRecord, Micros, Receipt, Refusal, wire::REFUSALS_LISTED};

/// Which credential the request came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Signed in: all levels.
    Session,
    /// Only a page token: warn and above, no user.
    Page,
}

/// What the server knows beside the body.
#[derive(Clone, Debug)]
pub struct AdmitContext<'a> {
    pub received_at: Micros,
    /// `X-Sent-At`, milliseconds on the browser's clock.
    pub sent_at_ms: Option<i64>,
    /// Of the login; never from the client.
    pub user_id: Option<&'a str>,
    /// Whether the batch's browser session belongs to that login.
    pub session_bound: bool,
    pub tier: Tier,
    /// What the browser session's [`SessionClock`] says; `None`: what the batch alone says.
    pub clock_offset_ms: Option<i64>,
}

/// An accepted batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    /// Batch id, lowercase UUID.
    pub bid: String,
    pub bseq: u64,
    pub client_session_id: Option<String>,
    pub tab_id: Option<String>,
    /// Records with `event_id` `{bid}-{i}`; `boot_id` and `seq` are given when they are enqueued.
    pub records: Vec<LogRecord>,
    /// Position in the batch and reason.
    pub rejected: Vec<(usize, RejectCode)>,
    pub declared_drops: Vec<DeclaredDrop>,
    /// Calls that the accepted records stand for.
    pub calls: u64,
    /// Calls that the refused records stand for.
    pub rejected_calls: u64,
    /// Highest call number in the batch: per tab, highest number − all calls − all declared drops that arrived
    /// is the unexplained loss once everything was delivered.
    pub highest_no: u64,
    /// Lowest call number in the batch; 0: it has no records with a number.
    pub lowest_no: u64,
    /// Correction of the browser's clock that was applied, in milliseconds.
    pub skew_ms: i64,
}

impl Admitted {
    fn count_number(&mut self, number: u64, calls: u64) {
        if number > 0 {
            self.highest_no = self.highest_no.max(number.saturating_add(calls - 1));
            self.lowest_no = if self.lowest_no == 0 { number } else { self.lowest_no.min(number) };
        }
    }

    /// The answer to the browser. For a repeated batch: admit it again and answer with `dup`, so that refusals whose
    /// first answer was lost are told again and the browser's books stay right.
    #[must_use]
    pub fn receipt(&self, dup: bool, now: Micros) -> Receipt {
        let listed = self.rejected.iter().take(REFUSALS_LISTED);
        Receipt {
            bid: self.bid.clone(),
            ok: self.records.len(),
            dup,
            rej: listed.map(|&(i, code)| Refusal { i, code: code.as_str().to_owned() }).collect(),
            rej_n: self.rejected.len(),
            now: now.as_millis(),
            cfg: None,
            token: None,
        }
    }
}

/// Calls that the browser says it did not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredDrop {
    pub level: Level,
    pub reason: DropReason,
    pub count: u64,
    /// First and last of them, on the corrected clock.
    pub first: Micros,
    pub last: Micros,
}

/// Why one record was refused while its batch was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectCode {
    /// Not an object.
    Shape,
    /// A value in it that JSON does not know, or a number that nothing can hold.
    Value,
    /// `l` is no severity number.
    Level,
    /// `d` is no number.
    Time,
    /// Below warn without a sign-in.
    Tier,
    /// The batch was sealed more than 24 hours before it was sent.
    Expired,
}

impl RejectCode {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Shape, Self::Value, Self::Level, Self::Time, Self::Tier, Self::Expired];

    /// The word in the receipt.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Value => "value",
            Self::Level => "level",
            Self::Time => "time",
            Self::Tier => "tier",
            Self::Expired => "expired",
        }
    }
}

/// Why a whole batch was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmitError {
    /// Not a JSON object.
    Malformed,
    /// Nested deeper than allowed, outside of the records.
    TooDeep,
    /// More bytes than allowed.
    TooLarge,
    /// More records than allowed.
    TooManyRecords,
    /// `v` is not a version that we know.
    UnknownVersion,
    /// `bid` is no UUID.
    BatchId,
    /// `t0` is no number.
    BatchTime,
    /// `recs` is no array.
    Records,
}

impl AdmitError {
    /// HTTP status. The browser splits a batch on 413 and gives it up on 400 and 422.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::TooDeep => 400,
            Self::TooLarge | Self::TooManyRecords => 413,
            Self::UnknownVersion | Self::BatchId | Self::BatchTime | Self::Records => 422,
        }
    }

    /// Machine-readable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::TooDeep => "TOO_DEEP",
            Self::TooLarge => "TOO_LARGE",
            Self::TooManyRecords => "TOO_MANY_RECORDS",
            Self::UnknownVersion => "UNKNOWN_VERSION",
            Self::BatchId => "BATCH_ID",
            Self::BatchTime => "BATCH_TIME",
            Self::Records => "RECORDS",
        }
    }
}

impl std::fmt::Display for AdmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed => "body is not a JSON object",
            Self::TooDeep => "body is nested deeper than 6 levels",
            Self::TooLarge => "decoded body is larger than 1 MiB",
            Self::TooManyRecords => "batch has more than 2,000 records",
            Self::UnknownVersion => "v must be 1",
            Self::BatchId => "bid must be a UUID",
            Self::BatchTime => "t0 must be milliseconds since the epoch",
            Self::Records => "recs must be an array",
        })
    }
}

impl std::error::Error for AdmitError {}

/// A decoded body as text: what is no UTF-8 becomes U+FFFD.
pub fn text(body: &[u8]) -> Result<Cow<'_, str>, AdmitError> {
    guard::text(body)
}

/// A body of which only the envelope was read: enough to know the batch and its browser session.
#[derive(Debug)]
pub struct Batch<'a> {
    envelope: guard::Envelope<'a>,
    bid: String,
    client_session_id: Option<String>,
}

impl<'a> Batch<'a> {
    /// Of the [`text`] of a body; refuses what can be no batch.
    pub fn read(text: &'a str) -> Result<Self, AdmitError> {
        let envelope = guard::Envelope::read(text)?;
        let bid = batch::check(&envelope)?;
        let client_session_id = envelope.sid.and_then(shared::identifier);
        Ok(Self { envelope, bid, client_session_id })
    }

    /// Lowercase UUID.
    #[must_use]
    pub fn bid(&self) -> &str {
        &self.bid
    }

    #[must_use]
    pub fn client_session_id(&self) -> Option<&str> {
        self.client_session_id.as_deref()
    }

    /// What it says about the browser's clock.
    #[must_use]
    pub fn clock(&self, received_at: Micros, sent_at_ms: Option<i64>) -> ClockReading {
        batch::clock_reading(&self.envelope, received_at, sent_at_ms)
    }

    /// When its last record happened, on the browser's clock corrected by an offset.
    #[must_use]
    pub fn last_at(&self, offset_ms: i64) -> Option<Micros> {
        let last_ms = batch::last_ms(&self.envelope)?;
        Some(Micros::from_millis(last_ms.saturating_add(clock::correction_ms(offset_ms))))
    }

    /// Its records with every string cleaned, sizes cut, and times corrected, and what was refused of them. The same
    /// batch and context give the same answer.
    pub fn admit(&self, context: &AdmitContext<'_>) -> Result<Admitted, AdmitError> {
        batch::admit(&self.envelope, context)
    }
}

/// All of it in one call, for a batch that is judged by itself.
pub fn admit(body: &[u8], context: &AdmitContext<'_>) -> Result<Admitted, AdmitError> {
    Batch::read(&text(body)?)?.admit(context)
}
