//! Accounts and browser sessions in `console.db`, a file of its own so that signing in (and the panic form)
//! never waits behind a flood of logs.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::migrate::Migrator;
use tokio::sync::{broadcast, watch};

use super::carry;
use super::changes::{Author, Change, note};
use super::clients::Clients;
use super::keepsake::Keepsake;
use super::password;
use super::recent::Recent;
use super::unsaved::Unsaved;
use crate::clock;
use crate::config::{AuthConfig, DatabaseConfig};
use crate::health::Health;
use crate::store::{Db, DbFile, Durability, Foreign, Hold, Slot, StoreError, migrator};
use crate::tasks::Tasks;
use crate::telling::Teller;

/// The user that a first start makes.
pub const FIRST_USER: &str = "admin";
const HOUR_US: i64 = 3_600_000_000;
pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "accounts", include_str!("../../migrations/console/0001_accounts.sql")),
        (2, "changes", include_str!("../../migrations/console/0002_changes.sql")),
        (3, "clients", include_str!("../../migrations/console/0003_clients.sql")),
    ])
});
/// Somebody waits in front of a form.
const PATIENCE: Duration = Duration::from_secs(2);
/// The database is waited for so long before memory counts.
pub(super) const LOOKUP: Duration = Duration::from_millis(300);
/// A listener that is further behind looks for itself.
const ENDED: usize = 64;
/// The file is small: a start looks through all of it.
const CHECK: Duration = Duration::from_secs(1);

/// Handle to the accounts; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    slot: Slot,
    pub(super) idle_us: i64,
    pub(super) max_us: i64,
    /// Sessions that could not be written.
    pub(super) unsaved: Arc<Unsaved>,
    pub(super) recent: Arc<Recent>,
    /// What the file held when it could last be read.
    pub(super) keepsake: Arc<Keepsake>,
    /// Digests of the tokens of sessions that were ended, as it happens.
    pub(super) ended: broadcast::Sender<String>,
    pub(super) clients: Arc<Clients>,
    /// A session is being noted as seen.
    pub(super) touching: Arc<AtomicBool>,
}

impl Accounts {
    /// Opens `console.db` in the data directory, also beside a server that runs on it.
    pub async fn open(
        dir: &Path,
        teller: Teller,
        database: &DatabaseConfig,
        auth: &AuthConfig,
    ) -> Result<Self, StoreError> {
        let db = Db::open(file(dir, Hold::Guest), teller, database).await?;
        Ok(Self::at(Slot::fixed(db), auth, Arc::default()))
    }

    /// Keeps one open in a data directory that is ours, whatever becomes of the file: trading does without it.
    pub async fn keep(
        dir: &Path,
        database: &DatabaseConfig,
        auth: &AuthConfig,
        health: &Health,
        tasks: &Tasks,
    ) -> Self {
        let names = ("console_store", "console_file");
        let keepsake = Arc::default();
        let greeting = Some(carry::greeting(&keepsake, tasks.teller()));
        let file = file(dir, Hold::Owner);
        Self::at(Slot::keep(file, names, true, greeting, database, health, tasks).await, auth, keepsake)
    }

    fn at(slot: Slot, auth: &AuthConfig, keepsake: Arc<Keepsake>) -> Self {
        let us = |hours: u64| i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(HOUR_US);
        Self {
            slot,
            idle_us: us(auth.session_idle_hours),
            max_us: us(auth.session_max_days.saturating_mul(24)),
            unsaved: Arc::default(),
            recent: Arc::default(),
            keepsake,
            ended: broadcast::channel(ENDED).0,
            clients: Arc::default(),
            touching: Arc::default(),
        }
    }

    /// The database, for what it can tell about itself, while there is one.
    pub fn db(&self) -> Result<Db, StoreError> {
        self.slot.db()
    }

    /// Changes whenever another database is in use, which may be without users.
    #[must_use]
    pub fn opened(&self) -> watch::Receiver<u64> {
        self.slot.opened()
    }

