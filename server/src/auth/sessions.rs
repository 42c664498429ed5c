//! Browser sessions. One that cannot be written, because the disk is full or there is no database, is kept in memory:
//! whoever has shown the right password must be able to look and to press PANIC.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::Row;
use tokio::sync::broadcast;

use super::Accounts;
use super::accounts::LOOKUP;
use crate::store::StoreError;
use crate::{clock, correlation, random};

/// `seen_us` is written at most this often, so that reading pages does not write.
const SEEN_STEP_US: i64 = 60_000_000;

/// A session that was looked up so shortly ago is not looked up again.
const FRESH: Duration = Duration::from_secs(2);
/// One that is not in the copy of the file counts so long.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A browser session that is valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub username: String,
    pub token_hash: String,
    /// When it was signed in to, UTC microseconds.
    pub created_us: i64,
}

impl Accounts {
    /// Starts a session and gives the token of its cookie, which is kept only as a digest.
    pub async fn start_session(&self, username: &str) -> String {
        let token = random::hex(32);
        let digest = random::digest(&token);
        let now = clock::now().0;
        if self.save(&digest, username).await.is_err() {
            // Told by the database where it failed; the session ends with the process.
            self.unsaved.start(digest, username, now);
            return token;
        }
        let session = Session { username: username.to_owned(), token_hash: digest, created_us: now };
        self.keepsake.start(session, now);
        token
    }

    /// Old ones are cleared on the way.
    async fn save(&self, token_hash: &str, username: &str) -> Result<(), StoreError> {
        let now = clock::now().0;
        let mut write = self.db()?.write().await?;
        let query = sqlx::query("DELETE FROM web_sessions WHERE seen_us < $1 OR created_us < $2")
            .bind(now - self.idle_us)
            .bind(now - self.max_us);
        write.execute("sessions.expire", query).await?;
        let query = sqlx::query(
            "INSERT INTO web_sessions (token_hash, username, created_us, seen_us) VALUES ($1, $2, $3, $4)",
        )
        .bind(token_hash)
        .bind(username)
        .bind(now)
        .bind(now);
        write.execute("sessions.start", query).await?;
        write.commit().await
    }

    /// The session of a cookie's token, unless it has expired.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let (token_hash, now) = (random::digest(token), clock::now().0);
        if let Some(session) = self.unsaved.find(&token_hash, now - self.idle_us, now - self.max_us, now) {
            return Ok(Some(session));
        }
        if self.unsaved.has_ended(&token_hash) {
            return Ok(None);
        }
        if let Some(session) = self.recent.within(&token_hash, FRESH) {
            return Ok(Some(session));
        }
        let mut lookup = std::pin::pin!(self.look_up(&token_hash, now));
        match tokio::time::timeout(LOOKUP, lookup.as_mut()).await {
            // A file that was begun anew and could not be given what is known does not know everybody.
            Ok(Ok(None)) if self.keepsake.stands_in() => Ok(self.remembered(&token_hash, now)),
            Ok(Ok(found)) => Ok(found),
            // A database that is busy, or gone, shuts nobody out who was in.
            Ok(Err(error)) => self.remembered(&token_hash, now).map(Some).ok_or(error),
            Err(_elapsed) => match self.remembered(&token_hash, now) {
                Some(session) => Ok(Some(session)),
                None => lookup.await,
            },
        }
    }

    /// A session that was valid when the file could last be read, and would be still.
    fn remembered(&self, token_hash: &str, now: i64) -> Option<Session> {
        let kept = self.keepsake.session(token_hash, now - self.idle_us, now - self.max_us, now);
        kept.or_else(|| self.recent.within(token_hash, REMEMBERED))
    }

    async fn look_up(&self, token_hash: &str, now: i64) -> Result<Option<Session>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query(
            "SELECT username, created_us, seen_us FROM web_sessions \
             WHERE token_hash = $1 AND seen_us >= $2 AND created_us >= $3",
        )
        .bind(token_hash)
        .bind(now - self.idle_us)
        .bind(now - self.max_us);
        let row = db.timed("sessions.find", query.fetch_optional(&mut *connection)).await?;
        drop(connection);
        let Some(row) = row else {
            if !self.keepsake.stands_in() {
                self.recent.forget(token_hash);
            }
            return Ok(None);
        };
        // A clock that was set back must not leave the session as it was until the old time comes round.
        if (now - row.get::<i64, _>("seen_us")).abs() > SEEN_STEP_US {
            self.touch(token_hash.to_owned(), now);
        }
        let (username, created_us) = (row.get("username"), row.get("created_us"));
        let session = Session { username, token_hash: token_hash.to_owned(), created_us };
        self.recent.note(&session);
        Ok(Some(session))
    }

    /// Ends a session, also when that cannot be written.
    pub async fn end_session(&self, token_hash: &str) {
        self.recent.forget(token_hash);
        // Nobody need listen.
        let _ = self.ended.send(token_hash.to_owned());
        self.keepsake.end(token_hash);
        // Also what was deleted: a file that lost its last writes would know it again.
        self.unsaved.note_ended(token_hash);
        if !self.unsaved.end(token_hash) {
            // What fails is told by the database; it has ended all the same.
            let _ = self.delete(token_hash).await;
        }
    }

    /// Hears of every session that is ended, by the digest of its token.
    pub fn endings(&self) -> broadcast::Receiver<String> {
        self.ended.subscribe()
    }

    async fn delete(&self, token_hash: &str) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        let query = sqlx::query("DELETE FROM web_sessions WHERE token_hash = $1").bind(token_hash);
        write.execute("sessions.end", query).await?;
        write.commit().await
    }

    /// Notes beside the request that the session was seen: whoever presses PANIC does not wait for the lock of a backup.
    /// One at a time; when it fails it is told by the database, and the next request tries again.
    fn touch(&self, token_hash: String, now: i64) {
        if self.touching.swap(true, Ordering::Relaxed) {
            return;
        }
        let this = self.clone();
        tokio::spawn(correlation::carry(async move {
            let _ = this.seen(&token_hash, now).await;
            this.touching.store(false, Ordering::Relaxed);
        }));
    }

    async fn seen(&self, token_hash: &str, now: i64) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        let query = sqlx::query("UPDATE web_sessions SET seen_us = $1 WHERE token_hash = $2")
            .bind(now)
            .bind(token_hash);
        write.execute("sessions.touch", query).await?;
        write.commit().await
    }
}
