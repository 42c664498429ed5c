//! Searches: questions that may take long. They have connections of their own, so that nothing else waits for them, end
//! after a while with a sentence, and end at once when nobody waits for the answer any more.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;

use super::{Db, StoreError};

/// Searches at once; the next waits for its turn.
pub(super) const AT_ONCE: u32 = 2;
/// How long it waits for its turn.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// What a search may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Steps of SQLite's machine between two looks at the time: about a tenth of a millisecond.
const STEPS: i32 = 10_000;

/// A connection for one search. What runs on it is interrupted when this is dropped.
pub(crate) struct Search {
    connection: PoolConnection<Sqlite>,
    over: Arc<AtomicBool>,
}

impl Db {
    /// A connection for a question that may take long.
    pub(crate) async fn search(&self) -> Result<Search, StoreError> {
        self.search_within(LONGEST).await
    }

    async fn search_within(&self, longest: Duration) -> Result<Search, StoreError> {
        let mut connection = self.acquired(self.shared.searchers.acquire()).await?;
        let over = Arc::new(AtomicBool::new(false));
        let (dropped, until) = (Arc::clone(&over), Instant::now() + longest);
        let go_on = move || !dropped.load(Ordering::Relaxed) && Instant::now() < until;
        let locked = self.timed("search.begin", connection.lock_handle()).await;
        locked?.set_progress_handler(STEPS, go_on);
        Ok(Search { connection, over })
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Deref for Search {
    type Target = PoolConnection<Sqlite>;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Search {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DbFile, Durability, Foreign, Hold, migrator};
    use super::*;
    use crate::config::DatabaseConfig;
    use crate::telling::Teller;

    static NONE: std::sync::LazyLock<sqlx::migrate::Migrator> = std::sync::LazyLock::new(|| migrator(&[]));
    const ENDLESS: &str =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n";

    async fn db(dir: &tempfile::TempDir) -> Db {
        let file = DbFile {
            path: dir.path().join("a.db"),
            name: "a",
            migrations: &NONE,
            durability: Durability::Process,
            patience: Duration::from_secs(5),
            hold: Hold::Owner,
            foreign: Foreign::SetAside,
            check: Duration::ZERO,
            before: None,
        };
        let config = DatabaseConfig { slow_statement_ms: 10_000, slow_acquire_ms: 10_000 };
        Db::open(file, Teller::new(telemetry::Level::Fatal, 16), &config).await.unwrap()
    }

    async fn endless(db: &Db, longest: Duration) -> StoreError {
        let mut search = db.search_within(longest).await.unwrap();
        let query = sqlx::query_scalar::<_, i64>(ENDLESS);
        db.timed("endless", query.fetch_one(&mut **search)).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_search_ends_after_its_time_and_the_next_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir).await;
        for _ in 0..3 {
            assert!(endless(&db, Duration::from_millis(50)).await.took_too_long());
        }
        let mut search = db.search().await.unwrap();
        let one = sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(&mut **search).await;
        assert_eq!(one.unwrap(), 1);
    }

    /// Four searches at once starved everybody else, and those whose client had hung up went on to their end.
    #[tokio::test]
    async fn searches_hold_up_nobody_else_and_end_when_nobody_waits_for_them() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir).await;
        let hour = Duration::from_secs(3_600);
        let searches: Vec<_> = (0..4)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { endless(&db, hour).await })
            })
            .collect();
        // Both places are taken before others ask.
        while db.shared.searchers.size() < AT_ONCE || db.shared.searchers.num_idle() > 0 {
            tokio::task::yield_now().await;
        }
        let mut reader = db.read().await.unwrap();
        assert_eq!(sqlx::query_scalar::<_, i64>("SELECT 2").fetch_one(&mut *reader).await.unwrap(), 2);
        searches.iter().for_each(tokio::task::JoinHandle::abort);
        let mut search = db.search().await.unwrap();
        assert_eq!(sqlx::query_scalar::<_, i64>("SELECT 3").fetch_one(&mut **search).await.unwrap(), 3);
    }
}
