//! Accounts and browser sessions in `console.db`, a file of its own so that signing in (and the panic form)
//! never waits behind a flood of logs.

use std::path::Path;

use sqlx::Row;

use super::changes::{Author, Change};
use super::password;
use crate::config::{AuthConfig, DatabaseConfig};
use crate::store::{Db, Durability, StoreError};
use crate::telling::Teller;
use crate::{clock, random};

/// The user that a first start makes.
pub const FIRST_USER: &str = "admin";
const HOUR_US: i64 = 3_600_000_000;
/// `seen_us` is written at most this often, so that reading pages does not write.
const SEEN_STEP_US: i64 = 60_000_000;

/// Handle to the accounts; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    db: Db,
    idle_us: i64,
    max_us: i64,
}

/// A browser session that is valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub username: String,
    pub token_hash: String,
    /// The browser session (`sid` of its log batches) that this login is bound to.
    pub client_session_id: Option<String>,
}

impl Accounts {
    /// Opens `console.db` in the data directory.
    pub async fn open(
        dir: &Path,
        teller: Teller,
        database: &DatabaseConfig,
        auth: &AuthConfig,
    ) -> Result<Self, StoreError> {
        let path = dir.join("console.db");
        let migrations = sqlx::migrate!("./migrations/console");
        let db = Db::open(&path, "console", &migrations, Durability::Power, teller, database).await?;
        let us = |hours: u64| i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(HOUR_US);
        Ok(Self {
            db,
            idle_us: us(auth.session_idle_hours),
            max_us: us(auth.session_max_days.saturating_mul(24)),
        })
    }

    /// The database, for what it can tell about itself.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Makes the first user when there is none. Gives the user that still needs a password, as long as nobody
    /// has one.
    pub async fn ensure_first_user(&self) -> Result<Option<String>, StoreError> {
        if self.list().await?.is_empty() {
            self.add(FIRST_USER, None, Author::FirstStart).await?;
        }
        let mut connection = self.db.read().await?;
        let query =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL");
        let with_password = self.db.timed("users.ready", query.fetch_one(&mut *connection)).await?;
        Ok(if with_password == 0 { self.list().await?.into_iter().next() } else { None })
    }

    /// All user names, oldest first.
    pub async fn list(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.db.read().await?;
        let query = sqlx::query_scalar("SELECT username FROM users ORDER BY created_us, username");
        self.db.timed("users.list", query.fetch_all(&mut *connection)).await
    }

    /// Adds a user; `false` when the name is taken.
    pub async fn add(
        &self,
        username: &str,
        password: Option<String>,
        author: Author,
    ) -> Result<bool, StoreError> {
        let hash = match password {
            Some(password) => password::hash(password).await,
            None => None,
        };
        let mut transaction = self.db.begin().await?;
        let query = sqlx::query(
            "INSERT INTO users (username, password_hash, created_us) VALUES ($1, $2, $3) \
             ON CONFLICT (username) DO NOTHING",
        )
        .bind(username)
        .bind(hash)
        .bind(clock::now().0);
        let added = self.db.timed("users.add", query.execute(&mut *transaction)).await?.rows_affected() > 0;
        if added {
            self.note(&mut transaction, username, Change::Added, author).await?;
        }
        self.db.commit(transaction).await?;
        Ok(added)
    }

    /// Removes a user and ends the sessions; `false` when there is none of that name.
    pub async fn remove(&self, username: &str, author: Author) -> Result<bool, StoreError> {
        let mut transaction = self.db.begin().await?;
        let query = sqlx::query("DELETE FROM users WHERE username = $1").bind(username);
        let removed =
            self.db.timed("users.remove", query.execute(&mut *transaction)).await?.rows_affected() > 0;
        let query = sqlx::query("DELETE FROM web_sessions WHERE username = $1").bind(username);
        self.db.timed("sessions.remove", query.execute(&mut *transaction)).await?;
        if removed {
            self.note(&mut transaction, username, Change::Removed, author).await?;
        }
        self.db.commit(transaction).await?;
        Ok(removed)
    }

