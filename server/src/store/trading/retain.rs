//! What is forgotten: answers after a day, and the journal after thirty, in small steps so that no append waits long.
//! What a session that is not over needs, and what a recovery needs, is never forgotten.

use model::TradingState;

use super::TradingStore;
use crate::clock;
use crate::store::StoreError;

const DAY_US: i64 = 24 * 3_600_000_000;
/// Answers to keyed requests are kept this long.
const KEYS_KEPT_US: i64 = DAY_US;
/// The journal is kept this long; within it every session can be replayed.
const JOURNAL_KEPT_US: i64 = 30 * DAY_US;
/// Decisions that one step forgets at most.
const STEP: i64 = 500;

impl TradingStore {
    /// Forgets what is old, at most one step of it; called once a minute. `state` is the one that is live: what its
    /// sessions need stays. Gives how many decisions went.
    pub async fn forget(&self, state: &TradingState) -> Result<u64, StoreError> {
        let now = clock::now().0;
        let began = state.active().map(|session| session.started_at.0).min().unwrap_or(i64::MAX);
        let before = (now - JOURNAL_KEPT_US).min(began);
        let mut write = self.db()?.write().await?;
        let answers = sqlx::query("DELETE FROM idempotency WHERE created_us < $1").bind(now - KEYS_KEPT_US);
        write.execute("idempotency.forget", answers).await?;
        let bounds = sqlx::query_as::<_, (i64, i64)>(
            "SELECT COALESCE(MAX(seq), 0), COALESCE(MAX(input_seq), 0) FROM (SELECT seq, input_seq, at_us \
             FROM journal_decisions WHERE seq < (SELECT COALESCE(MAX(next_seq), 0) FROM snapshots \
             WHERE kind = 'rolling') ORDER BY seq LIMIT $1) AS oldest WHERE at_us < $2",
        );
        let (seq, input_seq) = write.fetch_one("journal.old", bounds.bind(STEP).bind(before)).await?;
        // A step of the engine goes whole: the last one waits for its rest.
        let decisions = sqlx::query("DELETE FROM journal_decisions WHERE seq <= $1 AND input_seq < $2")
            .bind(seq)
            .bind(input_seq);
        let forgotten = write.execute("journal.forget", decisions).await?;
        let inputs = sqlx::query("DELETE FROM journal_inputs WHERE input_seq < $1").bind(input_seq);
        write.execute("journal.forget_inputs", inputs).await?;
        let origins = sqlx::query("DELETE FROM snapshots WHERE kind = 'origin' AND next_seq <= $1").bind(seq);
        write.execute("snapshots.forget_origins", origins).await?;
        write.commit().await?;
        Ok(forgotten)
    }

    /// Decisions on disk.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM journal_decisions");
        let db = self.db()?;
        let mut connection = db.read().await?;
        let count = db.timed("journal.count", query.fetch_one(&mut *connection)).await?;
        Ok(count.unsigned_abs())
    }
}
