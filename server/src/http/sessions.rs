//! Sessions over HTTP: start, operator requests, what they are, and what was decided.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use model::input::{OperatorAction, ResolveChoice};
use model::preset::preset;
use model::{Configuration, DecisionRecord, ExecutionMode, SessionId};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::{Context, CorrelationId, Event as _, Level};

use super::{ApiError, ApiPath, ApiQuery, Facts, IdempotencyKey, User, history, step_up};
use crate::live::Door;
use crate::shared::App;
use crate::trading::{Idempotency, RequestError};
use crate::venue::Accounts;
use crate::{correlation, trading};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MOST: usize = 1_000;
/// Sessions of a list at most.
const SESSIONS_MOST: i64 = 200;
/// How long a request to close waits to learn whether it was answered before.
const KNOWN_WAIT: Duration = Duration::from_millis(300);

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/sessions", get(list).post(start))
        .route("/api/v1/sessions/{id}", get(one))
        .route("/api/v1/sessions/{id}/decisions", get(decisions))
        .route("/api/v1/sessions/{id}/{request}", post(request))
}

/// What to start: a preset, or a whole configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    configuration: Option<Configuration>,
    #[serde(default)]
    configuration_id: Option<String>,
    #[serde(default)]
    execution_mode: ExecutionMode,
}

impl Start {
    fn configuration(self) -> Result<Configuration, ApiError> {
        let configuration = match (self.preset, self.configuration, self.configuration_id) {
            (Some(id), None, None) => preset(&id).map(|preset| preset.configuration).ok_or_else(|| {
                ApiError::unprocessable("NO_SUCH_PRESET", "There is no preset of that id.")
                    .with_field("preset", id)
            })?,
            (None, Some(configuration), None) => configuration,
            (None, None, Some(id)) => {
                let message = "Stored configurations are not available in this version; send a preset or a configuration.";
                return Err(ApiError::unprocessable("NO_SUCH_CONFIGURATION", message)
                    .with_field("configuration_id", id));
            }
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) | (None, None, None) => {
                return Err(ApiError::invalid(
                    "Send exactly one of preset, configuration and configuration_id.",
                ));
            }
        };
        checked(configuration)
    }
}

/// 422 with every field that is wrong.
fn checked(configuration: Configuration) -> Result<Configuration, ApiError> {
    let problems = configuration.problems();
    if problems.is_empty() {
        return Ok(configuration);
    }
    let wrong = problems.iter().map(|(field, why)| format!(" {}: {why}", app::field_label(field)));
    let message = format!("The configuration cannot be started as it is.{}", wrong.collect::<String>());
    let error = ApiError::unprocessable("CONFIGURATION_INVALID", message);
    Err(problems.into_iter().fold(error, |error, (field, why)| error.with_field(&field, why)))
}

/// `POST /api/v1/sessions`.
async fn start(
    State(app): State<Arc<App>>,
    User(user): User,
    Extension(facts): Extension<Facts>,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let body: Start = key.json()?;
    let execution_mode = body.execution_mode;
    let configuration = body.configuration()?;
    let session_id = SessionId(trading::new_id("s-"));
    let mut context = Context {
        strategy_id: Some(configuration.strategy_id.word().to_owned()),
        configuration: Some(configuration.name.clone()),
        execution_mode: Some(execution_mode.word().to_owned()),
        ..Context::default()
    };
    let expected = app.trading.expected(&configuration, Context::default()).await;
    let configuration = Box::new(configuration);
    // A repeat gets the first answer, also when the confirmation is no longer fresh.
    if execution_mode == ExecutionMode::Live
        && let Some(answered) = answered_before(&app, &user.username, &key).await?
    {
        return Ok(answered.into_response());
    }
    let action = match (&app.trading.accounts, execution_mode) {
        (Accounts::Simulated(account), ExecutionMode::Simulated) => {
            account.open().start(session_id, configuration, expected)
        }
        (Accounts::Live(account), ExecutionMode::Live) => {
            let confirmed = step_up::confirmed(&app, &user, "A live start")?;
            account.open(confirmed).map_err(shut)?.start(session_id, configuration, expected)
        }
        // On an account of the other kind the engine refuses, and the journal says so.
        (Accounts::Simulated(_), ExecutionMode::Live) | (Accounts::Live(_), ExecutionMode::Simulated) => {
            OperatorAction::Start { session_id, configuration, execution_mode, expected }
        }
    };
    let answered = operate(app, user.username, key, action).await?;
    // A repeat is about the session of the first call, a refusal about none.
    context.session_id = answered.session_id();
    facts.set_context(&context);
    Ok(answered.into_response())
}

