//! Key figures of the machine over HTTP, the same that the tab of Telemetry paints.

use std::sync::Arc;

use app::{HistoryQuery, KpiPaint};
use axum::Json;
use axum::extract::State;
use model::Micros;
use serde::Deserialize;

use super::history::Asked;
use super::{ApiError, ApiQuery, User};
use crate::clock;
use crate::shared::App;

/// Without a span it is the last day.
const DAY_US: i64 = 24 * 3_600_000_000;
/// Tabs whose books are added up.
const TABS: usize = 200;

/// Query parameters.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Parameters {
    period: String,
    from: String,
    to: String,
}

/// `GET /api/v1/kpis?from=&to=`: times are RFC 3339 or days; the last day unless said otherwise.
pub(super) async fn figures(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(Parameters { period, from, to }): ApiQuery<Parameters>,
) -> Result<Json<KpiPaint>, ApiError> {
    Ok(Json(paint(&app, &HistoryQuery { period, from, to, ..HistoryQuery::default() }).await?))
}

/// The figures of a time, with what is known of browsers and the forwarder by now.
pub(super) async fn paint(app: &App, query: &HistoryQuery) -> Result<KpiPaint, ApiError> {
    let now = clock::now();
    let asked = Asked::read(query, now)?.filter;
    let everything = query.period == "all";
    let day_ago = if everything { Micros(0) } else { Micros(now.0 - DAY_US) };
    let (from, to) = (asked.from.unwrap_or(day_ago), asked.to.unwrap_or(Micros(now.0 + 1)));
    let on = app.config.elasticsearch.url.is_some();
    // What cannot be read now is not known; the figures are shown all the same.
    let books = if on { app.records.books().await.ok() } else { None };
    let tabs = app.records.tabs(TABS).await.ok();
    Ok(KpiPaint {
        kpis: app.trading.kpis.figures(from, to),
        as_of: now,
        forwards: on,
        offered: books.as_ref().map(|books| books.offered),
        delivered: books.as_ref().map(|books| books.delivered),
        quarantined: books.as_ref().map(|books| books.quarantined),
        held: books.as_ref().map(|books| books.held),
        browser_delivered: tabs.as_ref().map(|tabs| tabs.delivered),
        browser_unexplained: tabs.map(|tabs| tabs.unexplained_loss),
    })
}
