//! Panic of everything: by the API, by a plain HTML form that needs no script, and its acknowledgement.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router};
use model::input::OperatorAction;
use serde::Deserialize;

use super::accounts::check_password_in_need;
use super::assets::Site;
use super::extract::ClientAddress;
use super::plain::{FOREIGN, page};
use super::reason::reason_of;
use super::sessions::Answered;
use super::{ApiError, Facts, IdempotencyKey, MaybeUser, User, cookies, guard, sessions, step_up};
use crate::shared::App;
use crate::trading;

/// Closes everything and latches the account.
pub(super) const EVERYTHING: &str = "/api/v1/panic";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(EVERYTHING, post(everything))
        .route("/api/v1/panic/acknowledge", post(acknowledge))
        .route("/panic", post(form))
}

/// `POST /api/v1/panic`: closes everything and latches the account.
async fn everything(
    State(app): State<Arc<App>>,
    User(user): User,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    Ok(everything_of(app, user.username, key).await?.into_response())
}

/// The same, by whichever door.
pub(super) async fn everything_of(
    app: Arc<App>,
    username: String,
    key: IdempotencyKey,
) -> Result<Answered, ApiError> {
    sessions::operate(app, username, key, account_panic()).await
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
    let reason = reason_of(&reason)?;
    if app.trading.accounts.live().is_some() {
        step_up::confirmed(&app, &user, "Clearing the panic latch")?;
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

/// `POST /panic`: the same for a page whose script does not run. Signed in by cookie, or by name and password. Leads to
/// the page that shows what becomes of it.
async fn form(
    State(app): State<Arc<App>>,
    MaybeUser(session): MaybeUser,
    ClientAddress(address): ClientAddress,
    Extension(facts): Extension<Facts>,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    Form(form): Form<PanicForm>,
) -> Response {
    let say =
        |status, title: &str, words: &str| page(&site, status, title, words, ("/", "Back to the console"));
    if !guard::is_own_origin(&headers, app.config.http.public_url.as_deref()) {
        return say(StatusCode::FORBIDDEN, "Refused", FOREIGN);
    }
    if form.confirm != "PANIC" {
        let words = "Nothing was done: type PANIC in the field to confirm, then send it again.";
        return say(StatusCode::BAD_REQUEST, "Not confirmed", words);
    }
    let signed_in = session.is_some();
    let username = match session {
        Some(session) => session.username,
        None => match check_password_in_need(&app, address, &form.username, form.password).await {
            Ok(()) => form.username,
            Err(error) => return say(error.status, "Not signed in", &error.message),
        },
    };
    facts.set_user(&username);
    let key = IdempotencyKey::made(form.key, "POST /panic");
    let follow = format!("/panic/{}", crate::correlation::current().unwrap_or_default());
    match everything_of(Arc::clone(&app), username.clone(), key).await {
        Ok(answered) if answered.status == StatusCode::ACCEPTED && signed_in => {
            Redirect::to(&follow).into_response()
        }
        Ok(answered) if answered.status == StatusCode::ACCEPTED => {
            accepted_by_password(&app, &site, &headers, &username, &follow).await
        }
        Ok(answered) => say(answered.status, "Not accepted", "The engine refused the request."),
        Err(error) => say(error.status, "Not accepted", &error.message),
    }
}

/// Whoever gave the password is signed in by it. A browser that keeps no cookie has its answer here all the same.
async fn accepted_by_password(
    app: &App,
    site: &Site,
    headers: &HeaderMap,
    username: &str,
    follow: &str,
) -> Response {
    let words = "Everything is being closed and the account is latched. The server goes on until it is verified flat, \
                 whether or not this page is open.";
    let mut answer = page(site, StatusCode::ACCEPTED, "Panic accepted", words, (follow, "Follow it"));
    let token = app.accounts.start_session(username).await;
    cookies::set(&mut answer, headers, app, &token, app.config.auth.session_max_days * 86_400);
    answer
}
