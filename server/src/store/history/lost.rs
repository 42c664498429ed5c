//! Sessions that the journal does not know any more, because it was lost or put back: nobody watches them, and the
//! list says so instead of showing them as they last were.

use std::collections::BTreeSet;

use model::Micros;
use model::ids::SessionId;
use serde_json::{Map, Value, json};

use super::HistoryStore;
use crate::store::{StoreError, Write};

const SENTENCE: &str = "The journal does not know this session any more, so nobody watches it. What it held is the \
                        account's: close it with PANIC, or at the venue.";

/// Id and view.
pub(super) type Row = (String, Map<String, Value>);

impl HistoryStore {
    /// Marks sessions that have not ended and that nobody knows; gives their ids.
    pub async fn lose(&self, known: &BTreeSet<SessionId>) -> Result<Vec<String>, StoreError> {
        let open = self.open_sessions().await?;
        let lost: Vec<_> =
            open.into_iter().filter(|(id, _)| !known.contains(&SessionId(id.clone()))).collect();
        if lost.is_empty() {
            return Ok(Vec::new());
        }
        let mut write = self.db()?.write().await?;
        for (id, body) in &lost {
            let mut body = body.clone();
            for (key, value) in [
                ("lost", json!(true)),
                ("lifecycle", json!("NEEDS_OPERATOR")),
                ("exposure", json!("UNKNOWN")),
                ("health", json!(["UNRECONCILED"])),
                ("needs_operator", json!(SENTENCE)),
            ] {
                body.insert(key.to_owned(), value);
            }
            put(&mut write, id, &body, None).await?;
        }
        write.commit().await?;
        Ok(lost.into_iter().map(|(id, _)| id).collect())
    }

    pub(super) async fn lost_sessions(&self) -> Result<Vec<Row>, StoreError> {
        let open = self.open_sessions().await?;
        Ok(open.into_iter().filter(|(_, body)| body.get("lost") == Some(&Value::Bool(true))).collect())
    }

    async fn open_sessions(&self) -> Result<Vec<Row>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_as::<_, (String, String)>(
            "SELECT session_id, body FROM sessions WHERE ended_us IS NULL",
        );
        let rows = db.timed("sessions.open", query.fetch_all(&mut *connection)).await?;
        Ok(rows.into_iter().map(|(id, body)| (id, serde_json::from_str(&body).unwrap_or_default())).collect())
    }
}

/// The whole account was verified flat: what `lost` sessions held is not on any more. Their results stay unknown.
pub(super) async fn end(write: &mut Write, lost: Vec<Row>, at: Micros) -> Result<(), StoreError> {
    for (id, mut body) in lost {
        for (key, value) in [
            ("lifecycle", json!("STOPPED")),
            ("exposure", json!("FLAT")),
            ("health", json!([])),
            ("needs_operator", Value::Null),
            ("ended_at", json!(at)),
            ("exit_reason", json!("panic")),
        ] {
            body.insert(key.to_owned(), value);
        }
        put(write, &id, &body, Some(at)).await?;
    }
    Ok(())
}

async fn put(
    write: &mut Write,
    id: &str,
    body: &Map<String, Value>,
    ended_at: Option<Micros>,
) -> Result<(), StoreError> {
    let word = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let query = sqlx::query(
        "UPDATE sessions SET lifecycle = $1, ended_us = $2, exit_reason = $3, body = $4 WHERE session_id = $5",
    )
    .bind(word("lifecycle").unwrap_or_default())
    .bind(ended_at.map(|at| at.0))
    .bind(word("exit_reason"))
    .bind(Value::Object(body.clone()).to_string())
    .bind(id);
    write.execute("sessions.lose", query).await?;
    Ok(())
}
