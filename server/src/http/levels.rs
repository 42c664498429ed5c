//! `GET` and `PUT /api/v1/log-levels`: levels of single targets for a while; and the same as a plain form.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::{Level, Micros};

use super::alerts::operator;
use super::assets::Site;
use super::plain::{of_form, page, sender};
use super::reason::reason_of;
use super::{ApiError, IdempotencyKey, MaybeUser, User};
use crate::auth::Session;
use crate::levels::{Key, Refusal};
use crate::shared::App;
use crate::store::trading::StoredAnswer;
use crate::{clock, correlation};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/log-levels", get(list).put(put)).route("/settings/levels", post(form))
}

async fn list(State(app): State<Arc<App>>, _: User) -> Json<Value> {
    Json(json!({
        "default": app.teller.usual_level(),
        "levels": app.levels.changes().await,
        "targets": app.levels.targets(),
    }))
}

/// `level: null` takes a level back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    target: String,
    level: Option<Level>,
    #[serde(default)]
    expires_at: Option<Micros>,
    #[serde(default)]
    reason: String,
}

async fn put(
    State(app): State<Arc<App>>,
    User(session): User,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let wanted: Wanted = key.json()?;
    let StoredAnswer { response, .. } = set(&app, &session, key, wanted).await?;
    Ok(([(CONTENT_TYPE, "application/json")], response).into_response())
}

async fn set(
    app: &App,
    session: &Session,
    key: IdempotencyKey,
    wanted: Wanted,
) -> Result<StoredAnswer, ApiError> {
    operator(session)?;
    let Wanted { target, level, expires_at, reason } = wanted;
    let (wanted, reason) = match (level, expires_at) {
        (None, _) => (None, String::new()),
        (Some(level), Some(until)) => (Some((level, until)), reason_of(&reason)?),
        (Some(_), None) => {
            let message = "A level is for a while: expires_at is missing.";
            return Err(ApiError::invalid(message).with_field("expires_at", "a time to come"));
        }
    };
    let key = Key { username: session.username.clone(), key: key.key, request_hash: key.request_hash };
    let answer = app.levels.set(&target, wanted, reason, key, &correlation::context()).await;
    let answer = answer.map_err(refused)?;
    if target == "frontend" {
        app.ingest.settings.set_level(wanted.map(|(level, until)| (level, until.as_millis())));
    }
    Ok(answer)
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::NoSuchTarget => {
            ApiError::unprocessable("NO_SUCH_TARGET", "Nothing is told under that name.")
                .with_field("target", "a source, a family of events or an event of EVENTS.md")
        }
        Refusal::Past => ApiError::unprocessable("EXPIRY_PAST", "expires_at must lie in the future.")
            .with_field("expires_at", "a time to come"),
        Refusal::TooLong(most) => {
            let hours = most / 3_600_000_000;
            ApiError::unprocessable("EXPIRY_TOO_LONG", format!("This level lasts for {hours} h at most."))
                .with_field("expires_at", format!("at most {hours} h from now"))
        }
        Refusal::NotSet => ApiError::conflict("NOT_SET", "That target has no level of its own."),
        Refusal::KeyReused => ApiError::unprocessable(
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used with another request.",
        ),
        Refusal::Store => ApiError::unavailable("Levels cannot be kept now, so none is changed.", 2),
    }
}

/// Fields of a refusal: their names in the form on Settings, and what people read there.
const LABELS: [(&str, &str, &str); 3] =
    [("target", "target", "Target"), ("expires_at", "minutes", "For"), ("reason", "reason", "Why")];

/// Fields of the form on Settings.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    key: String,
    target: String,
    /// Empty: take the level back.
    #[serde(default)]
    level: String,
    #[serde(default)]
    minutes: Option<i64>,
    #[serde(default)]
    reason: String,
}

async fn form(
    State(app): State<Arc<App>>,
    MaybeUser(session): MaybeUser,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let say = |status, title: &str, words: &str| page(&site, status, title, words, ("/settings", "Back"));
    let session = match sender(&app, &headers, session, "nothing was changed") {
        Ok(session) => session,
        Err((status, title, words)) => return say(status, title, &words),
    };
    let Fields { key, target, level, minutes, reason } = fields;
    let what = format!("POST /settings/levels {target} {level} {minutes:?}");
    let until = clock::in_minutes(minutes.unwrap_or_default());
    let level = Level::parse(&level);
    let said = if level.is_some() { "level" } else { "level-ended" };
    let wanted = Wanted { target, level, expires_at: level.map(|_| until), reason };
    match set(&app, &session, IdempotencyKey::made(key, &what), wanted).await {
        Ok(_) => Redirect::to(&format!("/settings?said={said}")).into_response(),
        Err(error) => {
            let (words, wrong) = of_form(&error, &LABELS);
            let back = format!("/settings?wrong={wrong}#levels");
            page(&site, error.status, "Not done", &words, (&back, "Back"))
        }
    }
}
