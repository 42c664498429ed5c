//! Alerts over HTTP: what fires, what has ended, the rules, and what people do about them. A plain form does the same
//! without script.

mod form;
mod paint;
mod told;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::Micros;

use super::reason::reason_of;
use super::{ApiError, ApiPath, ApiQuery, IdempotencyKey, User, pages};
use crate::alerts::{Ask, AskError, Channel, Key, Refusal, RuleId};
use crate::auth::Session;
use crate::clock;
use crate::shared::App;
use crate::store::trading::StoredAnswer;

pub(super) use paint::{channels_of, open_of, paint_of};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MOST: usize = 1_000;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/alerts", get(list))
        .route("/api/v1/alerts/rules", get(rules))
        .route("/api/v1/alerts/test", post(test))
        .route("/api/v1/alerts/{id}/acknowledge", post(acknowledge))
        .route("/api/v1/alerts/{id}/silence", post(silence))
        .route("/api/v1/alerts/{id}/end-silence", post(end_silence))
        .route("/alerts/act", post(form::act))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Of the history.
    limit: Option<usize>,
    /// The history goes back to then.
    from: Option<Micros>,
}

/// `GET /api/v1/alerts`: what fires now, what has ended, and what became of the messages. What has ended is `null` while it cannot
/// be read.
async fn list(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Json<Value>, ApiError> {
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MOST).contains(&limit) {
        let allowed = format!("1 to {LIMIT_MOST}");
        return Err(ApiError::invalid(format!("limit must be {allowed}.")).with_field("limit", allowed));
    }
    let view = app.alerts.view();
    let ended = app.alerts.ended(asked.from.unwrap_or_default(), limit).await.ok();
    let deliveries = app.alerts.told(limit).await.ok();
    let (unread, worst) = view.unread;
    Ok(Json(json!({
        "as_of": view.as_of,
        "unread": unread,
        "unread_severity": worst.map(|severity| severity.word()),
        "firing": view.open.iter().map(|alert| told::alert_json(alert, &view)).collect::<Vec<_>>(),
        "history": ended.map(|ended| ended.iter().map(|alert| told::alert_json(alert, &view)).collect::<Vec<_>>()),
        "deliveries": deliveries,
        "waiting": view.notices.len(),
    })))
}

/// `GET /api/v1/alerts/rules`: every rule with its threshold, when it was last looked at, and its silence.
async fn rules(State(app): State<Arc<App>>, _: User) -> Json<Value> {
    let view = app.alerts.view();
    let rules = view.rules.iter();
    let rules: Vec<Value> =
        rules.map(|(id, looked, reading)| told::rule_json(*id, looked, reading, &view)).collect();
    Json(json!({ "as_of": view.as_of, "rules": rules }))
}

/// Viewers look, others act.
pub(super) fn operator(session: &Session) -> Result<(), ApiError> {
    if pages::console_user(session).may_operate() {
        Ok(())
    } else {
        Err(ApiError::forbidden("Viewers may look at this and change nothing."))
    }
}

async fn acknowledge(
    State(app): State<Arc<App>>,
    User(session): User,
    ApiPath(id): ApiPath<String>,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    key.json::<Empty>()?;
    done(&app, &session, key, |by| Ask::Acknowledge { id, by }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Silence {
    until: Micros,
    reason: String,
}

/// `id`: of an alert, or the word of a rule.
async fn silence(
    State(app): State<Arc<App>>,
    User(session): User,
    ApiPath(id): ApiPath<String>,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let Silence { until, reason } = key.json()?;
    let reason = reason_of(&reason)?;
    done(&app, &session, key, |by| Ask::Silence { id, until, reason, by }).await
}

async fn end_silence(
    State(app): State<Arc<App>>,
    User(session): User,
    ApiPath(id): ApiPath<String>,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    key.json::<Empty>()?;
    done(&app, &session, key, |by| Ask::EndSilence { id, by }).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    /// `webhook`, `telegram` or `mail`; absent: all that are set.
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    rule: Option<String>,
}

async fn test(
    State(app): State<Arc<App>>,
    User(session): User,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let Test { channel, rule } = key.json()?;
    let ask = test_of(channel.as_deref(), rule.as_deref())?;
    done(&app, &session, key, ask).await
}

fn test_of(
    channel: Option<&str>,
    rule: Option<&str>,
) -> Result<impl FnOnce(String) -> Ask + use<>, ApiError> {
    let channel = match channel {
        None => None,
        Some(word) => Some(Channel::parse(word).ok_or_else(|| {
            let allowed = "webhook, telegram or mail";
            ApiError::invalid(format!("channel must be {allowed}.")).with_field("channel", allowed)
        })?),
    };
    let rule = match rule {
        None => None,
        Some(word) => {
            Some(RuleId::parse(word).ok_or_else(|| ApiError::not_found("There is no rule of that name."))?)
        }
    };
    Ok(move |by| Ask::Test { channel, rule, by })
}

/// Does it once; the answer is the same however often it is asked under the key.
async fn done(
    app: &App,
    session: &Session,
    key: IdempotencyKey,
    ask: impl FnOnce(String) -> Ask,
) -> Result<Response, ApiError> {
    let StoredAnswer { status, response, .. } = ask_desk(app, session, key, ask).await?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::ACCEPTED);
    Ok((status, [(CONTENT_TYPE, "application/json")], response).into_response())
}

async fn ask_desk(
    app: &App,
    session: &Session,
    key: IdempotencyKey,
    ask: impl FnOnce(String) -> Ask,
) -> Result<StoredAnswer, ApiError> {
    operator(session)?;
    let ask = ask(session.username.clone());
    let key = Key { username: session.username.clone(), key: key.key, request_hash: key.request_hash };
    app.alerts.ask(ask, key).await.map_err(|error| match error {
        AskError::Refused(refusal) => refused(refusal),
        AskError::KeyReused => ApiError::unprocessable(
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used with another request.",
        ),
        AskError::Unavailable => ApiError::unavailable("What is done about alerts cannot be kept now.", 2),
    })
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::NoSuchAlert => ApiError::not_found("No alert of that id fires, and no rule has that name."),
        Refusal::NotSilent => ApiError::conflict("NOT_SILENT", "It is not silent."),
        Refusal::Past => {
            let now = clock::now().to_rfc3339();
            ApiError::unprocessable("SILENCE_PAST", format!("until must lie after {now}."))
                .with_field("until", "a time to come")
        }
        Refusal::TooLong(most) => {
            let hours = most / 3_600_000_000;
            ApiError::unprocessable(
                "SILENCE_TOO_LONG",
                format!("This rule can be silenced for {hours} h at most at once."),
            )
            .with_field("until", format!("at most {hours} h from now"))
        }
        Refusal::NoChannel => ApiError::conflict("NO_CHANNEL", "No such channel is set up."),
    }
}
