//! Signing in and out, and who is signed in.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::ClientAddress;
use super::{ApiError, ApiJson, User, cookies};
use crate::auth::{AuthEvent, PASSWORD_RULE, is_acceptable};
use crate::correlation;
use crate::shared::App;

/// Body of a sign-in. With the `token` of a one-time link, `password` is the one to set.
#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    username: String,
    password: String,
    #[serde(default)]
    token: Option<String>,
}

/// `POST /api/v1/sign-in`.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    ApiJson(body): ApiJson<SignIn>,
) -> Result<Response, ApiError> {
    let username = authenticate(&app, address, body).await?;
    let token = app.accounts.start_session(&username).await;
    tell(&app, AuthEvent::SignedIn { user: username.clone(), address: address.to_string() });
    let mut response = Json(me(&username)).into_response();
    cookies::set(&mut response, &headers, &app, &token, app.config.auth.session_max_days * 86_400);
    Ok(response)
}

/// Body of setting the first password by the one-time link.
#[derive(Deserialize)]
pub(super) struct SetPassword {
    token: String,
    password: String,
}

/// `POST /api/v1/set-password-by-link`: sets the password and signs in.
pub(super) async fn set_password(
    app: State<Arc<App>>,
    address: ClientAddress,
    headers: HeaderMap,
    ApiJson(SetPassword { token, password }): ApiJson<SetPassword>,
) -> Result<Response, ApiError> {
    let body = SignIn { username: String::new(), password, token: Some(token) };
    sign_in(app, address, headers, ApiJson(body)).await
}

/// `POST /api/v1/sign-out`: ends the session of the cookie.
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    User(session): User,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.step_ups.forget(&session.token_hash);
    app.accounts.end_session(&session.token_hash).await;
    tell(&app, AuthEvent::SignedOut { user: session.username });
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::set(&mut response, &headers, &app, "", 0);
    Ok(response)
}

/// `GET /api/v1/me`.
pub(super) async fn who(User(session): User) -> Json<Value> {
    Json(me(&session.username))
}

/// The same for the emergency form: it has a budget of its own, so that failing sign-ins of others do not shut it, and
/// beyond it whoever knows the password still gets through, slowly.
pub async fn check_password_in_need(
    app: &App,
    address: std::net::IpAddr,
    username: &str,
    password: String,
) -> Result<(), ApiError> {
    let turn = match app.emergency.attempt(address, Instant::now()) {
        Ok(()) => None,
        Err(retry_after_s) => match app.slow_lane.turn().await {
            Some(turn) => Some(turn),
            None => return Err(ApiError::too_many("Too many try at once.", retry_after_s)),
        },
    };
    let verified = verify(app, address, username, password).await;
    if verified.is_ok() && turn.is_none() {
        app.emergency.succeeded(address);
    }
    verified
}

/// Checks name and password under the throttle, telling failures.
pub(super) async fn check_password(
    app: &App,
    address: std::net::IpAddr,
    username: &str,
    password: String,
) -> Result<(), ApiError> {
    attempt(app, address)?;
    verify(app, address, username, password).await?;
    app.throttle.succeeded(address);
    Ok(())
}

async fn verify(
    app: &App,
    address: std::net::IpAddr,
    username: &str,
    password: String,
) -> Result<(), ApiError> {
    if app.accounts.verify(username, password).await? {
        return Ok(());
    }
    let user = telemetry::clean(username).chars().take(64).collect();
    tell(app, AuthEvent::SignInFailed { user, address: address.to_string() });
    Err(ApiError::new(StatusCode::UNAUTHORIZED, "BAD_CREDENTIALS", "User name or password is wrong."))
}

async fn authenticate(app: &App, address: std::net::IpAddr, body: SignIn) -> Result<String, ApiError> {
    let SignIn { username, password, token } = body;
    let Some(token) = token else {
        check_password(app, address, &username, password).await?;
        return Ok(username);
    };
    attempt(app, address)?;
    let stale = || {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "LINK_EXPIRED",
            "This link was used or is older than 15 minutes. Restart the server for a new one.",
        )
    };
    let user = app.setup_link.user_of(&token, Instant::now()).ok_or_else(stale)?;
    if !is_acceptable(&password) {
        app.throttle.succeeded(address);
        return Err(ApiError::unprocessable(
            "PASSWORD_REFUSED",
            format!("A password needs {PASSWORD_RULE}."),
        )
        .with_field("password", PASSWORD_RULE));
    }
    let redeemed = app.setup_link.redeem(&token, Instant::now()).ok_or_else(stale)?;
    app.throttle.succeeded(address);
    if let Err(error) = app.accounts.set_password(&user, password).await {
        app.setup_link.give_back(redeemed);
        return Err(error.into());
    }
    tell(app, AuthEvent::PasswordSet { user: user.clone(), by: "one-time link" });
    Ok(user)
}

fn attempt(app: &App, address: std::net::IpAddr) -> Result<(), ApiError> {
    app.throttle.attempt(address, Instant::now()).map_err(|retry_after_s| {
        tell(app, AuthEvent::SignInThrottled { address: address.to_string(), retry_after_s });
        ApiError::too_many("Too many failed sign-ins from this address.", retry_after_s)
    })
}

/// Every account may do everything in this version.
fn me(username: &str) -> Value {
    json!({ "username": username, "role": "admin" })
}

pub(super) fn tell(app: &App, event: AuthEvent) {
    app.teller.tell(&event, &correlation::context());
}
