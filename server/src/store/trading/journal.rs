//! Reading the journal back: the state to continue from after a restart, and what a replay needs.

use model::record::FORMAT;
use model::{DecisionRecord, Input, Micros, Stamp, TradingState};
use serde::{Deserialize, Serialize};

use super::{TradingStore, big, unreadable};
use crate::store::StoreError;

/// Decisions that are read at once.
const CHUNK: i64 = 1_000;

/// An input as it was looked at, without the prices it brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournaledInput {
    pub stamp: Stamp,
    pub input: Input,
}

/// A kept state and the numbers that came after it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub next_seq: u64,
    pub next_input_seq: u64,
    pub state: TradingState,
}

/// Where to continue after a restart.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    pub state: TradingState,
    pub next_seq: u64,
    pub next_input_seq: u64,
    /// Decisions that were folded after the snapshot.
    pub folded: usize,
    /// When the last of them was made; nothing may happen before it.
    pub last_at: Micros,
    /// What an older version left behind.
    pub unread: Option<Unread>,
    /// Where reading had to end before the end.
    pub torn: Option<Torn>,
}

/// A row that is not what was written: what came after it is not folded, as if the journal were older. The rows stay
/// where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The first decision that is not folded.
    pub seq: u64,
    /// The last that the file holds.
    pub last_seq: u64,
    pub failure: String,
}

/// Decisions of a stretch of the journal; rows that cannot be read are left out and named.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub records: Vec<DecisionRecord>,
    pub unreadable: Vec<(u64, String)>,
    /// Where the next page begins; `None` behind the last row.
    pub next_seq: Option<u64>,
}

/// A journal of another format lies beside ours: nothing is known of what it had on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    pub decisions: u64,
    /// Sessions that were not over.
    pub sessions: Vec<String>,
}

impl TradingStore {
    /// Folds the decisions after the latest snapshot into it.
    pub async fn recover(&self) -> Result<Recovered, StoreError> {
        let mut recovered = self.latest_snapshot().await?;
        loop {
            let page = self.page_from(recovered.next_seq, CHUNK).await?;
            let damaged = page.unreadable.first().map(|(seq, why)| (*seq, why.clone()));
            for record in &page.records {
                if damaged.as_ref().is_some_and(|(seq, _)| record.seq > *seq) {
                    break;
                }
                if record.seq != recovered.next_seq {
                    recovered.torn = Some(torn(recovered.next_seq, "its row is not there"));
                    break;
                }
                (recovered.next_seq, recovered.next_input_seq) = (record.seq + 1, record.input_seq + 1);
                recovered.last_at = recovered.last_at.max(record.at);
                recovered.folded += 1;
                recovered.state.apply(record);
            }
            if let Some((seq, why)) = damaged.filter(|_| recovered.torn.is_none()) {
                recovered.torn = Some(torn(seq, &why));
            }
            if recovered.torn.is_some() || page.next_seq.is_none() {
                break;
            }
        }
        if recovered.torn.is_some() {
            self.go_on_behind(&mut recovered).await?;
        }
        recovered.unread = self.unread().await?;
        Ok(recovered)
    }

    /// The latest state that can be read; the beginning when there is none.
    async fn latest_snapshot(&self) -> Result<Recovered, StoreError> {
        let sql = "SELECT next_seq, next_input_seq, state, at_us FROM snapshots WHERE format = $1 \
                   AND next_seq < $2 ORDER BY next_seq DESC LIMIT 1";
        let db = self.db()?;
        let mut before = i64::MAX;
        loop {
            let query =
                sqlx::query_as::<_, (i64, i64, String, i64)>(sql).bind(i32::from(FORMAT)).bind(before);
            let mut connection = db.read().await?;
            let row = db.timed("snapshots.latest", query.fetch_optional(&mut *connection)).await?;
            drop(connection);
            let Some((next_seq, next_input_seq, state, at)) = row else {
                return Ok(Recovered { next_seq: 1, next_input_seq: 1, ..Recovered::default() });
            };
            before = next_seq;
            if let Ok(Snapshot { next_seq, next_input_seq, state }) =
                snapshot((next_seq, next_input_seq, state))
            {
                return Ok(Recovered {
                    state,
                    next_seq,
                    next_input_seq,
                    last_at: Micros(at),
                    ..Recovered::default()
                });
            }
        }
    }

    /// What cannot be folded stays in its place, and numbers go on behind it.
    async fn go_on_behind(&self, recovered: &mut Recovered) -> Result<(), StoreError> {
        let sql = "SELECT COALESCE(MAX(seq), 0), COALESCE(MAX(at_us), 0), \
                   (SELECT COALESCE(MAX(input_seq), 0) FROM journal_inputs) FROM journal_decisions";
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_as::<_, (i64, i64, i64)>(sql);
        let (seq, at, input_seq) = db.timed("journal.end", query.fetch_one(&mut *connection)).await?;
        recovered.next_seq = recovered.next_seq.max(seq.unsigned_abs() + 1);
        recovered.next_input_seq = recovered.next_input_seq.max(input_seq.unsigned_abs() + 1);
        recovered.last_at = recovered.last_at.max(Micros(at));
        if let Some(torn) = &mut recovered.torn {
            torn.last_seq = seq.unsigned_abs();
        }
        Ok(())
    }

