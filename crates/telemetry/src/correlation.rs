//! Correlation ids: the W3C trace id is the correlation id, so that both names agree everywhere.

use serde::{Deserialize, Deserializer, Serialize};

/// A validated correlation id: 8 to 64 of `0-9 a-z A-Z _ -`. The ids we make are 32 lowercase hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// Accepts an id from outside (`x-correlation-id`, `x-request-id`); `None` when it is not valid.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_identifier(text, 8).then(|| Self(text.to_owned()))
    }

    /// Makes an id from 128 random bits. Zero, which W3C forbids, becomes one.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(hex(bits.max(1), 32))
    }

    /// The trace id of a W3C `traceparent` header (`version-traceid-parentid-flags`); `None` when the header
    /// does not follow the recommendation.
    #[must_use]
    pub fn from_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let more_allowed = version != "00";
        let valid = is_lower_hex(version, 2)
            && version != "ff"
            && is_lower_hex(trace, 32)
            && is_lower_hex(parent, 16)
            && is_lower_hex(flags, 2)
            && trace.bytes().any(|b| b != b'0')
            && parent.bytes().any(|b| b != b'0')
            && (more_allowed || parts.next().is_none());
        valid.then(|| Self(trace.to_owned()))
    }

    /// The `traceparent` for a call made under this id, sampled; `None` when the id (taken from another
    /// system) is no W3C trace id. A zero span id becomes one.
    #[must_use]
    pub fn to_traceparent(&self, span_id: u64) -> Option<String> {
        let is_trace = is_lower_hex(&self.0, 32) && self.0.bytes().any(|b| b != b'0');
        is_trace.then(|| ["00-", &self.0, "-", &hex(u128::from(span_id.max(1)), 16), "-01"].concat())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as owned text, for a [`crate::Context`].
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl std::fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CorrelationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a correlation id"))
    }
}

/// `at_least` to 64 of `0-9 a-z A-Z _ -`.
pub fn is_identifier(text: &str, at_least: usize) -> bool {
    (at_least..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Exactly `length` lowercase hex digits.
pub(crate) fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The lowest `width` hex digits of a number, lowercase.
pub(crate) fn hex(value: u128, width: usize) -> String {
    let digit = |place: usize| char::from(b"0123456789abcdef"[(value >> (4 * place) & 15) as usize]);
    (0..width).rev().map(digit).collect()
}
