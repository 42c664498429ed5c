//! Finished sessions for people and programs: pages of results with their sums, the figures over them, one session
//! with its story. Filters are the same everywhere.

mod asked;
mod export;

use std::sync::Arc;

use app::{Analytics, Choices, HistoryQuery, ResultsPage, SessionDetail};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::analytics::report;
use model::state::day_of;
use model::view::{SessionView, WhyView};
use model::{ExecutionMode, Micros, SessionId};
use telemetry::{Context, Level};

use super::{ApiError, ApiQuery, User};
use crate::clock;
use crate::shared::App;
use crate::store::history::{Outcome, ResultFilter};
use asked::Asked;

/// Trades that the figures look at.
const TRADES_MOST: i64 = 100_000;
/// Names that a form offers.
const CHOICES_MOST: i64 = 200;
/// Decisions of a story.
const STORY_MOST: usize = 400;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/trades", get(trades))
        .route("/api/v1/trades.csv", get(trades_csv))
        .route("/api/v1/sessions.csv", get(trades_csv))
        .route("/api/v1/analytics", get(figures))
        .route("/api/v1/analytics.csv", get(figures_csv))
}

/// `GET /api/v1/trades`: finished sessions, in the market or not (`result` narrows), with the sums of all that match.
async fn trades(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Json<ResultsPage>, ApiError> {
    Ok(Json(results_page(&app, &query).await?))
}

/// `GET /api/v1/trades.csv`: all that match, not one page.
async fn trades_csv(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Response, ApiError> {
    let now = clock::now();
    let mut asked = Asked::read(&query, now)?;
    // What ends while the file is written would shift its rows.
    asked.filter.to = Some(asked.filter.to.unwrap_or(now).min(now));
    export::bounded(app.trading.history.totals(&asked.filter).await?.sessions)?;
    Ok(export::results(app, asked))
}

/// `GET /api/v1/analytics`.
async fn figures(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Json<Analytics>, ApiError> {
    Ok(Json(analytics(&app, &query).await?))
}

/// `GET /api/v1/analytics.csv`: the days.
async fn figures_csv(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Response, ApiError> {
    Ok(export::days(&analytics(&app, &query).await?.report))
}

/// A page of `GET /api/v1/sessions` with filters: views of finished sessions as JSON.
pub(super) async fn views_page(app: &App, query: &HistoryQuery) -> Result<Response, ApiError> {
    let asked = Asked::read(query, clock::now())?;
    let history = &app.trading.history;
    let total = history.totals(&asked.filter).await?.sessions;
    let views = history.result_views(&asked.filter, asked.sort, asked.offset(), row_count(&asked)).await?;
    let body = format!(
        "{{\"sessions\":[{}],\"complete\":true,\"page\":{},\"pages\":{},\"limit\":{},\"total\":{total}}}",
        views.join(","),
        asked.page,
        total.div_ceil(asked.limit),
        asked.limit,
    );
    Ok(([(axum::http::header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn row_count(asked: &Asked) -> i64 {
    i64::try_from(asked.limit).unwrap_or(i64::MAX)
}

/// A page of results.
pub(super) async fn results_page(app: &App, query: &HistoryQuery) -> Result<ResultsPage, ApiError> {
    let as_of = clock::now();
    let asked = Asked::read(query, as_of)?;
    let history = &app.trading.history;
    let totals = history.totals(&asked.filter).await?;
    Ok(ResultsPage {
        results: history.results(&asked.filter, asked.sort, asked.offset(), row_count(&asked)).await?,
        page: asked.page,
        pages: totals.sessions.div_ceil(asked.limit),
        limit: asked.limit,
        as_of,
        choices: choices(app).await?,
        running: running(app),
        totals,
    })
}

/// The figures over what matches.
pub(super) async fn analytics(app: &App, query: &HistoryQuery) -> Result<Analytics, ApiError> {
    let as_of = clock::now();
    let mut filter = Asked::read(query, as_of)?.filter;
    let history = &app.trading.history;
    let execution_mode = match filter.execution_mode {
        Some(mode) => mode,
        None => mode_of_results(app, &filter).await?,
    };
    filter.execution_mode = Some(execution_mode);
    let mut trades = history.trades(&filter, TRADES_MOST + 1).await?;
    let complete = trades.len() as i64 <= TRADES_MOST;
    trades.truncate(usize::try_from(TRADES_MOST).unwrap_or(usize::MAX));
    let through = filter.to.map_or(as_of, |to| Micros(to.0 - 1)).min(as_of);
    Ok(Analytics {
        execution_mode,
        from: filter.from,
        to: filter.to,
        complete,
        as_of,
        running: running(app),
        choices: choices(app).await?,
        report: report(trades, day_of(through)),
    })
}

/// Live results matter more than simulated ones, and are never added to them.
async fn mode_of_results(app: &App, filter: &ResultFilter) -> Result<ExecutionMode, ApiError> {
    let live = ResultFilter {
        execution_mode: Some(ExecutionMode::Live),
        outcome: Some(Outcome::Traded),
        ..filter.clone()
    };
    let any = app.trading.history.totals(&live).await?.sessions > 0;
    Ok(if any { ExecutionMode::Live } else { ExecutionMode::Simulated })
}

fn running(app: &App) -> usize {
    app.trading.hub.look(|state, _| state.active().count())
}

async fn choices(app: &App) -> Result<Choices, ApiError> {
    let pairs = app.trading.history.choices(CHOICES_MOST).await?;
    let (mut configurations, mut underlyings): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
    for names in [&mut configurations, &mut underlyings] {
        names.sort();
        names.dedup();
    }
    Ok(Choices { configurations, underlyings })
}

/// The trading context of a session, also of one of an earlier process.
pub(super) async fn session_context(app: &App, id: &str) -> Context {
    let sessions = app.teller.sessions();
    let bare = super::sessions::of_id(id);
    if let Some(known) = sessions.of(id) {
        return known;
    }
    // What cannot be read now leaves a line with the id alone.
    let body = app.trading.history.session(id).await.ok().flatten();
    let Some(view) = body.and_then(|body| serde_json::from_str::<SessionView>(&body).ok()) else {
        return bare;
    };
    let context = Context {
        strategy_id: Some(view.strategy_id),
        configuration: Some(view.configuration),
        execution_mode: Some(view.execution_mode.word().to_owned()),
        ..bare
    };
    sessions.remember(context.clone());
    context
}

/// Everything about one session; `None` when there is none of that id.
pub(super) async fn detail(app: &App, id: &str) -> Result<Option<SessionDetail>, ApiError> {
    let as_of = clock::now();
    let history = &app.trading.history;
    let live = app.trading.hub.look(|state, _| {
        let session = state.session(&SessionId::from(id))?;
        Some((session.configuration.clone(), model::result::SessionResult::of(session)))
    });
    let (view, settings, result) = match (app.trading.hub.session(id), live) {
        (Some(view), Some((settings, result))) => (view, Some(settings), result),
        (None, _) | (_, None) => {
            let Some(body) = history.session(id).await? else { return Ok(None) };
            let view = serde_json::from_str(&body).map_err(ApiError::internal)?;
            let result = history.result(id).await?;
            (view, result.as_ref().and_then(|result| result.settings.as_deref().cloned()), result)
        }
    };
    let page = app.trading.store.decisions_page(id, Level::Info, None, STORY_MOST).await?;
    let decisions = page.records.iter().rev().map(WhyView::of).collect();
    let points = history.points(id).await?;
    Ok(Some(SessionDetail { view, result, settings, decisions, more: page.next.is_some(), points, as_of }))
}
