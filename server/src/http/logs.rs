//! Records for people and programs: pages, histogram, groups of errors, traces.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::{CorrelationId, Level, Micros, Source};

use super::{ApiError, ApiPath, ApiQuery, User};
use crate::clock;
use crate::shared::App;
use crate::store::telemetry::{Bucket, Cursor, ErrorGroup, Filter};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MOST: usize = 1_000;
/// Columns of a histogram when the caller names none, and at most.
const COLUMNS_DEFAULT: i64 = 60;
const COLUMNS_MOST: i64 = 1_000;
/// Of `range`: a minute to 31 days.
const MINUTES: std::ops::RangeInclusive<i64> = 1..=44_640;
/// The span of a histogram without `from`: one hour.
const SPAN_US: i64 = 3_600_000_000;
const MINUTE_US: i64 = 60_000_000;

/// Query parameters as text; empty means: no restriction.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogParameters {
    pub level: String,
    pub source: String,
    pub event: String,
    pub session_id: String,
    pub correlation_id: String,
    pub q: String,
    pub from: String,
    pub to: String,
    /// The last so many minutes, counted from now; without `from` only.
    pub range: String,
    pub cursor: String,
    pub limit: String,
    pub columns: String,
    /// Who answers: `log`, which is also meant by nothing, or `elastic`.
    pub ask: String,
}

impl LogParameters {
    /// The filter; a parameter that cannot be read is a 400 that names it.
    pub fn filter(&self) -> Result<Filter, ApiError> {
        Ok(Filter {
            level: read("level", &self.level, "trace, debug, info, warn, error or fatal", Level::parse)?,
            source: read("source", &self.source, "backend, frontend or audit", Source::parse)?,
            event: text(&self.event),
            session_id: text(&self.session_id),
            correlation_id: text(&self.correlation_id),
            q: text(&self.q),
            from: read("from", &self.from, "an RFC 3339 time", Micros::parse_rfc3339)?.or(self.since()?),
            to: read("to", &self.to, "an RFC 3339 time", Micros::parse_rfc3339)?,
        })
    }

    /// Where the last minutes began.
    fn since(&self) -> Result<Option<Micros>, ApiError> {
        let allowed = |text: &str| text.parse().ok().filter(|minutes| MINUTES.contains(minutes));
        let minutes = read("range", &self.range, "1 to 44640 minutes", allowed)?;
        Ok(minutes.map(|minutes: i64| Micros(clock::now().0 - minutes * 60_000_000)))
    }

    /// Records of a page, 1 to 1,000.
    pub fn limit(&self) -> Result<usize, ApiError> {
        let allowed = |text: &str| text.parse().ok().filter(|n| (1..=LIMIT_MOST).contains(n));
        Ok(read("limit", &self.limit, "1 to 1000", allowed)?.unwrap_or(LIMIT_DEFAULT))
    }

    /// Where the page begins.
    pub fn cursor(&self) -> Result<Option<Cursor>, ApiError> {
        read("cursor", &self.cursor, "the next_cursor of a page before", Cursor::parse)
    }
}

/// `GET /api/v1/logs`: newest first.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(parameters): ApiQuery<LogParameters>,
) -> Result<Response, ApiError> {
    let (filter, limit) = (parameters.filter()?, parameters.limit()?);
    let page = app.answers(&parameters.ask)?.page(&filter, parameters.cursor()?, limit).await?;
    let next =
        page.next.map(|cursor| format!(",\"next_cursor\":\"{}\"", cursor.to_text())).unwrap_or_default();
    // A search for a text that had no more time says how far back it has looked.
    let looked = page.looked_to.map(|at| format!(",\"looked_to\":\"{at}\"")).unwrap_or_default();
    Ok(raw_json(format!("{{\"records\":[{}]{next}{looked}}}", page.lines.join(","))))
}

/// `GET /api/v1/traces/{correlation_id}`: in order of time.
pub(super) async fn trace(
    State(app): State<Arc<App>>,
    _: User,
    ApiPath(id): ApiPath<String>,
    ApiQuery(parameters): ApiQuery<LogParameters>,
) -> Result<Response, ApiError> {
    let id = CorrelationId::parse(&id).ok_or_else(|| {
        ApiError::invalid("A correlation id has 8 to 64 characters of 0-9, a-z, A-Z, _ and -.")
    })?;
    let lines = app.answers(&parameters.ask)?.trace(id.as_str()).await?;
    Ok(raw_json(format!("{{\"correlation_id\":\"{id}\",\"records\":[{}]}}", lines.join(","))))
}

