//! What the console and the API read of the journal: decisions, and answers to keyed requests.

use model::DecisionRecord;
use telemetry::Level;

use super::{TradingStore, big};
use crate::store::StoreError;

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
    /// Decisions of a session at `level` and above with numbers below `before`, newest first.
    pub async fn decisions_page(
        &self,
        session_id: &str,
        level: Level,
        before: Option<u64>,
        limit: usize,
    ) -> Result<DecisionPage, StoreError> {
        // Written out so that the index of what is for people is used where it can be.
        let sql = if level >= Level::Info {
            "SELECT json FROM journal_decisions WHERE session_id = $1 AND level >= 2 AND level >= $2 AND seq < $3 \
             ORDER BY seq DESC LIMIT $4"
        } else {
            "SELECT json FROM journal_decisions WHERE session_id = $1 AND level >= $2 AND seq < $3 \
             ORDER BY seq DESC LIMIT $4"
        };
        let query = sqlx::query_scalar::<_, String>(sql)
            .bind(session_id)
            .bind(level as i16)
            .bind(before.map_or(i64::MAX, big))
            .bind(big(limit as u64 + 1));
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("journal.page", query.fetch_all(&mut *connection)).await?;
        let more = rows.len() > limit;
        let records = read_all(&rows[..rows.len().min(limit)]);
        let next = records.last().filter(|_| more).map(|record| record.seq);
        Ok(DecisionPage { records, next })
    }

    /// The latest decisions at info and above, oldest first.
    pub async fn latest_decisions(&self, limit: i64) -> Result<Vec<DecisionRecord>, StoreError> {
        let sql = "SELECT json FROM journal_decisions WHERE level >= 2 ORDER BY seq DESC LIMIT $1";
        let query = sqlx::query_scalar::<_, String>(sql).bind(limit);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("journal.latest", query.fetch_all(&mut *connection)).await?;
        let mut records = read_all(&rows);
        records.reverse();
        Ok(records)
    }

    /// What a user's key was answered, if it was used in the last 24 hours.
    pub async fn answer_of(&self, username: &str, key: &str) -> Result<Option<StoredAnswer>, StoreError> {
        let sql = "SELECT request_hash, status, response FROM idempotency \
                   WHERE username = $1 AND idempotency_key = $2";
        let query = sqlx::query_as::<_, (String, i64, String)>(sql).bind(username).bind(key);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let row = db.timed("idempotency.find", query.fetch_optional(&mut *connection)).await?;
        Ok(row.map(|(request_hash, status, response)| StoredAnswer {
            request_hash,
            status: u16::try_from(status).unwrap_or(500),
            response,
        }))
    }
}

/// A row that cannot be read hides no other; who recovers from the journal tells of it.
fn read_all(rows: &[String]) -> Vec<DecisionRecord> {
    rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect()
}
