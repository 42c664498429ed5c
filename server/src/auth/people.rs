//! Who may sign in, for those who look.

use sqlx::Row;

use super::Accounts;
use crate::store::StoreError;

/// A user as others may see him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub username: String,
    pub has_password: bool,
    /// UTC microseconds.
    pub created_us: i64,
}

impl Accounts {
    /// Everybody, by name.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query(
            "SELECT username, password_hash IS NOT NULL AS has_password, created_us FROM users ORDER BY username",
        );
        let rows = db.timed("users.people", query.fetch_all(&mut *connection)).await?;
        let person = |row: &sqlx::sqlite::SqliteRow| Person {
            username: row.get("username"),
            has_password: row.get("has_password"),
            created_us: row.get("created_us"),
        };
        Ok(rows.iter().map(person).collect())
    }
}