    /// Closes it; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.slot.close().await;
    }

    /// Makes the first user when there is none. Gives the user that still needs a password, as long as nobody
    /// has one. Nobody is made while those of before could not be written into a new file.
    pub async fn ensure_first_user(&self, teller: &Teller) -> Result<Option<String>, StoreError> {
        if self.keepsake.stands_in() {
            self.remember(teller).await?;
        }
        if self.list().await?.is_empty() {
            self.add(FIRST_USER, None, Author::FirstStart).await?;
        }
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL");
        let with_password = db.timed("users.ready", query.fetch_one(&mut *connection)).await?;
        Ok(if with_password == 0 { self.list().await?.into_iter().next() } else { None })
    }

    /// All user names, oldest first.
    pub async fn list(&self) -> Result<Vec<String>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar("SELECT username FROM users ORDER BY created_us, username");
        db.timed("users.list", query.fetch_all(&mut *connection)).await
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
        let mut write = self.db()?.write().await?;
        let query = sqlx::query(
            "INSERT INTO users (username, password_hash, created_us) VALUES ($1, $2, $3) \
             ON CONFLICT (username) DO NOTHING",
        )
        .bind(username)
        .bind(&hash)
        .bind(clock::now().0);
        let added = write.execute("users.add", query).await? > 0;
        if added {
            note(&mut write, username, Change::Added, author).await?;
        }
        write.commit().await?;
        if added {
            self.keepsake.note_user(username, hash, clock::now().0);
        }
        Ok(added)
    }

    /// Removes a user and ends the sessions; `false` when there is none of that name.
    pub async fn remove(&self, username: &str, author: Author) -> Result<bool, StoreError> {
        let mut write = self.db()?.write().await?;
        let query = sqlx::query("DELETE FROM users WHERE username = $1").bind(username);
        let removed = write.execute("users.remove", query).await? > 0;
        let query = sqlx::query("DELETE FROM web_sessions WHERE username = $1").bind(username);
        write.execute("sessions.remove", query).await?;
        if removed {
            note(&mut write, username, Change::Removed, author).await?;
        }
        write.commit().await?;
        self.keepsake.forget_user(username);
        self.unsaved.end_of(username);
        self.recent.forget_user(username);
        Ok(removed)
    }

    /// Sets a password and ends the sessions that were signed in with the old one.
    pub async fn set_password(&self, username: &str, password: String) -> Result<bool, StoreError> {
        let Some(hash) = password::hash(password).await else { return Ok(false) };
        let mut write = self.db()?.write().await?;
        let query =
            sqlx::query("UPDATE users SET password_hash = $1 WHERE username = $2").bind(&hash).bind(username);
        let changed = write.execute("users.password", query).await? > 0;
        let query = sqlx::query("DELETE FROM web_sessions WHERE username = $1").bind(username);
        write.execute("sessions.remove", query).await?;
        write.commit().await?;
        if changed {
            self.keepsake.note_user(username, Some(hash), clock::now().0);
        }
        self.keepsake.end_of(username);
        self.unsaved.end_of(username);
        self.recent.forget_user(username);
        Ok(changed)
    }

    /// Whether name and password belong together; takes as long for names that do not exist. Without a database, or
    /// while a new one lacks what the one before held, what was valid when it could last be read is valid.
    pub async fn verify(&self, username: &str, password: String) -> Result<bool, StoreError> {
        let mut lookup = std::pin::pin!(self.hash_of(username));
        let keepsake = &self.keepsake;
        let found = match tokio::time::timeout(LOOKUP, lookup.as_mut()).await {
            Ok(found) => found,
            Err(_elapsed) if keepsake.has_password() => Ok(keepsake.hash_of(username)),
            Err(_elapsed) => lookup.await,
        };
        let hash = match found {
            Ok(None) if keepsake.stands_in() => keepsake.hash_of(username),
            Ok(hash) => hash,
            Err(_told) if keepsake.has_password() => keepsake.hash_of(username),
            Err(error) => return Err(error),
        };
        Ok(password::verify(password, hash).await)
    }

    async fn hash_of(&self, username: &str) -> Result<Option<String>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query =
            sqlx::query_scalar::<_, Option<String>>("SELECT password_hash FROM users WHERE username = $1")
                .bind(username);
        Ok(db.timed("users.verify", query.fetch_optional(&mut *connection)).await?.flatten())
    }
}

fn file(dir: &Path, hold: Hold) -> DbFile {
    let check = match hold {
        Hold::Owner => CHECK,
        Hold::Guest => Duration::ZERO,
    };
    DbFile {
        path: dir.join("console.db"),
        name: "console",
        migrations: &MIGRATIONS,
        durability: Durability::Power,
        patience: PATIENCE,
        hold,
        foreign: Foreign::SetAside,
        check,
        before: None,
    }
}
