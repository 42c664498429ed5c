//! What the console and the API read: sessions, decisions, answers to keyed requests.

use model::DecisionRecord;
use telemetry::Level;

use super::{TradingStore, big, unreadable};
use crate::store::StoreError;

/// A session of the projection; `body` is its view as JSON.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub session_id: String,
    pub body: String,
}

/// A page of decisions, newest first.
#[derive(Clone, Debug)]
pub struct DecisionPage {
    pub records: Vec<DecisionRecord>,
    /// Decisions before this number come next.
    pub next: Option<u64>,
}

/// The answer that a keyed request was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    pub request_hash: String,
    pub status: u16,
    pub response: String,
}

impl TradingStore {
    /// Sessions, newest first.
    pub async fn sessions(&self, limit: i64) -> Result<Vec<SessionRow>, StoreError> {
        let sql = "SELECT session_id, body FROM sessions ORDER BY started_us DESC LIMIT $1";
        let query = sqlx::query_as::<_, (String, String)>(sql).bind(limit);
        let mut connection = self.db().read().await?;
        let rows = self.db().timed("sessions.list", query.fetch_all(&mut *connection)).await?;
        Ok(rows.into_iter().map(|(session_id, body)| SessionRow { session_id, body }).collect())
    }

    /// One session's view as JSON.
    pub async fn session(&self, session_id: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar("SELECT body FROM sessions WHERE session_id = $1").bind(session_id);
        let mut connection = self.db().read().await?;
        self.db().timed("sessions.one", query.fetch_optional(&mut *connection)).await
    }

    /// Decisions of a session at `level` and above with numbers below `before`, newest first.
    pub async fn decisions_page(
        &self,
        session_id: &str,
        level: Level,
        before: Option<u64>,
        limit: usize,
    ) -> Result<DecisionPage, StoreError> {
        let sql = "SELECT json FROM journal_decisions WHERE session_id = $1 AND level >= $2 AND seq < $3 \
                   ORDER BY seq DESC LIMIT $4";
        let query = sqlx::query_scalar::<_, String>(sql)
            .bind(session_id)
            .bind(level as i16)
            .bind(before.map_or(i64::MAX, big))
            .bind(big(limit as u64 + 1));
        let mut connection = self.db().read().await?;
        let rows = self.db().timed("journal.page", query.fetch_all(&mut *connection)).await?;
        let more = rows.len() > limit;
        let records = read_all(&rows[..rows.len().min(limit)])?;
        let next = records.last().filter(|_| more).map(|record| record.seq);
        Ok(DecisionPage { records, next })
    }

    /// The latest decisions at info and above, oldest first.
    pub async fn latest_decisions(&self, limit: i64) -> Result<Vec<DecisionRecord>, StoreError> {
        let sql = "SELECT json FROM journal_decisions WHERE level >= $1 ORDER BY seq DESC LIMIT $2";
        let query = sqlx::query_scalar::<_, String>(sql).bind(Level::Info as i16).bind(limit);
        let mut connection = self.db().read().await?;
        let rows = self.db().timed("journal.latest", query.fetch_all(&mut *connection)).await?;
        let mut records = read_all(&rows)?;
        records.reverse();
        Ok(records)
    }

    /// Decisions of one event name of a session, oldest first.
    pub async fn decisions_named(
        &self,
        session_id: &str,
        event: &str,
    ) -> Result<Vec<DecisionRecord>, StoreError> {
        let sql = "SELECT json FROM journal_decisions WHERE session_id = $1 AND event = $2 ORDER BY seq";
        let query = sqlx::query_scalar::<_, String>(sql).bind(session_id).bind(event);
        let mut connection = self.db().read().await?;
        let rows = self.db().timed("journal.named", query.fetch_all(&mut *connection)).await?;
        read_all(&rows)
    }

    /// What a user's key was answered, if it was used in the last 24 hours.
    pub async fn answer_of(&self, username: &str, key: &str) -> Result<Option<StoredAnswer>, StoreError> {
        let sql = "SELECT request_hash, status, response FROM idempotency \
                   WHERE username = $1 AND idempotency_key = $2";
        let query = sqlx::query_as::<_, (String, i64, String)>(sql).bind(username).bind(key);
        let mut connection = self.db().read().await?;
        let row = self.db().timed("idempotency.find", query.fetch_optional(&mut *connection)).await?;
        Ok(row.map(|(request_hash, status, response)| StoredAnswer {
            request_hash,
            status: u16::try_from(status).unwrap_or(500),
            response,
        }))
    }
}

fn read_all(rows: &[String]) -> Result<Vec<DecisionRecord>, StoreError> {
    rows.iter()
        .map(|row| serde_json::from_str(row).map_err(|error| unreadable("journal.read", error)))
        .collect()
}
