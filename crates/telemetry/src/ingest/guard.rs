//! Bytes to text, and the envelope's parts where they lie.

use std::borrow::Cow;

use super::{AdmitError, json::Raw};
use crate::limits::{BATCH_RECORDS, BODY_DECODED_BYTES, BODY_DEPTH};

/// The body as text: no byte order mark, and U+FFFD for what is no UTF-8. That is longer than what it replaces, and may
/// not go beyond the limit either.
pub(super) fn text(body: &[u8]) -> Result<Cow<'_, str>, AdmitError> {
    if body.len() > BODY_DECODED_BYTES {
        return Err(AdmitError::TooLarge);
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok(Cow::Borrowed(text));
    }
    let mut text = String::with_capacity(BODY_DECODED_BYTES);
    for chunk in body.utf8_chunks() {
        let replaced = if chunk.invalid().is_empty() { "" } else { "\u{fffd}" };
        if text.len() + chunk.valid().len() + replaced.len() > BODY_DECODED_BYTES {
            return Err(AdmitError::TooLarge);
        }
        text.push_str(chunk.valid());
        text.push_str(replaced);
    }
    Ok(Cow::Owned(text))
}

/// The parts of the envelope that we know. Nothing is looked into yet.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub version: Option<Raw<'a>>,
    pub bid: Option<Raw<'a>>,
    pub bseq: Option<Raw<'a>>,
    pub sid: Option<Raw<'a>>,
    pub tid: Option<Raw<'a>>,
    pub app: Option<Raw<'a>>,
    pub page: Option<Raw<'a>>,
    pub t0: Option<Raw<'a>>,
    pub drops: Option<Raw<'a>>,
    pub health: Option<Raw<'a>>,
    /// `None`: there is no list of records.
    pub records: Option<Vec<Raw<'a>>>,
}

impl<'a> Envelope<'a> {
    /// Of a body's text. The limit of depth is for what is not a record: in those, what is too deep is cut.
    pub fn read(text: &'a str) -> Result<Self, AdmitError> {
        let mut envelope = Self::default();
        for member in Raw::new(text).members().map_err(|_| AdmitError::Malformed)? {
            let (name, value) = member.map_err(|_| AdmitError::Malformed)?;
            if name == "recs" {
                // A second list is not a reason to forget the first.
                let items = value.items().ok_or(AdmitError::Records)?;
                let records = envelope.records.get_or_insert_default();
                records.extend(items.take(BATCH_RECORDS + 1));
                if records.len() > BATCH_RECORDS {
                    return Err(AdmitError::TooManyRecords);
                }
                continue;
            }
            if value.depth() >= BODY_DEPTH {
                return Err(AdmitError::TooDeep);
            }
            let place = match name.as_ref() {
                "v" => &mut envelope.version,
                "bid" => &mut envelope.bid,
                "bseq" => &mut envelope.bseq,
                "sid" => &mut envelope.sid,
                "tid" => &mut envelope.tid,
                "app" => &mut envelope.app,
                "ctx" => &mut envelope.page,
                "t0" => &mut envelope.t0,
                "drops" => &mut envelope.drops,
                "self" => &mut envelope.health,
                _ => continue,
            };
            *place = Some(value);
        }
        Ok(envelope)
    }
}