/// No live session begins before the venue has said whose the keys are.
fn shut(door: Door) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "LIVE_NOT_VERIFIED",
        format!("No live session can be started: {door}."),
    )
}

/// A context that knows no more than the id.
pub(super) fn of_id(id: &str) -> Context {
    Context { session_id: Some(id.to_owned()), ..Context::default() }
}

/// How an operator says to go on; closing what is ours unless said otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Resolution {
    choice: ResolveChoice,
}

/// The engine's answer, fresh or repeated.
pub(super) struct Answered {
    pub status: StatusCode,
    body: String,
}

impl Answered {
    fn new(status: u16, body: String) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body }
    }

    fn session_id(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        body.get("session_id")?.as_str().map(str::to_owned)
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}

/// `POST /api/v1/sessions/{id}/{pause,resume,stop,drain,resolve,panic}`.
async fn request(
    State(app): State<Arc<App>>,
    User(user): User,
    ApiPath((id, request)): ApiPath<(String, String)>,
    Extension(facts): Extension<Facts>,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let session_id = SessionId(id.clone());
    let action = match request.as_str() {
        "pause" => OperatorAction::Pause { session_id },
        "resume" => OperatorAction::Resume { session_id },
        "stop" => OperatorAction::Stop { session_id },
        "drain" => OperatorAction::Drain { session_id },
        "resolve" => {
            let Resolution { choice } = key.json()?;
            OperatorAction::Resolve { session_id, choice }
        }
        "panic" => OperatorAction::Panic { session_id: Some(session_id), panic_id: trading::new_panic_id() },
        _unknown => return Err(ApiError::not_found("There is nothing at this address.")),
    };
    facts.set_context(&app.teller.sessions().completed(of_id(&id)));
    Ok(operate(app, user.username, key, action).await?.into_response())
}

/// Asks the engine once per key. Goes on when the caller hangs up, so that a repeat finds the answer.
pub(super) async fn operate(
    app: Arc<App>,
    username: String,
    key: IdempotencyKey,
    action: OperatorAction,
) -> Result<Answered, ApiError> {
    let work = correlation::carry(once(app, username, key, action));
    tokio::spawn(work).await.unwrap_or_else(|error| Err(ApiError::internal(error)))
}

async fn once(
    app: Arc<App>,
    username: String,
    key: IdempotencyKey,
    action: OperatorAction,
) -> Result<Answered, ApiError> {
    let trading = &app.trading;
    let _held = trading.keys.hold(&username, &key.key).await;
    let known = answered_before(&app, &username, &key);
    // Whoever wants out does not wait for a logbook that hangs.
    let closes = matches!(action, OperatorAction::Panic { .. } | OperatorAction::Stop { .. });
    let known =
        if closes { tokio::time::timeout(KNOWN_WAIT, known).await.unwrap_or(Ok(None)) } else { known.await };
    match known {
        Ok(Some(answered)) => return Ok(answered),
        Ok(None) => {}
        // A logbook that fails must not keep anybody from closing; a key of another request is a mistake all the same.
        Err(error) if closes && error.status != StatusCode::UNPROCESSABLE_ENTITY => {}
        Err(error) => return Err(error),
    }
    let id = correlation::current().and_then(|id| CorrelationId::parse(&id));
    let id = id.unwrap_or_else(correlation::fresh_id);
    let idempotency =
        Idempotency { username: username.clone(), key: key.key, request_hash: key.request_hash };
    let accepted =
        trading.operator.ask(&username, id, action, Some(idempotency)).await.map_err(unanswered)?;
    Ok(Answered::new(accepted.status, accepted.body.to_string()))
}

/// The answer that this key was given before.
async fn answered_before(
    app: &App,
    username: &str,
    key: &IdempotencyKey,
) -> Result<Option<Answered>, ApiError> {
    match app.trading.store.answer_of(username, &key.key).await? {
        Some(known) if known.request_hash != key.request_hash => {
            let message = "This Idempotency-Key was used for another request.";
            Err(ApiError::unprocessable("IDEMPOTENCY_KEY_REUSED", message))
        }
        Some(known) => Ok(Some(Answered::new(known.status, known.response))),
        None => Ok(None),
    }
}

