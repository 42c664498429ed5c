//! Lines as rows of the index.

use sha2::{Digest as _, Sha256};
use telemetry::{Level, LogRecord};

use crate::store::log::Head;

/// One line.
pub(super) struct Row {
    pub at_us: i64,
    pub position: i64,
    pub level: i64,
    pub source: i64,
    pub event: String,
    pub session: Option<String>,
    pub correlation: Option<[u8; 16]>,
    pub error: Option<ErrorRow>,
}

/// What is kept of an error besides.
pub(super) struct ErrorRow {
    pub kind: i64,
    pub calls: i64,
    pub client: Option<String>,
    pub build: Option<String>,
}

impl Row {
    /// `None`: no record.
    pub fn of(position: i64, line: &[u8]) -> Option<Self> {
        let head = Head::of(line)?;
        Some(Self {
            at_us: head.at.0,
            position,
            level: head.level as i64,
            source: head.source as i64,
            correlation: head.correlation_id.as_deref().map(correlation),
            error: if head.level >= Level::Error { ErrorRow::of(line) } else { None },
            event: head.event.into_owned(),
            session: head.session_id.map(std::borrow::Cow::into_owned),
        })
    }
}

impl ErrorRow {
    fn of(line: &[u8]) -> Option<Self> {
        let record: LogRecord = serde_json::from_slice(line).ok()?;
        Some(Self {
            kind: kind(&record),
            calls: record.count.map_or(1, |count| i64::try_from(count).unwrap_or(i64::MAX)),
            client: record.client_session_id,
            build: record.build_id,
        })
    }
}

/// What makes errors the same: of browsers their fingerprint, of others event and message.
pub(super) fn kind(record: &LogRecord) -> i64 {
    let what = telemetry::fingerprint(record).unwrap_or_else(|| record.message.clone());
    let digest = Sha256::digest([record.event.as_ref(), record.source.as_str(), &what].join("\u{0}"));
    i64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|n| digest[n]))
}

/// W3C trace ids as the sixteen bytes that they are, others by their digest.
pub(super) fn correlation(id: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    let lower = id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if id.len() != 32 || !lower || hex::decode_to_slice(id, &mut bytes).is_err() {
        let digest = Sha256::digest(id);
        bytes.copy_from_slice(&digest[..16]);
    }
    bytes
}
