//! `ApiError`: the one shape of errors, `{"error":{"code","message","correlation_id","fields"?}}`. What the user
//! reads stands here; the cause for the operator goes into the request's line.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::brief::{short, truncated};
use crate::correlation;
use crate::store::StoreError;

/// An answer that is an error.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    /// Upper-case word, stable for programs.
    pub code: &'static str,
    /// One sentence for the person at the screen.
    pub message: String,
    /// What is wrong with single fields of the request.
    pub fields: Map<String, Value>,
    pub retry_after_s: Option<u64>,
    /// For the operator only: told in the line of the request, never sent.
    pub cause: Option<String>,
}

/// Left in the response for the line of the request.
#[derive(Clone, Debug)]
pub(super) struct ErrorFacts {
    pub code: &'static str,
    pub cause: Option<String>,
}

impl ApiError {
    /// An error of any status.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Map::new(), retry_after_s: None, cause: None }
    }

    /// 400: the request cannot be read.
    pub fn invalid(message: impl Into<String>) -> Self {
        // Readers quote what they cannot read.
        Self::new(StatusCode::BAD_REQUEST, "INVALID", truncated(&message.into()))
    }

    /// 401: not signed in.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Sign in first.")
    }

    /// 403: this may not be done from here.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 404: there is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 409: in conflict with the present state.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 422: understood, but it makes no sense.
    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 429 with `Retry-After`.
    pub fn too_many(message: impl Into<String>, retry_after_s: u64) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", message);
        Self { retry_after_s: Some(retry_after_s), ..error }
    }

    /// 503 with `Retry-After`.
    pub fn unavailable(message: impl Into<String>, retry_after_s: u64) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message);
        Self { retry_after_s: Some(retry_after_s), ..error }
    }

    /// 500: ours.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL",
            "The server could not do this. The correlation id finds the reason in the log.",
        );
        Self { cause: Some(cause.to_string()), ..error }
    }

    /// Names a wrong field.
    #[must_use]
    pub fn with_field(mut self, field: &str, why: impl Into<String>) -> Self {
        self.fields.insert(short(field), Value::String(truncated(&why.into())));
        self
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.took_too_long() {
            let why = "The search was ended after ten seconds: ask for a shorter time or a single event.";
            return Self {
                code: "SEARCH_TOO_LONG",
                cause: Some(error.to_string()),
                ..Self::unavailable(why, 2)
            };
        }
        Self {
            cause: Some(error.to_string()),
            ..Self::unavailable("The database is not available right now.", 2)
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "correlation_id": correlation::current(),
        });
        if !self.fields.is_empty() {
            error["fields"] = Value::Object(self.fields);
        }
        let mut response = (self.status, axum::Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(ErrorFacts { code: self.code, cause: self.cause });
        response
    }
}
