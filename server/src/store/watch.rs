//! `watch.db`: what those who watch the server have to know after a restart: alerts with their history and messages, run-time
//! log levels, and answers to keyed requests about them. Trading does without it.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::migrate::Migrator;

use super::trading::{StoredAnswer, big};
use super::{Db, DbFile, Durability, Foreign, Hold, Slot, StoreError, Write, migrator};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::Tasks;

pub(crate) static MIGRATIONS: LazyLock<Migrator> =
    LazyLock::new(|| migrator(&[(1, "watch", include_str!("../../migrations/watch/0001_watch.sql"))]));
/// Somebody waits in front of a form.
const PATIENCE: Duration = Duration::from_secs(2);
const CHECK: Duration = Duration::from_millis(500);
const DAY_US: i64 = 86_400_000_000;
/// Alerts that ended are kept as long as the log, their messages as long as the log is hot.
const ALERTS_US: i64 = 210 * DAY_US;
const DELIVERIES_US: i64 = 30 * DAY_US;

/// Handle to the database; cheap to clone.
#[derive(Clone)]
pub struct WatchStore {
    slot: Slot,
}

/// An alert as JSON, with what it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    pub id: String,
    pub fired_us: i64,
    pub resolved_us: Option<i64>,
    pub body: String,
}

/// What became of a message, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    pub at_us: i64,
    pub alert_id: String,
    pub body: String,
}

/// The answer to a keyed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    pub username: String,
    pub key: String,
    pub answer: StoredAnswer,
    pub at_us: i64,
}

/// What is saved together.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    pub state: Vec<(&'static str, String)>,
    pub alerts: Vec<AlertRow>,
    pub deliveries: Vec<DeliveryRow>,
    pub answers: Vec<AnswerRow>,
}

impl Saved {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state.is_empty()
            && self.alerts.is_empty()
            && self.deliveries.is_empty()
            && self.answers.is_empty()
    }

    /// Adds what came later.
    pub fn extend(&mut self, later: Self) {
        for (name, body) in later.state {
            self.state.retain(|(before, _)| *before != name);
            self.state.push((name, body));
        }
        self.alerts.extend(later.alerts);
        self.deliveries.extend(later.deliveries);
        self.answers.extend(later.answers);
    }
}

impl WatchStore {
    /// Keeps `watch.db` open in a data directory that is ours, whatever becomes of the file.
    pub async fn keep(dir: &Path, config: &DatabaseConfig, health: &Health, tasks: &Tasks) -> Self {
        let file = DbFile {
            path: dir.join("watch.db"),
            name: "watch",
            migrations: &MIGRATIONS,
            durability: Durability::Power,
            patience: PATIENCE,
            hold: Hold::Owner,
            foreign: Foreign::SetAside,
            check: CHECK,
        };
        let names = ("watch_store", "watch_file");
        Self { slot: Slot::keep(file, names, false, None, config, health, tasks).await }
    }

    /// The database, for what it can tell about itself, while there is one.
    pub fn db(&self) -> Result<Db, StoreError> {
        self.slot.db()
    }

    /// Closes it; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.slot.close().await;
    }

    /// A piece of state as it was last saved.
    pub async fn state(&self, name: &str) -> Result<Option<String>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, String>("SELECT body FROM state WHERE name = $1").bind(name);
        db.timed("watch.state", query.fetch_optional(&mut *connection)).await
    }

    /// Saves all or nothing.
    pub async fn save(&self, saved: &Saved) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        for (name, body) in &saved.state {
            let query = sqlx::query(
                "INSERT INTO state (name, body) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = $2",
            )
            .bind(*name)
            .bind(body.as_str());
            write.execute("watch.save", query).await?;
        }
        for alert in &saved.alerts {
            save_alert(&mut write, alert).await?;
        }
        for delivery in &saved.deliveries {
            let query = sqlx::query("INSERT INTO deliveries (at_us, alert_id, body) VALUES ($1, $2, $3)")
                .bind(delivery.at_us)
                .bind(delivery.alert_id.as_str())
                .bind(delivery.body.as_str());
            write.execute("watch.delivery", query).await?;
        }
        for answer in &saved.answers {
            save_answer(&mut write, answer).await?;
        }
        write.commit().await
    }

    /// What a user's key was answered, if it was used in the last 24 hours.
    pub async fn answer_of(&self, username: &str, key: &str) -> Result<Option<StoredAnswer>, StoreError> {
        let sql =
            "SELECT request_hash, status, response FROM answers WHERE username = $1 AND idempotency_key = $2";
        let query = sqlx::query_as::<_, (String, i64, String)>(sql).bind(username).bind(key);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let row = db.timed("watch.answer", query.fetch_optional(&mut *connection)).await?;
        Ok(row.map(|(request_hash, status, response)| StoredAnswer {
            request_hash,
            status: u16::try_from(status).unwrap_or(500),
            response,
        }))
    }

    /// Alerts that ended, fired since then, the latest first, as JSON.
    pub async fn ended(&self, since_us: i64, limit: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body FROM alerts WHERE resolved_us IS NOT NULL AND fired_us >= $1 \
                   ORDER BY fired_us DESC, id DESC LIMIT $2";
        let query = sqlx::query_scalar::<_, String>(sql).bind(since_us).bind(big(limit as u64));
        let db = self.db()?;
        let mut connection = db.read().await?;
        db.timed("watch.ended", query.fetch_all(&mut *connection)).await
    }

    /// What became of messages, the latest first, as JSON.
    pub async fn deliveries(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body FROM deliveries ORDER BY id DESC LIMIT $1";
        let query = sqlx::query_scalar::<_, String>(sql).bind(big(limit as u64));
        let db = self.db()?;
        let mut connection = db.read().await?;
        db.timed("watch.deliveries", query.fetch_all(&mut *connection)).await
    }

    /// Deletes what is too old.
    pub async fn forget(&self, now_us: i64) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        for (sql, before) in [
            ("DELETE FROM answers WHERE created_us < $1", now_us - DAY_US),
            ("DELETE FROM deliveries WHERE at_us < $1", now_us - DELIVERIES_US),
            ("DELETE FROM alerts WHERE resolved_us IS NOT NULL AND fired_us < $1", now_us - ALERTS_US),
        ] {
            write.execute("watch.forget", sqlx::query(sql).bind(before)).await?;
        }
        write.commit().await
    }
}

async fn save_alert(write: &mut Write, alert: &AlertRow) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO alerts (id, fired_us, resolved_us, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET resolved_us = $3, body = $4",
    )
    .bind(alert.id.as_str())
    .bind(alert.fired_us)
    .bind(alert.resolved_us)
    .bind(alert.body.as_str());
    write.execute("watch.alert", query).await.map(|_| ())
}

async fn save_answer(write: &mut Write, row: &AnswerRow) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO answers (username, idempotency_key, request_hash, status, response, created_us) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (username, idempotency_key) DO NOTHING",
    )
    .bind(row.username.as_str())
    .bind(row.key.as_str())
    .bind(row.answer.request_hash.as_str())
    .bind(i32::from(row.answer.status))
    .bind(row.answer.response.as_str())
    .bind(row.at_us);
    write.execute("watch.keyed", query).await.map(|_| ())
}
