//! Appending steps of the engine: journal, snapshots and keyed answers in one transaction.

use std::sync::Arc;

use model::record::FORMAT;
use model::{DecisionRecord, Input, Micros, TradingState};
use serde_json::json;
use telemetry::Event as _;

use super::{Entry, KeyedAnswer, TradingStore, big};
use crate::clock;
use crate::store::trading::json as text;
use crate::store::{StoreError, Write};

/// A state to recover from, with the numbers that come next.
#[derive(Clone, Debug)]
pub struct Rolling {
    pub next_seq: u64,
    pub next_input_seq: u64,
    pub state: Box<TradingState>,
}

impl TradingStore {
    /// Appends all or nothing. What a former attempt has brought to the disk after all is left out: a commit may
    /// succeed without an answer.
    pub async fn append(&self, entries: &[Arc<Entry>], rolling: Option<&Rolling>) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        let head = sqlx::query_as::<_, (i64,)>("SELECT COALESCE(MAX(seq), 0) FROM journal_decisions");
        let (head,) = write.fetch_one("journal.head", head).await?;
        let mut last = head.unsigned_abs();
        for entry in entries {
            // What led to no decision changed nothing; only its answer is kept.
            let new = entry.decisions.last().is_some_and(|record| record.seq > last);
            if new {
                self.insert_input(&mut write, entry).await?;
                for record in &entry.decisions {
                    self.insert_decision(&mut write, record).await?;
                    last = record.seq;
                }
            }
            if let Some(origin) = entry.origin.as_ref().filter(|_| new) {
                let numbers = (origin.next_seq, entry.stamp.input_seq);
                let session = Some(origin.session_id.as_str());
                self.insert_snapshot(&mut write, "origin", numbers, session, entry.stamp.at, &origin.state)
                    .await?;
            }
            if let Some(answer) = &entry.answer {
                self.insert_answer(&mut write, answer, entry.stamp.at).await?;
            }
        }
        if let Some(rolling) = rolling {
            self.replace_rolling(&mut write, rolling).await?;
        }
        write.commit().await?;
        self.head.send_replace(last);
        Ok(())
    }

    async fn insert_input(&self, write: &mut Write, entry: &Entry) -> Result<(), StoreError> {
        // The prices stand in the decision that looked at them.
        let input = match &entry.input {
            Input::Market { .. } => Input::Market { events: Vec::new() },
            other => other.clone(),
        };
        let query = sqlx::query(
            "INSERT INTO journal_inputs (input_seq, format, at_us, json) VALUES ($1, $2, $3, $4)",
        )
        .bind(big(entry.stamp.input_seq))
        .bind(i32::from(FORMAT))
        .bind(entry.stamp.at.0)
        .bind(text(&json!({ "stamp": entry.stamp, "input": input }))?);
        write.execute("journal.input", query).await?;
        Ok(())
    }

    async fn insert_decision(&self, write: &mut Write, record: &DecisionRecord) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO journal_decisions (seq, input_seq, format, at_us, session_id, level, json) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(big(record.seq))
        .bind(big(record.input_seq))
        .bind(i32::from(FORMAT))
        .bind(record.at.0)
        .bind(record.session_id.as_ref().map(|id| id.0.as_str()))
        .bind(record.decision.level() as i16)
        .bind(text(record)?);
        write.execute("journal.decision", query).await?;
        Ok(())
    }

    async fn insert_snapshot(
        &self,
        write: &mut Write,
        kind: &'static str,
        (next_seq, next_input_seq): (u64, u64),
        session_id: Option<&str>,
        at: Micros,
        state: &TradingState,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO snapshots (kind, next_seq, next_input_seq, format, session_id, at_us, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, next_seq) DO NOTHING",
        )
        .bind(kind)
        .bind(big(next_seq))
        .bind(big(next_input_seq))
        .bind(i32::from(FORMAT))
        .bind(session_id)
        .bind(at.0)
        .bind(text(state)?);
        write.execute("snapshots.insert", query).await?;
        Ok(())
    }

    async fn replace_rolling(&self, write: &mut Write, rolling: &Rolling) -> Result<(), StoreError> {
        let numbers = (rolling.next_seq, rolling.next_input_seq);
        self.insert_snapshot(write, "rolling", numbers, None, clock::now(), &rolling.state).await?;
        let query = sqlx::query("DELETE FROM snapshots WHERE kind = 'rolling' AND next_seq < $1")
            .bind(big(rolling.next_seq));
        write.execute("snapshots.forget", query).await?;
        Ok(())
    }

    async fn insert_answer(
        &self,
        write: &mut Write,
        answer: &KeyedAnswer,
        at: Micros,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO idempotency (username, idempotency_key, request_hash, status, response, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (username, idempotency_key) DO NOTHING",
        )
        .bind(answer.username.as_str())
        .bind(answer.key.as_str())
        .bind(answer.request_hash.as_str())
        .bind(i32::from(answer.status))
        .bind(answer.response.as_str())
        .bind(at.0);
        write.execute("idempotency.insert", query).await?;
        Ok(())
    }
}
