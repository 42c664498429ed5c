//! Asking the index of a day.

use sqlx::{QueryBuilder, Row as _, Sqlite};
use telemetry::{Level, Micros};

use super::super::Filter;
use super::OneDay;
use super::minutes::Counted;
use super::rows::{correlation, kind};
use crate::store::StoreError;

/// When a record happened, and where its line lies; ordered as pages are, read backwards.
pub(in super::super) type Match = (i64, i64);

/// One kind of error from one browser session and build.
#[derive(Clone, Debug)]
pub(in super::super) struct ErrorPart {
    pub kind: i64,
    pub client: Option<String>,
    pub build: Option<String>,
    pub calls: u64,
    pub level: Level,
    pub first: Micros,
    pub last: Micros,
    /// The line of one of them.
    pub position: i64,
}

impl ErrorPart {
    /// Of a line that no index covers.
    pub fn of(position: i64, line: &[u8]) -> Option<Self> {
        let record: telemetry::LogRecord = serde_json::from_slice(line).ok()?;
        Some(Self {
            kind: kind(&record),
            calls: record.count.unwrap_or(1),
            level: record.level,
            first: record.timestamp,
            last: record.timestamp,
            position,
            client: record.client_session_id,
            build: record.build_id,
        })
    }
}

impl OneDay {
    /// The latest records, at most `limit`, before one of them (`before`) and after another (`beyond`).
    pub async fn page(
        &self,
        filter: &Filter,
        before: Option<Match>,
        beyond: Option<Match>,
        limit: usize,
    ) -> Result<Vec<Match>, StoreError> {
        let Some(mut builder) = self.select("SELECT at_us, position FROM records", filter).await? else {
            return Ok(Vec::new());
        };
        for (compared, bound) in
            [(" AND (at_us, position) < (", before), (" AND (at_us, position) > (", beyond)]
        {
            if let Some((at, position)) = bound {
                builder.push(compared).push_bind(at).push(", ").push_bind(position).push(")");
            }
        }
        builder.push(" ORDER BY at_us DESC, position DESC LIMIT ");
        builder.push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.matches("index.page", builder).await
    }

    /// Those of a filter in order of time, at most `limit`.
    pub async fn first(&self, filter: &Filter, limit: usize) -> Result<Vec<Match>, StoreError> {
        let Some(mut builder) = self.select("SELECT at_us, position FROM records", filter).await? else {
            return Ok(Vec::new());
        };
        builder.push(" ORDER BY at_us, position LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.matches("index.first", builder).await
    }

    /// Up to where was counted (the index goes on meanwhile, and the others are counted elsewhere); step from `from`, level,
    /// and count.
    pub async fn histogram(
        &self,
        filter: &Filter,
        covered: i64,
        from: Micros,
        step_us: i64,
    ) -> Result<Counted, StoreError> {
        if let Some(counted) = self.by_minutes(filter, from, step_us).await? {
            return Ok(counted);
        }
        let select =
            format!("SELECT (at_us - {}) / {step_us} AS step, level, COUNT(*) AS n FROM records", from.0);
        let Some(mut builder) = self.select(&select, filter).await? else { return Ok((covered, Vec::new())) };
        builder.push(" AND position <= ").push_bind(covered).push(" GROUP BY step, level");
        let mut search = self.db.search().await?;
        let rows = self.db.timed("index.histogram", builder.build().fetch_all(&mut **search)).await?;
        let counts = rows.iter().map(|row| (row.get("step"), level(row), count(row, "n"))).collect();
        Ok((covered, counts))
    }

    /// Errors and worse, by kind; of lines up to `covered`.
    pub async fn errors(&self, filter: &Filter, covered: i64) -> Result<Vec<ErrorPart>, StoreError> {
        let select = "SELECT kind, (SELECT word FROM words WHERE id = client) AS client, \
                      (SELECT word FROM words WHERE id = build) AS build, SUM(calls) AS n, MAX(level) AS level, \
                      MIN(at_us) AS first, MAX(at_us) AS last, MAX(position) AS position \
                      FROM errors JOIN records USING (at_us, position)";
        let Some(mut builder) = self.select(select, filter).await? else { return Ok(Vec::new()) };
        builder.push(" AND position <= ").push_bind(covered).push(" GROUP BY kind, client, build");
        let mut search = self.db.search().await?;
        let rows = self.db.timed("index.errors", builder.build().fetch_all(&mut **search)).await?;
        let part = |row: &sqlx::sqlite::SqliteRow| ErrorPart {
            kind: row.get("kind"),
            client: row.get("client"),
            build: row.get("build"),
            calls: count(row, "n"),
            level: level(row),
            first: Micros(row.get("first")),
            last: Micros(row.get("last")),
            position: row.get("position"),
        };
        Ok(rows.iter().map(part).collect())
    }

    async fn matches(
        &self,
        name: &'static str,
        mut builder: QueryBuilder<Sqlite>,
    ) -> Result<Vec<Match>, StoreError> {
        let mut search = self.db.search().await?;
        self.db.timed(name, builder.build_query_as().fetch_all(&mut **search)).await
    }

    /// `None`: the day has no record of such an event or session.
    async fn select(
        &self,
        select: &str,
        filter: &Filter,
    ) -> Result<Option<QueryBuilder<Sqlite>>, StoreError> {
        let mut builder = QueryBuilder::new(select);
        builder.push(" WHERE 1 = 1");
        if let Some(least) = filter.level {
            // A constant, so that the index of errors is found.
            builder.push(format!(" AND level >= {}", least as i64));
            if least >= Level::Error {
                builder.push(" AND level >= 4");
            }
        }
        if let Some(source) = filter.source {
            builder.push(" AND source = ").push_bind(source as i64);
        }
        for (column, word) in [(" AND event = ", &filter.event), (" AND session = ", &filter.session_id)] {
            if let Some(word) = word {
                let Some(number) = self.word(word).await? else { return Ok(None) };
                builder.push(column).push_bind(number);
            }
        }
        if let Some(id) = &filter.correlation_id {
            builder.push(" AND correlation = ").push_bind(correlation(id).to_vec());
        }
        for (compared, at) in [(" AND at_us >= ", filter.from), (" AND at_us < ", filter.to)] {
            if let Some(at) = at {
                builder.push(compared).push_bind(at.0);
            }
        }
        Ok(Some(builder))
    }

    pub(super) async fn word(&self, word: &str) -> Result<Option<i64>, StoreError> {
        let mut connection = self.db.read().await?;
        let query = sqlx::query_scalar("SELECT id FROM words WHERE word = ?").bind(word.to_owned());
        self.db.timed("index.word", query.fetch_optional(&mut *connection)).await
    }
}

pub(super) fn level(row: &sqlx::sqlite::SqliteRow) -> Level {
    let number = usize::try_from(row.get::<i64, _>("level")).ok();
    number.and_then(|n| Level::ALL.get(n).copied()).unwrap_or_default()
}

pub(super) fn count(row: &sqlx::sqlite::SqliteRow, column: &str) -> u64 {
    u64::try_from(row.get::<i64, _>(column)).unwrap_or_default()
}