/// `GET /api/v1/logs/histogram`: counts by level; `columns` steps between `from` (default one hour before `to`)
/// and `to` (default now).
pub(super) async fn histogram(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(parameters): ApiQuery<LogParameters>,
) -> Result<Json<Value>, ApiError> {
    let (filter, from, step_us) = histogram_steps(&parameters)?;
    let buckets = app.answers(&parameters.ask)?.histogram(&filter, from, step_us).await?;
    let columns: Vec<Value> = by_step(&buckets)
        .into_iter()
        .map(|(at, counts)| json!({ "from": Micros(at), "counts": counts }))
        .collect();
    Ok(Json(json!({ "from": from, "step_us": step_us, "buckets": columns })))
}

/// `GET /api/v1/logs/errors`: errors and worse in groups, latest first.
pub(super) async fn errors(
    State(app): State<Arc<App>>,
    _: User,
    ApiQuery(parameters): ApiQuery<LogParameters>,
) -> Result<Json<Value>, ApiError> {
    let groups = app.answers(&parameters.ask)?.errors(&parameters.filter()?).await?;
    Ok(Json(json!({ "errors": groups.iter().map(group).collect::<Vec<_>>() })))
}

/// The filter with its span filled in, where the first step begins, and the width of a step. From a minute on, steps are
/// whole minutes and begin with one: those are counted already. There may be some more of them than were asked for then.
pub fn histogram_steps(parameters: &LogParameters) -> Result<(Filter, Micros, i64), ApiError> {
    let mut filter = parameters.filter()?;
    let to = *filter.to.get_or_insert_with(|| Micros(clock::now().0 + 1));
    let from = *filter.from.get_or_insert(Micros(to.0.saturating_sub(SPAN_US)));
    if from >= to {
        return Err(ApiError::invalid("from must lie before to.").with_field("from", "before to"));
    }
    let allowed = |text: &str| text.parse().ok().filter(|n| (1..=COLUMNS_MOST).contains(n));
    let columns = read("columns", &parameters.columns, "1 to 1000", allowed)?.unwrap_or(COLUMNS_DEFAULT);
    let span = to.0.saturating_sub(from.0);
    if span / columns < MINUTE_US - 1_000_000 {
        return Ok((filter, from, (span + columns - 1) / columns));
    }
    let begins = from.0.div_euclid(MINUTE_US) * MINUTE_US;
    let minutes = to.0.saturating_sub(begins).div_euclid(MINUTE_US);
    let step = ((minutes + columns / 2) / columns).max(1);
    Ok((filter, Micros(begins), step * MINUTE_US))
}

/// Counts by level word for every step that has any.
#[must_use]
pub fn by_step(buckets: &[Bucket]) -> BTreeMap<i64, BTreeMap<String, u64>> {
    let mut steps: BTreeMap<i64, BTreeMap<String, u64>> = BTreeMap::new();
    for bucket in buckets {
        steps.entry(bucket.at.0).or_default().insert(bucket.level.as_str().to_owned(), bucket.count);
    }
    steps
}

fn group(group: &ErrorGroup) -> Value {
    json!({
        "event": group.event,
        "source": group.source,
        "message": group.message,
        "level": group.level,
        "fingerprint": group.fingerprint,
        "count": group.count,
        "sessions": group.sessions,
        "builds": group.builds,
        "first": group.first,
        "last": group.last,
    })
}

/// Records are stored as the JSON they are answered with.
fn raw_json(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn text(value: &str) -> Option<String> {
    Some(value).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn read<T>(
    name: &str,
    value: &str,
    allowed: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        ApiError::invalid(format!("{name} must be {allowed}."))
            .with_field(name, format!("allowed: {allowed}"))
    };
    parse(value).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_from_a_minute_on_are_whole_minutes_that_cover_what_was_asked_for() {
        for (minutes, columns) in
            [(60, 60), (1_440, 60), (43_200, 60), (61, 7), (10_000, 1_000), (5, 60), (90, 60)]
        {
            let parameters = LogParameters {
                range: minutes.to_string(),
                columns: columns.to_string(),
                ..LogParameters::default()
            };
            let (filter, from, step_us) = histogram_steps(&parameters).unwrap();
            let (asked, to) = (filter.from.unwrap(), filter.to.unwrap());
            assert!(from <= asked && asked.0 - from.0 < MINUTE_US);
            let steps = (to.0 - from.0 + step_us - 1) / step_us;
            if minutes >= columns {
                assert_eq!((from.0 % MINUTE_US, step_us % MINUTE_US), (0, 0), "{minutes} {columns}");
                assert!(steps <= columns * 3 / 2 + 2 && steps >= columns / 2, "{minutes} {columns}: {steps}");
            } else {
                assert_eq!((from, steps), (asked, columns));
            }
        }
    }
}