pub(super) fn unanswered(error: RequestError) -> ApiError {
    match error {
        RequestError::Busy => ApiError::unavailable("Too many requests wait for the engine.", 1),
        RequestError::NotDurable => {
            ApiError::unavailable("The journal cannot be written, so nothing can be promised.", 5)
        }
        RequestError::Stopped => ApiError::unavailable("Trading is starting or has stopped.", 2),
    }
}

/// What is stored as JSON already.
fn stored_json(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// `GET /api/v1/sessions`: newest first. What runs is there even when the past cannot be read: then `complete` is
/// false. With filters: a page of finished ones.
async fn list(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(query): ApiQuery<app::HistoryQuery>,
) -> Result<Response, ApiError> {
    if query != app::HistoryQuery::default() {
        return history::views_page(&app, &query).await;
    }
    let live = app.trading.hub.sessions();
    let past = app.trading.history.sessions(SESSIONS_MOST).await;
    let complete = past.is_ok();
    let mut bodies = Vec::new();
    for view in &live {
        bodies.push(serde_json::to_string(view).map_err(ApiError::internal)?);
    }
    let is_live = |id: &str| live.iter().any(|view| view.session_id.as_str() == id);
    let past = past.unwrap_or_default().into_iter().filter(|row| !is_live(&row.session_id));
    bodies.extend(past.map(|row| row.body));
    Ok(stored_json(format!("{{\"sessions\":[{}],\"complete\":{complete}}}", bodies.join(","))))
}

/// `GET /api/v1/sessions/{id}`.
async fn one(
    State(app): State<Arc<App>>,
    _: User,
    ApiPath(id): ApiPath<String>,
    Extension(facts): Extension<Facts>,
) -> Result<Response, ApiError> {
    facts.set_context(&history::session_context(&app, &id).await);
    if let Some(live) = app.trading.hub.session(&id) {
        return Ok(Json(live).into_response());
    }
    match app.trading.history.session(&id).await? {
        Some(body) => Ok(stored_json(body)),
        None => Err(ApiError::not_found("There is no session of that id.")),
    }
}

/// Query parameters of `decisions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DecisionParameters {
    /// That and above; `info` unless given.
    level: String,
    /// The `next_cursor` of a page before.
    cursor: String,
    limit: String,
}

/// `GET /api/v1/sessions/{id}/decisions`: newest first.
async fn decisions(
    State(app): State<Arc<App>>,
    _: User,
    ApiPath(id): ApiPath<String>,
    ApiQuery(parameters): ApiQuery<DecisionParameters>,
    Extension(facts): Extension<Facts>,
) -> Result<Json<Value>, ApiError> {
    facts.set_context(&history::session_context(&app, &id).await);
    let allowed =
        |name: &str, what: &str| ApiError::invalid(format!("{name} must be {what}.")).with_field(name, what);
    let level = match parameters.level.as_str() {
        "" => Level::Info,
        word => {
            Level::parse(word).ok_or_else(|| allowed("level", "trace, debug, info, warn, error or fatal"))?
        }
    };
    let before = match parameters.cursor.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| allowed("cursor", "the next_cursor of a page before"))?),
    };
    let limit = match parameters.limit.as_str() {
        "" => LIMIT_DEFAULT,
        text => text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MOST).contains(limit))
            .ok_or_else(|| allowed("limit", "1 to 1000"))?,
    };
    let live = app.trading.hub.session(&id).is_some();
    if !live && app.trading.history.session(&id).await?.is_none() {
        return Err(ApiError::not_found("There is no session of that id."));
    }
    let page = app.trading.store.decisions_page(&id, level, before, limit).await?;
    let rows: Vec<Value> = page.records.iter().map(decision_row).collect();
    let mut body = json!({ "decisions": rows });
    if let Some(next) = page.next {
        body["next_cursor"] = json!(next.to_string());
    }
    Ok(Json(body))
}

fn decision_row(record: &DecisionRecord) -> Value {
    json!({
        "decision_seq": record.seq,
        "at": record.at,
        "event": record.decision.name(),
        "level": record.decision.level(),
        "message": record.decision.message(),
        "payload": record.decision.payload(),
        "correlation_id": record.correlation_id,
        "session_id": record.session_id,
        "caused_by": format!("{}-i{}", record.boot_id, record.input_seq),
    })
}
