//! What every record of a batch shares, and how a value from a browser becomes a time, a number, or a short text.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{AdmitContext, clock, json::Raw};
use crate::{Micros, clean, correlation::is_identifier, limits::prefix, scrub};

/// What every record of the batch shares.
pub(super) struct Shared<'a> {
    pub context: &'a AdmitContext<'a>,
    pub bid: String,
    pub client_session_id: Option<String>,
    pub tab_id: Option<String>,
    pub version: Cow<'static, str>,
    pub build_id: Option<String>,
    pub route: Option<String>,
    /// State of the page, told with errors only.
    pub page: Map<String, Value>,
    pub t0_ms: i64,
    pub skew_ms: i64,
    pub user_id: Option<String>,
    pub session_bound: bool,
    pub expired: bool,
}

impl Shared<'_> {
    /// The browser's time, `d` milliseconds after `t0`; the corrected one; whether that had to be clamped.
    pub(super) fn times(&self, d: i64) -> (Micros, Micros, bool) {
        let client_ms = self.t0_ms.saturating_add(d);
        let corrected = Micros::from_millis(client_ms.saturating_add(self.skew_ms));
        let (timestamp, clamped) = clock::believable(corrected, self.context.received_at);
        (Micros::from_millis(client_ms).clamp(Micros::MIN, Micros::MAX), timestamp, clamped)
    }
}

/// An id of the browser's making: of a narrow alphabet, and nothing that looks like a secret.
pub(super) fn identifier(raw: Raw<'_>) -> Option<String> {
    let text = raw.text()?;
    (is_identifier(&text, 1) && matches!(scrub(&text), Cow::Borrowed(_))).then(|| text.into_owned())
}

/// Cleaned and cut text.
pub(super) fn short(text: &str, max: usize) -> String {
    prefix(&clean(text), max).to_owned()
}
