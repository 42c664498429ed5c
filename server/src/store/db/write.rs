//! A write transaction. Its connection is used again only after a commit that succeeded: after any failure SQLite
//! may have rolled back by itself, and whatever is written then is lost or stands alone. So it is closed.

use std::time::Instant;

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::query::{Query, QueryAs};
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use super::{Db, StoreError, lineage};

/// Everything between begin and commit on the one writing connection. Dropped without `commit`, or after a
/// failure, nothing of it happened (unless it was the commit itself that gave no answer: then nobody knows).
pub struct Write {
    db: Db,
    connection: PoolConnection<Sqlite>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A statement failed; nothing more is taken.
    Failed,
    Committed,
}

impl Write {
    /// Takes the lock for writing at once, so that waiting for it happens here and in no later statement.
    pub(super) async fn begin(db: Db, connection: PoolConnection<Sqlite>) -> Result<Self, StoreError> {
        let mut this = Self { db, connection, state: State::Open };
        this.execute("begin", sqlx::query("BEGIN IMMEDIATE")).await?;
        if this.db.mark_is_due() {
            let marked = this.db.timed("mark", lineage::advance(&mut this.connection)).await;
            this.noted(marked)?;
        }
        Ok(this)
    }

    /// Runs a statement and gives how many rows it changed.
    pub async fn execute<'q>(
        &mut self,
        statement: &'static str,
        query: Query<'q, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        self.unfailed(statement)?;
        let result = self.db.timed(statement, query.execute(&mut *self.connection)).await;
        self.noted(result).map(|done| done.rows_affected())
    }

    /// Reads one row within the transaction.
    pub async fn fetch_one<'q, T>(
        &mut self,
        statement: &'static str,
        query: QueryAs<'q, Sqlite, T, SqliteArguments>,
    ) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin + 'q,
    {
        self.unfailed(statement)?;
        let result = self.db.timed(statement, query.fetch_one(&mut *self.connection)).await;
        self.noted(result)
    }

    /// Reads a row that need not be there.
    pub async fn fetch_optional<'q, T>(
        &mut self,
        statement: &'static str,
        query: QueryAs<'q, Sqlite, T, SqliteArguments>,
    ) -> Result<Option<T>, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin + 'q,
    {
        self.unfailed(statement)?;
        let result = self.db.timed(statement, query.fetch_optional(&mut *self.connection)).await;
        self.noted(result)
    }

    /// Makes everything durable, and notes how long that took.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.unfailed("commit")?;
        let started = Instant::now();
        let done = sqlx::query("COMMIT").execute(&mut *self.connection);
        self.db.timed("commit", done).await?;
        self.state = State::Committed;
        self.db.note_commit(started.elapsed());
        Ok(())
    }

    fn unfailed(&self, statement: &'static str) -> Result<(), StoreError> {
        match self.state {
            State::Open => Ok(()),
            State::Failed | State::Committed => Err(StoreError::Statement {
                database: self.db.database(),
                statement,
                source: sqlx::Error::Protocol("the transaction has failed before".to_owned()),
            }),
        }
    }

    fn noted<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        match self.state {
            State::Committed => {}
            State::Open | State::Failed => self.connection.close_on_drop(),
        }
    }
}