    /// Sets a password and ends the sessions that were signed in with the old one.
    pub async fn set_password(&self, username: &str, password: String) -> Result<bool, StoreError> {
        let Some(hash) = password::hash(password).await else { return Ok(false) };
        let mut transaction = self.db.begin().await?;
        let query =
            sqlx::query("UPDATE users SET password_hash = $1 WHERE username = $2").bind(hash).bind(username);
        let changed =
            self.db.timed("users.password", query.execute(&mut *transaction)).await?.rows_affected() > 0;
        let query = sqlx::query("DELETE FROM web_sessions WHERE username = $1").bind(username);
        self.db.timed("sessions.remove", query.execute(&mut *transaction)).await?;
        self.db.commit(transaction).await?;
        Ok(changed)
    }

    /// Whether name and password belong together; takes as long for names that do not exist.
    pub async fn verify(&self, username: &str, password: String) -> Result<bool, StoreError> {
        let mut connection = self.db.read().await?;
        let query =
            sqlx::query_scalar::<_, Option<String>>("SELECT password_hash FROM users WHERE username = $1")
                .bind(username);
        let hash = self.db.timed("users.verify", query.fetch_optional(&mut *connection)).await?.flatten();
        drop(connection);
        Ok(password::verify(password, hash).await)
    }

    /// Starts a session and gives the token of its cookie, which is kept only as a digest. Old ones are cleared.
    pub async fn start_session(&self, username: &str) -> Result<String, StoreError> {
        let (token, now) = (random::hex(32), clock::now().0);
        let mut transaction = self.db.begin().await?;
        let query = sqlx::query("DELETE FROM web_sessions WHERE seen_us < $1 OR created_us < $2")
            .bind(now - self.idle_us)
            .bind(now - self.max_us);
        self.db.timed("sessions.expire", query.execute(&mut *transaction)).await?;
        let query = sqlx::query(
            "INSERT INTO web_sessions (token_hash, username, created_us, seen_us) VALUES ($1, $2, $3, $4)",
        )
        .bind(random::digest(&token))
        .bind(username)
        .bind(now)
        .bind(now);
        self.db.timed("sessions.start", query.execute(&mut *transaction)).await?;
        self.db.commit(transaction).await?;
        Ok(token)
    }

    /// The session of a cookie's token, unless it has expired.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let (token_hash, now) = (random::digest(token), clock::now().0);
        let mut connection = self.db.read().await?;
        let query = sqlx::query(
            "SELECT username, client_session_id, seen_us FROM web_sessions \
             WHERE token_hash = $1 AND seen_us >= $2 AND created_us >= $3",
        )
        .bind(&token_hash)
        .bind(now - self.idle_us)
        .bind(now - self.max_us);
        let row = self.db.timed("sessions.find", query.fetch_optional(&mut *connection)).await?;
        drop(connection);
        let Some(row) = row else { return Ok(None) };
        if now - row.get::<i64, _>("seen_us") > SEEN_STEP_US {
            self.touch(&token_hash, now).await?;
        }
        let (username, client_session_id) = (row.get("username"), row.get("client_session_id"));
        Ok(Some(Session { username, token_hash, client_session_id }))
    }

    /// Binds the login to the first browser session that logs under it; later ones change nothing.
    pub async fn bind_client(&self, token_hash: &str, client_session_id: &str) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let query = sqlx::query(
            "UPDATE web_sessions SET client_session_id = $1 WHERE token_hash = $2 AND client_session_id IS NULL",
        )
        .bind(client_session_id)
        .bind(token_hash);
        self.db.timed("sessions.bind", query.execute(&mut *transaction)).await?;
        self.db.commit(transaction).await
    }

    /// Ends a session.
    pub async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let query = sqlx::query("DELETE FROM web_sessions WHERE token_hash = $1").bind(token_hash);
        self.db.timed("sessions.end", query.execute(&mut *transaction)).await?;
        self.db.commit(transaction).await
    }

    async fn touch(&self, token_hash: &str, now: i64) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let query = sqlx::query("UPDATE web_sessions SET seen_us = $1 WHERE token_hash = $2")
            .bind(now)
            .bind(token_hash);
        self.db.timed("sessions.touch", query.execute(&mut *transaction)).await?;
        self.db.commit(transaction).await
    }
}
