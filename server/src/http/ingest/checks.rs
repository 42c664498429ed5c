//! What is looked at before the body: where the request comes from, what it says about itself, its page token.

use axum::http::{HeaderMap, StatusCode, header};
use telemetry::limits;

use super::super::{ApiError, guard};
use super::body::too_large;
use crate::clock;
use crate::ingest::Genuine;
use crate::shared::App;

/// Same origin only: a page of another site must not write in the name of its visitor.
pub(super) fn origin(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let own = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => guard::is_own_origin(headers, app.config.http.public_url.as_deref()),
    };
    if own { Ok(()) } else { Err(ApiError::forbidden("Log records are taken from our own pages only.")) }
}

/// Content type, encoding and announced length. Gives whether the body is gzip.
pub(super) fn headers(headers: &HeaderMap) -> Result<bool, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let refuse = |message| Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE", message));
    let media =
        text(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return refuse("The body must be application/json.");
    }
    let gzip = match text(header::CONTENT_ENCODING).unwrap_or("identity") {
        "gzip" => true,
        "identity" | "" => false,
        _ => return refuse("The body may be gzip or not encoded."),
    };
    match text(header::CONTENT_LENGTH).and_then(|value| value.parse::<usize>().ok()) {
        Some(length) if length > limits::BODY_ENCODED_BYTES => Err(too_large()),
        Some(_) | None => Ok(gzip),
    }
}

/// 410: browsers stop until they load another page.
pub(super) fn not_stopped(app: &App) -> Result<(), ApiError> {
    if app.ingest.settings.stopped(clock::now().as_millis()) {
        return Err(ApiError::new(StatusCode::GONE, "STOPPED", "Log records of browsers are not taken now."));
    }
    Ok(())
}

/// One that we made, expired or not.
pub(super) fn genuine_token(app: &App, headers: &HeaderMap) -> Result<Genuine, ApiError> {
    let token = headers.get("x-log-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    app.ingest.tokens.check(token, clock::now().as_millis() / 1_000).ok_or_else(bad_token)
}

pub(super) fn bad_token() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "PAGE_TOKEN",
        "The page token is missing or not valid; reload the page.",
    )
}
