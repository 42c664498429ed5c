//! What browser and server say to each other about batches: reasons for declared drops, and the answer.

use serde::{Deserialize, Serialize};

/// Version of the wire format.
pub const WIRE_VERSION: u64 = 1;

/// Why a call was not told. Closed, and kept as this enum up to the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The buffer was full.
    RingFull,
    /// A token bucket was empty.
    Rate,
    /// Not chosen by sampling.
    Sampled,
    /// Larger than a record may be, even cut.
    Oversize,
    /// Told while telling.
    Reentrant,
    /// The on-disk spool was full.
    SpoolFull,
    /// Older than 24 hours.
    Expired,
    /// The server refused the batch or the record.
    Rejected,
    /// Not allowed without a sign-in.
    Auth,
}

impl DropReason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::RingFull,
        Self::Rate,
        Self::Sampled,
        Self::Oversize,
        Self::Reentrant,
        Self::SpoolFull,
        Self::Expired,
        Self::Rejected,
        Self::Auth,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RingFull => "ring_full",
            Self::Rate => "rate",
            Self::Sampled => "sampled",
            Self::Oversize => "oversize",
            Self::Reentrant => "reentrant",
            Self::SpoolFull => "spool_full",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Auth => "auth",
        }
    }

    /// Reads the word exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// The body of a 202.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The batch.
    pub bid: String,
    /// Records stored.
    pub ok: usize,
    /// True when the batch had been stored before.
    pub dup: bool,
    /// At most 20 of the refused records.
    #[serde(default)]
    pub rej: Vec<Refusal>,
    /// All refused records.
    #[serde(default)]
    pub rej_n: usize,
    /// Server time, milliseconds since the epoch.
    pub now: i64,
    /// Settings for the logger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cfg: Option<LoggerSettings>,
    /// A fresh page token, when the one sent is old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// How many refusals a receipt lists.
pub const REFUSALS_LISTED: usize = 20;

/// One refused record: its position in the batch, and a word that says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub i: usize,
    pub code: String,
}

/// What the server may set in a browser's logger; absent = unchanged, but for `debug_until` and `max_batch`, which end
/// when they are not said again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoggerSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Lowest level that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<crate::Level>,
    /// Share of info records that are told, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sr_info: Option<f64>,
    /// The same of warn records: below 1 only while the server is overloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sr_warn: Option<f64>,
    /// Longest wait before a batch is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flush_ms: Option<i64>,
    /// Most records in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch: Option<usize>,
    /// Until then (milliseconds since the epoch, on the server's clock) debug records are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_until: Option<i64>,
}
