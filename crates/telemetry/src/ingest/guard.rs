//! Bytes to JSON, with limits: size, depth, and the lone surrogates that a browser may write.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::AdmitError;
use crate::limits::{BODY_DECODED_BYTES, BODY_DEPTH};

/// Parses a body of at most 1 MiB and 6 levels into its envelope object.
pub(super) fn parse(body: &[u8]) -> Result<Map<String, Value>, AdmitError> {
    if body.len() > BODY_DECODED_BYTES {
        return Err(AdmitError::TooLarge);
    }
    if depth(body) > BODY_DEPTH {
        return Err(AdmitError::TooDeep);
    }
    let body = whole_surrogates(body);
    match serde_json::from_slice(&body) {
        Ok(Value::Object(envelope)) => Ok(envelope),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            Err(AdmitError::Malformed)
        }
    }
}

/// Deepest nesting of objects and arrays, brackets inside strings not counted.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for &b in body {
        match (in_string, b) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                now += 1;
                deepest = deepest.max(now);
            }
            (false, b']' | b'}') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// `JSON.stringify` escapes a lone surrogate as `\udXXX`, which is no text: it becomes U+FFFD instead of making
/// the whole batch unreadable.
fn whole_surrogates(body: &[u8]) -> Cow<'_, [u8]> {
    let mut fixed = Cow::Borrowed(body);
    let mut at = 0;
    while at + 1 < body.len() {
        if body[at] != b'\\' {
            at += 1;
            continue;
        }
        match (unit(body, at), unit(body, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                fixed.to_mut()[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            _ => at += 2,
        }
    }
    fixed
}

/// The code unit of a `\uXXXX` at this position.
fn unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
