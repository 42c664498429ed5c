//! `Idempotency-Key` of mutating calls, together with a hash of the body: the same key with another body is a
//! mistake of the caller. Keys are kept by whoever does the work, in the same transaction.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::ApiError;
use crate::shared::App;

/// Largest body of a JSON call.
const BODY_BYTES: usize = 256 * 1024;

/// The key and what it was sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// 1 to 200 visible ASCII characters.
    pub key: String,
    /// SHA-256 of method, path and body in hex.
    pub request_hash: String,
    body: Bytes,
}

impl IdempotencyKey {
    /// The key of a request without a JSON body, such as a plain form; `what` stands for its content.
    #[must_use]
    pub fn made(key: String, what: &str) -> Self {
        Self { key, request_hash: hex::encode(Sha256::digest(what.as_bytes())), body: Bytes::new() }
    }

    /// The body, read as JSON. An empty body reads as `{}`, for calls without parameters.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let body = if self.body.is_empty() { b"{}" } else { &self.body[..] };
        serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid(format!("The body cannot be read: {error}")))
    }
}

impl FromRequest<Arc<App>> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, ApiError> {
        let key = request
            .headers()
            .get("idempotency-key")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !(1..=200).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ApiError::invalid(
                "This call needs an Idempotency-Key of 1 to 200 visible characters.",
            )
            .with_field("Idempotency-Key", "missing or not valid"));
        }
        let key = key.to_owned();
        let mut hash = Sha256::new();
        hash.update(request.method().as_str());
        hash.update(b"\n");
        hash.update(request.uri().path());
        hash.update(b"\n");
        let body = to_bytes(request.into_body(), BODY_BYTES).await.map_err(|_| {
            ApiError::invalid(format!("The body is larger than {BODY_BYTES} bytes or was cut."))
        })?;
        hash.update(&body);
        Ok(Self { key, request_hash: hex::encode(hash.finalize()), body })
    }
}
