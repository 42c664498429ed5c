//! Changes of accounts are noted in the transaction that makes them and told by the server afterwards, because the
//! command line may make them while a server runs, and only the server's writer may write records.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use telemetry::{Context, LogRecord, Micros};

use super::{Accounts, AuthEvent};
use crate::clock;
use crate::store::{StoreError, Write};
use crate::telling::{Teller, VERSION};

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
    /// Tells the changes noted so far as audit records, each at the time it was made, and forgets one once its record is
    /// stored. Waits for that; a change that is told again because the server was killed in between is stored once.
    pub async fn tell_changes(&self, teller: &Teller) -> Result<(), StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query =
            sqlx::query("SELECT id, at_us, username, change, author FROM account_changes ORDER BY id");
        let rows = db.timed("changes.read", query.fetch_all(&mut *connection)).await?;
        drop(connection);
        for row in &rows {
            let (id, at_us) = (row.get::<i64, _>("id"), row.get::<i64, _>("at_us"));
            let record = LogRecord::build(&event(row), &Context::default(), Micros(at_us), "", 0, VERSION);
            let once = format!("account-change-{at_us}-{id}");
            if teller.enabled(record.level) && teller.commit_batch(vec![record], once, None).await.is_err() {
                // The server stops; the next start tells it.
                return Ok(());
            }
            let mut write = db.write().await?;
            let query = sqlx::query("DELETE FROM account_changes WHERE id = $1").bind(id);
            write.execute("changes.told", query).await?;
            write.commit().await?;
        }
        Ok(())
    }
}

fn event(row: &SqliteRow) -> AuthEvent {
    let (user, by) = (row.get("username"), Author::parse(row.get("author")).as_str());
    if row.get::<&str, _>("change") == Change::Added.as_str() {
        AuthEvent::UserAdded { user, by }
    } else {
        AuthEvent::UserRemoved { user, by }
    }
}