    /// The number of the last decision, 0 before the first.
    pub async fn last(&self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>("SELECT COALESCE(MAX(seq), 0) FROM journal_decisions");
        let db = self.db()?;
        let mut connection = db.read().await?;
        let last = db.timed("journal.last", query.fetch_one(&mut *connection)).await?;
        Ok(last.unsigned_abs())
    }

    async fn unread(&self) -> Result<Option<Unread>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM format_1_journal_decisions");
        let decisions = db.timed("journal.unread", count.fetch_one(&mut *connection)).await?;
        let sql = "SELECT session_id FROM format_1_sessions WHERE ended_us IS NULL ORDER BY started_us";
        let open = sqlx::query_scalar::<_, String>(sql).fetch_all(&mut *connection);
        let sessions = db.timed("sessions.unread", open).await?;
        Ok((decisions > 0).then(|| Unread { decisions: decisions.unsigned_abs(), sessions }))
    }

    /// Decisions from a number on, in order, as far as they can be read.
    pub async fn page_from(&self, seq: u64, limit: i64) -> Result<Page, StoreError> {
        let sql = "SELECT seq, json FROM journal_decisions WHERE seq >= $1 ORDER BY seq LIMIT $2";
        let query = sqlx::query_as::<_, (i64, String)>(sql).bind(big(seq)).bind(limit);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("journal.decisions", query.fetch_all(&mut *connection)).await?;
        let mut page = Page::default();
        for (seq, row) in rows {
            let seq = seq.unsigned_abs();
            page.next_seq = Some(seq + 1);
            match serde_json::from_str(&row) {
                Ok(record) => page.records.push(record),
                Err(error) => page.unreadable.push((seq, error.to_string())),
            }
        }
        Ok(page)
    }

    /// The bytes of the decisions on the inputs with numbers from `first` to `last`, in order, each with the number of
    /// its input.
    pub async fn decisions_of(&self, first: u64, last: u64) -> Result<Vec<(u64, String)>, StoreError> {
        let sql = "SELECT input_seq, json FROM journal_decisions WHERE input_seq >= $1 AND input_seq <= $2 \
                   ORDER BY seq";
        let query = sqlx::query_as::<_, (i64, String)>(sql).bind(big(first)).bind(big(last));
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("journal.bytes", query.fetch_all(&mut *connection)).await?;
        Ok(rows.into_iter().map(|(input_seq, json)| (input_seq.unsigned_abs(), json)).collect())
    }

    /// Inputs from a number on, in order.
    pub async fn inputs_from(&self, input_seq: u64, limit: i64) -> Result<Vec<JournaledInput>, StoreError> {
        let sql = "SELECT json FROM journal_inputs WHERE input_seq >= $1 ORDER BY input_seq LIMIT $2";
        let query = sqlx::query_scalar::<_, String>(sql).bind(big(input_seq)).bind(limit);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("journal.inputs", query.fetch_all(&mut *connection)).await?;
        rows.iter()
            .map(|row| serde_json::from_str(row).map_err(|e| unreadable("journal.inputs", e)))
            .collect()
    }

    /// The state before a session's start; `None` for a session that is not known.
    pub async fn origin(&self, session_id: &str) -> Result<Option<Snapshot>, StoreError> {
        let sql =
            "SELECT next_seq, next_input_seq, state FROM snapshots WHERE kind = 'origin' AND session_id = $1";
        let query = sqlx::query_as::<_, (i64, i64, String)>(sql).bind(session_id);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let row = db.timed("snapshots.origin", query.fetch_optional(&mut *connection)).await?;
        row.map(snapshot).transpose()
    }

    /// Sessions whose start is still in the journal, oldest first.
    pub async fn started(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT session_id FROM snapshots WHERE kind = 'origin' ORDER BY next_seq";
        let query = sqlx::query_scalar::<_, String>(sql);
        let db = self.db()?;
        let mut connection = db.read().await?;
        db.timed("snapshots.started", query.fetch_all(&mut *connection)).await
    }

    /// The number of a session's last decision for people.
    pub async fn last_seq(&self, session_id: &str) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT MAX(seq) FROM journal_decisions WHERE session_id = $1 AND level >= 2";
        let query = sqlx::query_scalar::<_, Option<i64>>(sql).bind(session_id);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let last = db.timed("journal.last_seq", query.fetch_one(&mut *connection)).await?;
        Ok(last.and_then(|seq| u64::try_from(seq).ok()))
    }
}

fn torn(seq: u64, why: &str) -> Torn {
    Torn { seq, last_seq: seq, failure: why.to_owned() }
}

fn snapshot((next_seq, next_input_seq, state): (i64, i64, String)) -> Result<Snapshot, StoreError> {
    let state = serde_json::from_str(&state).map_err(|error| unreadable("snapshots.read", error))?;
    Ok(Snapshot { next_seq: next_seq.unsigned_abs(), next_input_seq: next_input_seq.unsigned_abs(), state })
}
