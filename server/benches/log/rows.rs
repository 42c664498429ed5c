//! The baseline: records as rows with the indexes that they had.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use telemetry::{LogRecord, Micros};

const TABLES: [&str; 2] = [
    include_str!("../../migrations/telemetry/0001_records.sql"),
    include_str!("../../migrations/telemetry/0005_groups.sql"),
];
const INSERT: &str = "INSERT INTO log_records (event_id, at_us, level, source, event, message, session_id, \
                      correlation_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub struct Rows {
    connection: SqliteConnection,
    path: PathBuf,
}

impl Rows {
    pub async fn make(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .disable_statement_logging();
        let mut connection = options.connect().await.unwrap_or_else(|error| panic!("{error}"));
        for sql in TABLES {
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap_or_else(|error| panic!("{error}"));
        }
        Self { connection, path: path.to_owned() }
    }

    pub async fn append(&mut self, records: impl Iterator<Item = LogRecord>) {
        let mut change = self.connection.begin().await.unwrap_or_else(|error| panic!("{error}"));
        for record in records {
            let insert = sqlx::query(INSERT)
                .bind(&record.event_id)
                .bind(record.timestamp.0)
                .bind(record.level as i64)
                .bind(record.source.as_str())
                .bind(record.event.as_ref())
                .bind(&record.message)
                .bind(&record.session_id)
                .bind(&record.correlation_id)
                .bind(record.to_line());
            insert.execute(&mut *change).await.unwrap_or_else(|error| panic!("{error}"));
        }
        change.commit().await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// How many lines a question gives.
    pub async fn page(&mut self, condition: &'static str, since: Micros) -> usize {
        let sql = format!(
            "SELECT body FROM log_records WHERE at_us >= ?1 AND {condition} ORDER BY at_us DESC, id DESC LIMIT 100"
        );
        let query = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).bind(since.0);
        query.fetch_all(&mut self.connection).await.unwrap_or_else(|error| panic!("{error}")).len()
    }

    pub async fn histogram(&mut self, since: Micros, step_us: i64) -> usize {
        let sql = "SELECT (at_us - ?1) / ?2 AS step, level, COUNT(*) FROM log_records WHERE at_us >= ?1 \
                   GROUP BY step, level ORDER BY step, level";
        let query = sqlx::query_as::<_, (i64, i64, i64)>(sql).bind(since.0).bind(step_us);
        query.fetch_all(&mut self.connection).await.unwrap_or_else(|error| panic!("{error}")).len()
    }

    pub async fn errors(&mut self) -> usize {
        let sql = "SELECT event, source, MAX(message), MAX(level), SUM(COALESCE(json_extract(body, '$.count'), 1)), \
                   MIN(at_us), MAX(at_us), COUNT(DISTINCT json_extract(body, '$.client_session_id')) \
                   FROM log_records WHERE level >= 4 GROUP BY event, source, COALESCE(fingerprint, message) \
                   ORDER BY MAX(at_us) DESC LIMIT 200";
        sqlx::query(sql).fetch_all(&mut self.connection).await.unwrap_or_else(|error| panic!("{error}")).len()
    }

    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |file| file.len())
    }
}
