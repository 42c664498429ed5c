//! The body: bounded as it comes and as it unpacks.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::StatusCode;
use telemetry::{InflateError, inflate, limits};

use super::super::ApiError;

/// How long reading a body may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What one body may take unpacked.
pub(super) const DECODED_KIB: u32 = (limits::BODY_DECODED_BYTES / 1_024) as u32;

pub(super) async fn read(body: Body) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, limits::BODY_ENCODED_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_limit(&error) => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::invalid("The body was cut.")),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body came too slowly.")),
    }
}

fn is_limit(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.to_string().contains("length limit exceeded") {
            return true;
        }
        source = cause.source();
    }
    false
}

pub(super) fn unpack(encoded: &[u8]) -> Result<Bytes, ApiError> {
    inflate(encoded, limits::BODY_DECODED_BYTES).map(Bytes::from).map_err(|error| match error {
        InflateError::TooLarge => too_large(),
        InflateError::Broken => ApiError::invalid("The body is not valid gzip."),
    })
}

pub(super) fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "TOO_LARGE",
        "The body is larger than 128 KiB, or 1 MiB decoded.",
    )
}

/// 5 to 30 seconds, so that browsers do not come back all at once.
pub(super) fn busy() -> ApiError {
    let jitter = u64::from(u8::from_str_radix(&crate::random::hex(1), 16).unwrap_or_default()) * 25 / 255;
    ApiError::unavailable("Log records cannot be stored right now.", 5 + jitter)
}
