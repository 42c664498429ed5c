//! Changes of accounts are noted in the transaction that makes them and told by the server afterwards, because the
//! command line may make them while a server runs, and only the server's writer may write records.

use std::sync::{MutexGuard, PoisonError};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use telemetry::{Context, Micros};

use super::{Accounts, AuthEvent};
use crate::clock;
use crate::store::{StoreError, Write};
use crate::telling::Teller;

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Removed,
}

/// Who changed it; the words stand in audit records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    FirstStart,
    CommandLine,
}

impl Change {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

impl Author {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FirstStart => "first start",
            Self::CommandLine => "command line",
        }
    }

    fn parse(text: &str) -> Self {
        if text == Self::FirstStart.as_str() { Self::FirstStart } else { Self::CommandLine }
    }
}

/// Notes a change within the transaction that makes it.
pub(super) async fn note(
    write: &mut Write,
    username: &str,
    change: Change,
    author: Author,
) -> Result<(), StoreError> {
    let query =
        sqlx::query("INSERT INTO account_changes (at_us, username, change, author) VALUES ($1, $2, $3, $4)")
            .bind(clock::now().0)
            .bind(username)
            .bind(change.as_str())
            .bind(author.as_str());
    write.execute("changes.note", query).await.map(|_| ())
}

impl Accounts {
    /// Tells the changes noted so far as audit records, each at the time it was made.
    pub async fn tell_changes(&self, teller: &Teller) -> Result<(), StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query =
            sqlx::query("SELECT id, at_us, username, change, author FROM account_changes ORDER BY id");
        let rows = db.timed("changes.read", query.fetch_all(&mut *connection)).await?;
        drop(connection);
        let Some(last) = rows.last().map(|row| row.get::<i64, _>("id")) else { return Ok(()) };
        // What could not be deleted when it was told is not told a second time.
        let file = *self.opened().borrow();
        let told = self.told().take();
        let new = |row: &SqliteRow| told.is_none_or(|(of, id)| of != file || row.get::<i64, _>("id") > id);
        for row in rows.iter().filter(|row| new(row)) {
            let (user, by) = (row.get("username"), Author::parse(row.get("author")).as_str());
            let added = row.get::<&str, _>("change") == Change::Added.as_str();
            let event =
                if added { AuthEvent::UserAdded { user, by } } else { AuthEvent::UserRemoved { user, by } };
            teller.tell_at(&event, &Context::default(), Micros(row.get("at_us")));
        }
        *self.told() = Some((file, last));
        let mut write = db.write().await?;
        let query = sqlx::query("DELETE FROM account_changes WHERE id <= $1").bind(last);
        write.execute("changes.told", query).await?;
        write.commit().await?;
        // Numbers begin again when there are none left.
        *self.told() = None;
        Ok(())
    }

    fn told(&self) -> MutexGuard<'_, Option<(u64, i64)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
