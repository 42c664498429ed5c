//! What is forgotten: answers after a day, and old market ticks that belong to no session. Ticks between sessions
//! are needed neither for recovery (the rolling snapshot is younger) nor for the replay of any session.

use telemetry::Level;

use super::TradingStore;
use crate::clock;
use crate::store::StoreError;

/// Answers to keyed requests are kept this long.
const KEYS_KEPT_US: i64 = 24 * 3_600_000_000;
/// Ticks between sessions are kept this long.
const TICKS_KEPT_US: i64 = 3_600_000_000;

impl TradingStore {
    /// Forgets what is old; called once a minute.
    pub async fn forget(&self) -> Result<(), StoreError> {
        let now = clock::now().0;
        let mut write = self.db().write().await?;
        let answers = sqlx::query("DELETE FROM idempotency WHERE created_us < $1").bind(now - KEYS_KEPT_US);
        write.execute("idempotency.forget", answers).await?;
        let snapshot = sqlx::query_as::<_, (i64, i64)>(
            "SELECT COALESCE(MAX(next_seq), 0), COALESCE(MAX(next_input_seq), 0) FROM snapshots WHERE kind = 'rolling'",
        );
        let (seq, input_seq) = write.fetch_one("snapshots.rolling", snapshot).await?;
        let ticks = sqlx::query(
            "DELETE FROM journal_decisions WHERE session_id IS NULL AND level = $1 AND seq < $2 AND at_us < $3",
        )
        .bind(Level::Trace as i16)
        .bind(seq)
        .bind(now - TICKS_KEPT_US);
        let forgotten = write.execute("journal.forget", ticks).await?;
        if forgotten > 0 {
            let inputs = sqlx::query(
                "DELETE FROM journal_inputs WHERE input_seq < $1 AND at_us < $2 AND NOT EXISTS \
                 (SELECT 1 FROM journal_decisions AS d WHERE d.input_seq = journal_inputs.input_seq)",
            )
            .bind(input_seq)
            .bind(now - TICKS_KEPT_US);
            write.execute("journal.forget_inputs", inputs).await?;
        }
        write.commit().await
    }
}
