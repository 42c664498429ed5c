//! The one place that reads the system's clock for the server.

use std::time::{SystemTime, UNIX_EPOCH};

use telemetry::Micros;

/// Now, in UTC microseconds.
#[must_use]
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
