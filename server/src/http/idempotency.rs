//! `Idempotency-Key` of mutating calls, together with a hash of the body: the same key with another body is a
//! mistake of the caller. Keys are kept by whoever does the work, in the same transaction.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::ApiError;
use crate::random;
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
    /// The key of a request without a JSON body, such as a plain form; `what` stands for its content. A form that
    /// brings no key gets one of its own.
    #[must_use]
    pub fn made(key: String, what: &str) -> Self {
        let key = if key.is_empty() { random::hex(16) } else { key };
        Self { key, request_hash: hex::encode(Sha256::digest(what.as_bytes())), body: Bytes::new() }
    }

    /// That of a call which comes by another way than HTTP; the same as if it had come by it.
    #[must_use]
    pub fn of(method: &str, path: &str, key: &str, body: &'static [u8]) -> Option<Self> {
        let request_hash = hash_of(method, path, body);
        is_key(key).then(|| Self { key: key.to_owned(), request_hash, body: Bytes::from_static(body) })
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
        if !is_key(key) {
            return Err(ApiError::invalid(
                "This call needs an Idempotency-Key of 1 to 200 visible characters.",
            )
            .with_field("Idempotency-Key", "missing or not valid"));
        }
        let key = key.to_owned();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let body = to_bytes(request.into_body(), BODY_BYTES).await.map_err(|_| {
            ApiError::invalid(format!("The body is larger than {BODY_BYTES} bytes or was cut."))
        })?;
        Ok(Self { key, request_hash: hash_of(method.as_str(), &path, &body), body })
    }
}

fn is_key(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn hash_of(method: &str, path: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), b"\n", path.as_bytes(), b"\n", body] {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
