//! Security headers of every answer, and the nonce of its content security policy.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::guard;
use crate::random;
use crate::shared::App;

/// The nonce that scripts of this answer must carry; an extension of every request.
#[derive(Clone, Debug)]
pub struct CspNonce(pub String);

const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Of what is no page: nothing may come of it if somebody opens it as one. A script, a style sheet and the module live
/// under the policy of the page that asked for them, so that the long one would only weigh, on every file.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// The middleware.
pub(super) async fn secure(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let nonce = random::hex(16);
    // The Host was checked before, so it cannot smuggle anything into the policy.
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).map(str::to_owned);
    request.extensions_mut().insert(CspNonce(nonce.clone()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let public = app.config.http.public_url.as_deref();
    let is_page = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    let policy = if headers.get(header::CONTENT_TYPE).is_some_and(is_page) {
        policy(&nonce, host.as_deref().unwrap_or_default(), public)
    } else {
        NO_PAGE.to_owned()
    };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if public.is_some_and(|url| url.starts_with("https://")) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// `'self'` in `connect-src` does not cover WebSockets in every browser, so they are named; also at the public address,
/// which a proxy may not tell us in `Host`.
fn policy(nonce: &str, host: &str, public: Option<&str>) -> String {
    let socket = |url: &str| {
        let scheme = if url.starts_with("https://") { "wss" } else { "ws" };
        guard::authority(url).map(|authority| format!(" {scheme}://{authority}"))
    };
    let public = public.and_then(socket).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self' ws://{host} wss://{host}{public}; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )
}
