//! The password once more, for what costs money: as a call, and as a plain form that needs no script.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::Micros;

use super::accounts::{check_password, tell};
use super::assets::Site;
use super::extract::ClientAddress;
use super::plain::{page, sender};
use super::{ApiError, ApiJson, MaybeUser, User};
use crate::auth::{AuthEvent, Confirmed, Session};
use crate::clock;
use crate::shared::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/step-up", post(call)).route("/step-up", post(form))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Password {
    password: String,
}

/// `POST /api/v1/step-up`: until when it counts.
async fn call(
    State(app): State<Arc<App>>,
    User(session): User,
    ClientAddress(address): ClientAddress,
    ApiJson(Password { password }): ApiJson<Password>,
) -> Result<Json<Value>, ApiError> {
    let until = confirm(&app, &session, address, password).await?;
    Ok(Json(json!({ "user": session.username, "confirmed_until": until })))
}

/// `POST /step-up`: the same from a page, and back to Control.
async fn form(
    State(app): State<Arc<App>>,
    MaybeUser(session): MaybeUser,
    ClientAddress(address): ClientAddress,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    Form(Password { password }): Form<Password>,
) -> Response {
    let say =
        |status, title: &str, words: &str| page(&site, status, title, words, ("/", "Back to the console"));
    let session = match sender(&app, &headers, session, "nothing was confirmed") {
        Ok(session) => session,
        Err((status, title, words)) => return say(status, title, &words),
    };
    match confirm(&app, &session, address, password).await {
        Ok(until) => {
            let until = until.to_rfc3339();
            let until = until.get(..19).unwrap_or(&until).replace('T', " ");
            let words = format!("Live sessions can be started from this browser until {until} UTC.");
            say(StatusCode::OK, "Confirmed", &words)
        }
        Err(error) => say(error.status, "Not confirmed", &error.message),
    }
}

/// Failures count as those of a sign-in do.
async fn confirm(
    app: &App,
    session: &Session,
    address: std::net::IpAddr,
    password: String,
) -> Result<Micros, ApiError> {
    check_password(app, address, &session.username, password).await.map_err(|error| {
        if error.status == StatusCode::UNAUTHORIZED {
            // Nobody was asked for a name.
            let message = "The password is wrong; nothing was confirmed.";
            return ApiError::new(error.status, "BAD_CREDENTIALS", message);
        }
        error
    })?;
    app.step_ups.confirm(session, Instant::now());
    let minutes = app.config.auth.step_up_minutes;
    tell(app, AuthEvent::SteppedUp { user: session.username.clone(), address: address.to_string(), minutes });
    Ok(Micros(clock::now().0 + i64::try_from(minutes).unwrap_or(0) * 60_000_000))
}

/// The confirmation that `what` needs, or the refusal. Both stand in the audit.
pub(super) fn confirmed(app: &App, session: &Session, what: &'static str) -> Result<Confirmed, ApiError> {
    let user = session.username.clone();
    match app.step_ups.confirmed(session, Instant::now()) {
        Some(confirmed) => {
            tell(app, AuthEvent::StepUpUsed { user, what, age_s: confirmed.age().as_secs() });
            Ok(confirmed)
        }
        None => {
            tell(app, AuthEvent::StepUpMissing { user, what });
            let minutes = app.config.auth.step_up_minutes;
            let message = format!(
                "{what} wants your password once more, not longer than {minutes} minutes ago: confirm it on Control, or by \
                 POST /api/v1/step-up."
            );
            Err(ApiError::new(StatusCode::FORBIDDEN, "STEP_UP_REQUIRED", message))
        }
    }
}
