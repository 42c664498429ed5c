//! Reading records: pages newest first, histogram, traces, groups of errors.

use sqlx::{QueryBuilder, Row, Sqlite};
use telemetry::{Level, Micros, Source};

use super::TelemetryStore;
use crate::store::StoreError;

/// Which records are asked for; what is `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// That level and above.
    pub level: Option<Level>,
    pub source: Option<Source>,
    pub event: Option<String>,
    pub session_id: Option<String>,
    pub correlation_id: Option<String>,
    /// Substring of event or message, case ignored.
    pub q: Option<String>,
    /// Inclusive.
    pub from: Option<Micros>,
    /// Exclusive.
    pub to: Option<Micros>,
}

/// Where the next page begins: after the record at this time with this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at_us: i64,
    pub id: i64,
}

impl Cursor {
    /// Opaque text for URLs.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}-{}", self.at_us, self.id)
    }

    /// Reads what `to_text` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.rsplit_once('-')?;
        Some(Self { at_us: at.parse().ok()?, id: id.parse().ok()? })
    }
}

/// One column of the histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub at: Micros,
    pub level: Level,
    pub count: u64,
}

/// Errors that are the same: of browsers by their fingerprint, others of one event with one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup {
    pub fingerprint: Option<String>,
    pub event: String,
    pub source: String,
    /// Of one of them.
    pub message: String,
    pub level: Level,
    /// Calls, repeats included.
    pub count: u64,
    /// Browser sessions that met it.
    pub sessions: u64,
    /// Builds of the browser's module that it was seen in.
    pub builds: Vec<String>,
    pub first: Micros,
    pub last: Micros,
}

/// Most records of one trace.
const TRACE_MOST: i64 = 10_000;
const GROUPS_MOST: i64 = 200;

