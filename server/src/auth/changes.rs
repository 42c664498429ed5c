//! Changes of accounts are noted in the transaction that makes them and told by the server afterwards, because the
//! command line may make them while a server runs, and only the server's writer may write records.

use sqlx::{Row, Sqlite, Transaction};
use telemetry::{Context, Micros};

use super::{Accounts, AuthEvent};
use crate::clock;
use crate::store::StoreError;
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

impl Accounts {
    /// Notes a change within the transaction that makes it.
    pub(super) async fn note(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        username: &str,
        change: Change,
        author: Author,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO account_changes (at_us, username, change, author) VALUES ($1, $2, $3, $4)",
        )
        .bind(clock::now().0)
        .bind(username)
        .bind(change.as_str())
        .bind(author.as_str());
        self.db().timed("changes.note", query.execute(&mut **transaction)).await.map(|_| ())
    }

    /// Tells the changes noted so far as audit records, each at the time it was made.
    pub async fn tell_changes(&self, teller: &Teller) -> Result<(), StoreError> {
        let mut connection = self.db().read().await?;
        let query =
            sqlx::query("SELECT id, at_us, username, change, author FROM account_changes ORDER BY id");
        let rows = self.db().timed("changes.read", query.fetch_all(&mut *connection)).await?;
        drop(connection);
        let Some(last) = rows.last().map(|row| row.get::<i64, _>("id")) else { return Ok(()) };
        for row in &rows {
            let (user, by) = (row.get("username"), Author::parse(row.get("author")).as_str());
            let added = row.get::<&str, _>("change") == Change::Added.as_str();
            let event =
                if added { AuthEvent::UserAdded { user, by } } else { AuthEvent::UserRemoved { user, by } };
            teller.tell_at(&event, &Context::default(), Micros(row.get("at_us")));
        }
        let mut transaction = self.db().begin().await?;
        let query = sqlx::query("DELETE FROM account_changes WHERE id <= $1").bind(last);
        self.db().timed("changes.told", query.execute(&mut *transaction)).await?;
        self.db().commit(transaction).await
    }
}
