//! Whose clock to believe: the browser measures its offset; without a measurement the transit of the request is
//! the best bound. Times that nobody can believe are clamped.

use super::AdmitContext;
use crate::Micros;

/// Below this a clock counts as right: what is left is mostly the way through the network.
const TRUSTED_MS: u64 = 2_000;
const PAST_US: i64 = 24 * 3_600 * 1_000_000;
const FUTURE_US: i64 = 2 * 60 * 1_000_000;

/// Milliseconds to add to the browser's times. `offset_ms` is what the browser measured (server − browser).
pub(super) fn correction_ms(offset_ms: Option<i64>, context: &AdmitContext<'_>) -> i64 {
    let transit = context.sent_at_ms.map(|sent| context.received_at.as_millis().saturating_sub(sent));
    let skew = offset_ms.or(context.session_skew_ms).or(transit).unwrap_or(0);
    if skew.unsigned_abs() > TRUSTED_MS { skew } else { 0 }
}

/// The moment, pulled into [received − 24 h, received + 2 min], and whether it had to be.
pub(super) fn believable(at: Micros, received_at: Micros) -> (Micros, bool) {
    let earliest = received_at.0.saturating_sub(PAST_US);
    let latest = received_at.0.saturating_add(FUTURE_US);
    let kept = Micros(at.0.clamp(earliest, latest));
    (kept, kept != at)
}

/// True when the batch was sealed more than 24 hours (and a little) before it was sent, both on the browser's
/// clock. Only a UUIDv7 tells when it was made.
pub(super) fn is_expired(bid: &str, sent_at_ms: Option<i64>) -> bool {
    let Some(sent_at_ms) = sent_at_ms.filter(|_| bid.as_bytes().get(14) == Some(&b'7')) else { return false };
    let stamp = [&bid[..8], &bid[9..13]].concat();
    let sealed_ms = i64::from_str_radix(&stamp, 16).unwrap_or(i64::MAX);
    sent_at_ms.saturating_sub(sealed_ms) > PAST_US / 1_000 + 5 * 60 * 1_000
}
