//! Panic of everything: by the API, by a plain HTML form that needs no script, and its acknowledgement.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use model::input::OperatorAction;
use serde::Deserialize;

use super::accounts::check_password_in_need;
use super::extract::ClientAddress;
use super::{ApiError, Facts, IdempotencyKey, MaybeUser, User, guard, sessions};
use crate::shared::App;
use crate::{random, trading};

/// Longest reason of an acknowledgement.
const REASON_MOST: usize = 500;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/panic", post(everything))
        .route("/api/v1/panic/acknowledge", post(acknowledge))
        .route("/panic", post(form))
}

/// `POST /api/v1/panic`: closes everything and latches the account.
async fn everything(
    State(app): State<Arc<App>>,
    User(user): User,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    Ok(sessions::operate(app, user.username, key, account_panic()).await?.into_response())
}

fn account_panic() -> OperatorAction {
    OperatorAction::Panic { session_id: None, panic_id: trading::new_panic_id() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledgement {
    reason: String,
}

/// `POST /api/v1/panic/acknowledge`: clears the latch, only when verified flat.
async fn acknowledge(
    State(app): State<Arc<App>>,
    User(user): User,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let Acknowledgement { reason } = key.json()?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_MOST {
        let what = format!("1 to {REASON_MOST} characters");
        return Err(ApiError::invalid(format!("reason must have {what}.")).with_field("reason", what));
    }
    Ok(sessions::operate(app, user.username, key, OperatorAction::Acknowledge { reason })
        .await?
        .into_response())
}

/// Fields of the plain form.
#[derive(Deserialize)]
struct PanicForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    confirm: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

/// `POST /panic`: the same for a page whose script does not run. Signed in by cookie, or by name and password.
async fn form(
    State(app): State<Arc<App>>,
    MaybeUser(session): MaybeUser,
    ClientAddress(address): ClientAddress,
    Extension(facts): Extension<Facts>,
    headers: HeaderMap,
    Form(form): Form<PanicForm>,
) -> Response {
    if !guard::is_own_origin(&headers, app.config.http.public_url.as_deref()) {
        return page(StatusCode::FORBIDDEN, "Refused", "This form can only be sent from the console itself.");
    }
    if form.confirm != "PANIC" {
        let words = "Nothing was done: type PANIC in the field to confirm, then send it again.";
        return page(StatusCode::BAD_REQUEST, "Not confirmed", words);
    }
    let username = match session {
        Some(session) => session.username,
        None => match check_password_in_need(&app, address, &form.username, form.password).await {
            Ok(()) => form.username,
            Err(error) => return page(error.status, "Not signed in", &error.message),
        },
    };
    facts.set_user(&username);
    let key = if form.key.is_empty() { random::hex(16) } else { form.key };
    let key = IdempotencyKey::made(key, "POST /panic");
    match sessions::operate(app, username, key, account_panic()).await {
        Ok(answered) if answered.status == StatusCode::ACCEPTED => page(
            StatusCode::ACCEPTED,
            "Panic accepted",
            "Everything is being closed and the account is latched. Trading continues on the server until verified flat; \
             reload the console to follow it.",
        ),
        Ok(answered) => page(answered.status, "Not accepted", "The engine refused the request."),
        Err(error) => page(error.status, "Not accepted", &error.message),
    }
}

/// A page without script or style, for a browser that can do nothing else.
fn page(status: StatusCode, title: &str, words: &str) -> Response {
    let id = crate::correlation::current().unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Deltascope</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"></head>\
         <body><main><h1>{title}</h1><p>{words}</p><p>Correlation id: {id}</p><p><a href=\"/\">Back to the console</a></p>\
         </main></body></html>",
        words = escaped(words)
    );
    (status, Html(html)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
