//! Appending steps of the engine: journal, snapshots, projections and keyed answers in one transaction.

use model::{Decision, DecisionRecord, Micros, TradingState};
use telemetry::Event as _;

use super::{Entry, KeyedAnswer, TradingStore, big, json};
use crate::clock;
use crate::store::{StoreError, Write};

impl TradingStore {
    /// Appends all or nothing. `state` is the engine's after the last entry; `rolling` also keeps it as the
    /// snapshot to recover from, with the numbers that come next.
    pub async fn append(
        &self,
        entries: &[Entry],
        state: &TradingState,
        rolling: Option<(u64, u64)>,
    ) -> Result<(), StoreError> {
        let mut write = self.db().write().await?;
        for entry in entries {
            // What led to no decision changed nothing; only its answer is kept.
            if !entry.decisions.is_empty() {
                self.insert_input(&mut write, entry).await?;
            }
            for record in &entry.decisions {
                self.insert_decision(&mut write, record).await?;
            }
            if let Some(origin) = &entry.origin {
                let numbers = (origin.next_seq, entry.stamp.input_seq);
                let session = Some(origin.session_id.as_str());
                self.insert_snapshot(&mut write, "origin", numbers, session, entry.stamp.at, &origin.state)
                    .await?;
            }
            if let Some(answer) = &entry.answer {
                self.insert_answer(&mut write, answer, entry.stamp.at).await?;
            }
        }
        self.project(&mut write, entries, state).await?;
        if let Some(numbers) = rolling {
            self.replace_rolling(&mut write, numbers, state).await?;
        }
        write.commit().await
    }

    async fn insert_input(&self, write: &mut Write, entry: &Entry) -> Result<(), StoreError> {
        let (stamp, input) = (&entry.stamp, &entry.input);
        let query = sqlx::query(
            "INSERT INTO journal_inputs (input_seq, boot_id, at_us, json) VALUES ($1, $2, $3, $4)",
        )
        .bind(big(stamp.input_seq))
        .bind(stamp.boot_id.as_str())
        .bind(stamp.at.0)
        .bind(json(&serde_json::json!({ "stamp": stamp, "input": input }))?);
        write.execute("journal.input", query).await?;
        Ok(())
    }

    async fn insert_decision(&self, write: &mut Write, record: &DecisionRecord) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO journal_decisions (seq, input_seq, at_us, session_id, correlation_id, event, level, json) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(big(record.seq))
        .bind(big(record.input_seq))
        .bind(record.at.0)
        .bind(record.session_id.as_ref().map(|id| id.0.as_str()))
        .bind(record.correlation_id.as_str())
        .bind(record.decision.name())
        .bind(record.decision.level() as i16)
        .bind(json(record)?);
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
            "INSERT INTO snapshots (kind, next_seq, next_input_seq, session_id, at_us, state) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, next_seq) DO NOTHING",
        )
        .bind(kind)
        .bind(big(next_seq))
        .bind(big(next_input_seq))
        .bind(session_id)
        .bind(at.0)
        .bind(json(state)?);
        write.execute("snapshots.insert", query).await?;
        Ok(())
    }

    async fn replace_rolling(
        &self,
        write: &mut Write,
        numbers: (u64, u64),
        state: &TradingState,
    ) -> Result<(), StoreError> {
        self.insert_snapshot(write, "rolling", numbers, None, clock::now(), state).await?;
        let query = sqlx::query("DELETE FROM snapshots WHERE kind = 'rolling' AND next_seq < $1")
            .bind(big(numbers.0));
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

/// Whether a decision changes what the session's projection shows. Steady ticks and evaluations do not: they
/// would rewrite the row many times a second.
pub(super) fn changes_session(record: &DecisionRecord) -> bool {
    use model::decision::RulesDecision;
    match &record.decision {
        Decision::Session(_) | Decision::Entry(_) | Decision::Order(_) | Decision::Closing(_) => true,
        Decision::Rules(decision) => match decision {
            RulesDecision::TrailingArmed { .. } | RulesDecision::ExitDecided { .. } => true,
            RulesDecision::CycleStarted { .. }
            | RulesDecision::CycleCompleted { .. }
            | RulesDecision::Evaluated { .. }
            | RulesDecision::BreachCounted { .. }
            | RulesDecision::BreachCleared { .. }
            | RulesDecision::PeakRaised { .. }
            | RulesDecision::FloorRaised { .. } => false,
        },
        Decision::Market(_) | Decision::Truth(_) => false,
    }
}