impl TelemetryStore {
    /// A page of at most `limit` records as JSON lines, newest first, and the cursor of the next page.
    pub async fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<Cursor>), StoreError> {
        let mut builder = QueryBuilder::new("SELECT id, at_us, body FROM log_records WHERE 1 = 1");
        restrict(&mut builder, filter);
        if let Some(Cursor { at_us, id }) = after {
            builder.push(" AND (at_us < ").push_bind(at_us).push(" OR (at_us = ").push_bind(at_us);
            builder.push(" AND id < ").push_bind(id).push("))");
        }
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        builder.push(" ORDER BY at_us DESC, id DESC LIMIT ").push_bind(wanted);
        let db = self.db()?;
        let mut connection = db.search().await?;
        let mut rows = db.timed("logs.page", builder.build().fetch_all(&mut **connection)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next =
            rows.last().filter(|_| more).map(|row| Cursor { at_us: row.get("at_us"), id: row.get("id") });
        Ok((rows.iter().map(|row| row.get("body")).collect(), next))
    }

    /// Records of one correlation id as JSON lines, in order of time.
    pub async fn trace(&self, correlation_id: &str) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar(
            "SELECT body FROM log_records WHERE correlation_id = $1 ORDER BY at_us, id LIMIT $2",
        )
        .bind(correlation_id)
        .bind(TRACE_MOST);
        let db = self.db()?;
        let mut connection = db.search().await?;
        db.timed("logs.trace", query.fetch_all(&mut **connection)).await
    }

    /// Counts by level in steps of `step_us` from `from`; empty steps are left out.
    pub async fn histogram(
        &self,
        filter: &Filter,
        from: Micros,
        step_us: i64,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut builder = QueryBuilder::new("SELECT (at_us - ");
        builder.push_bind(from.0).push(") / ").push_bind(step_us);
        builder.push(" AS step, level, COUNT(*) AS n FROM log_records WHERE 1 = 1");
        restrict(&mut builder, filter);
        builder.push(" GROUP BY step, level ORDER BY step, level");
        let db = self.db()?;
        let mut connection = db.search().await?;
        let rows = db.timed("logs.histogram", builder.build().fetch_all(&mut **connection)).await?;
        let bucket = |row: &sqlx::sqlite::SqliteRow| Bucket {
            at: Micros(from.0 + row.get::<i64, _>("step") * step_us),
            level: level(row),
            count: count(row, "n"),
        };
        Ok(rows.iter().map(bucket).collect())
    }

    /// Errors and worse in groups, latest first.
    pub async fn errors(&self, filter: &Filter) -> Result<Vec<ErrorGroup>, StoreError> {
        let mut builder = QueryBuilder::new(
            "SELECT fingerprint, event, source, MAX(message) AS message, MAX(level) AS level, \
             SUM(COALESCE(json_extract(body, '$.count'), 1)) AS n, MIN(at_us) AS first, MAX(at_us) AS last, \
             COUNT(DISTINCT json_extract(body, '$.client_session_id')) AS sessions, \
             GROUP_CONCAT(DISTINCT json_extract(body, '$.build_id')) AS builds FROM log_records WHERE level >= 4",
        );
        restrict(&mut builder, filter);
        builder
            .push(" GROUP BY event, source, COALESCE(fingerprint, message) ORDER BY MAX(at_us) DESC LIMIT ")
            .push_bind(GROUPS_MOST);
        let db = self.db()?;
        let mut connection = db.search().await?;
        let rows = db.timed("logs.errors", builder.build().fetch_all(&mut **connection)).await?;
        let builds = |row: &sqlx::sqlite::SqliteRow| {
            let listed = row.get::<Option<String>, _>("builds").unwrap_or_default();
            let mut builds: Vec<String> =
                listed.split(',').filter(|build| !build.is_empty()).map(ToOwned::to_owned).collect();
            builds.sort();
            builds
        };
        let group = |row: &sqlx::sqlite::SqliteRow| ErrorGroup {
            fingerprint: row.get("fingerprint"),
            sessions: count(row, "sessions"),
            builds: builds(row),
            event: row.get("event"),
            source: row.get("source"),
            message: row.get("message"),
            level: level(row),
            count: count(row, "n"),
            first: Micros(row.get("first")),
            last: Micros(row.get("last")),
        };
        Ok(rows.iter().map(group).collect())
    }

    /// Records committed after `id` as JSON lines with their ids, in order of commit: for live readers.
    pub async fn after(
        &self,
        filter: &Filter,
        id: i64,
        limit: usize,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let mut builder = QueryBuilder::new("SELECT id, body FROM log_records WHERE id > ");
        builder.push_bind(id);
        restrict(&mut builder, filter);
        builder.push(" ORDER BY id LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let db = self.db()?;
        let mut connection = db.read().await?;
        db.timed("logs.after", builder.build_query_as().fetch_all(&mut *connection)).await
    }
}

fn restrict(builder: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    if let Some(level) = filter.level {
        builder.push(" AND level >= ").push_bind(level as i16);
    }
    if let Some(source) = filter.source {
        builder.push(" AND source = ").push_bind(source.as_str());
    }
    for (column, value) in [
        (" AND event = ", &filter.event),
        (" AND session_id = ", &filter.session_id),
        (" AND correlation_id = ", &filter.correlation_id),
    ] {
        if let Some(value) = value {
            builder.push(column).push_bind(value.clone());
        }
    }
    if let Some(q) = &filter.q {
        let pattern = like_pattern(q);
        builder.push(" AND (LOWER(event) LIKE ").push_bind(pattern.clone()).push(" ESCAPE '\\'");
        builder.push(" OR LOWER(message) LIKE ").push_bind(pattern).push(" ESCAPE '\\')");
    }
    if let Some(from) = filter.from {
        builder.push(" AND at_us >= ").push_bind(from.0);
    }
    if let Some(to) = filter.to {
        builder.push(" AND at_us < ").push_bind(to.0);
    }
}

/// ASCII case only, as `LOWER` of SQLite.
fn like_pattern(q: &str) -> String {
    let escaped = q.to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn level(row: &sqlx::sqlite::SqliteRow) -> Level {
    usize::try_from(row.get::<i64, _>("level"))
        .ok()
        .and_then(|n| Level::ALL.get(n).copied())
        .unwrap_or_default()
}

fn count(row: &sqlx::sqlite::SqliteRow, column: &str) -> u64 {
    u64::try_from(row.get::<i64, _>(column)).unwrap_or_default()
}
