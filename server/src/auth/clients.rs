//! Whose browser session it is that sends log records: all tabs of a login share one, after a sign-in or a sign-out
//! there is a new one, and nobody inherits another's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Accounts, Session};
use crate::clock;
use crate::ingest::Lru;
use crate::store::StoreError;

/// Owners kept in memory.
const MOST: usize = 10_000;
/// Browser sessions of one login that are remembered in the file.
const PER_LOGIN: i64 = 500;
/// A binding that cannot be written within this time is in memory only.
const PATIENCE: Duration = Duration::from_secs(1);

/// Register of owners by browser session.
pub struct Clients(Mutex<Lru<String>>);

impl Default for Clients {
    fn default() -> Self {
        Self(Mutex::new(Lru::new(MOST)))
    }
}

impl Clients {
    fn owner(&self, client_session_id: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(client_session_id).cloned()
    }

    fn note(&self, client_session_id: &str, username: &str) {
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        owners.insert(client_session_id, username.to_owned());
    }
}

impl Accounts {
    /// The user under whose login the browser session was seen.
    pub async fn client_owner(&self, client_session_id: &str) -> Result<Option<String>, StoreError> {
        if let Some(owner) = self.clients.owner(client_session_id) {
            return Ok(Some(owner));
        }
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, String>(
            "SELECT username FROM client_sessions WHERE client_session_id = $1",
        )
        .bind(client_session_id);
        let owner = db.timed("clients.owner", query.fetch_optional(&mut *connection)).await?;
        if let Some(owner) = &owner {
            self.clients.note(client_session_id, owner);
        }
        Ok(owner)
    }

    /// Binds a browser session without an owner to a login. What cannot be written counts until the process ends;
    /// told by the database where it failed.
    pub async fn bind_client(&self, session: &Session, client_session_id: &str) {
        self.clients.note(client_session_id, &session.username);
        let _ = tokio::time::timeout(PATIENCE, self.save_client(session, client_session_id)).await;
    }

    async fn save_client(&self, session: &Session, client_session_id: &str) -> Result<(), StoreError> {
        let now = clock::now().0;
        let mut write = self.db()?.write().await?;
        let query = sqlx::query(
            "INSERT INTO client_sessions (client_session_id, username, token_hash, bound_us) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (client_session_id) DO NOTHING",
        )
        .bind(client_session_id)
        .bind(&session.username)
        .bind(&session.token_hash)
        .bind(now);
        write.execute("clients.bind", query).await?;
        let query = sqlx::query(
            "DELETE FROM client_sessions WHERE bound_us < $1 OR token_hash = $2 AND bound_us < \
             (SELECT bound_us FROM client_sessions WHERE token_hash = $2 ORDER BY bound_us DESC LIMIT 1 OFFSET $3)",
        )
        .bind(now.saturating_sub(self.max_us))
        .bind(&session.token_hash)
        .bind(PER_LOGIN);
        write.execute("clients.forget", query).await?;
        write.commit().await
    }
}
