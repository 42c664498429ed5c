//! Appending: one transaction for many records, so that a commit costs little per record.

use std::sync::atomic::Ordering;

use sqlx::{AssertSqlSafe, Sqlite};
use telemetry::LogRecord;

use super::{LAST_ID, TabEntry, TelemetryStore, tabs};
use crate::clock;
use crate::store::{StoreError, Write};

/// Rows of one INSERT, largest first: a fixed set keeps the number of prepared statements small.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];
const COLUMNS: usize = 11;

/// A record with its JSON line.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub record: LogRecord,
    pub line: String,
}

impl From<LogRecord> for Prepared {
    fn from(record: LogRecord) -> Self {
        let line = record.to_line();
        Self { record, line }
    }
}

/// A browser batch: stored with its id and with what it adds to the books of its tab, or not at all.
#[derive(Debug)]
pub struct BatchCommit {
    pub bid: String,
    pub records: Vec<Prepared>,
    pub tab: Option<TabEntry>,
}

/// What one transaction stores: single records, browser batches, and the losses declared among the records.
#[derive(Debug, Default)]
pub struct Commit {
    pub records: Vec<Prepared>,
    pub batches: Vec<BatchCommit>,
    pub turned_away: u64,
    /// The decision of the journal that is told next, when some were told here.
    pub journal: Option<u64>,
}

impl TelemetryStore {
    /// Commits all or nothing. Gives for each batch whether it is new; records of a batch whose id was seen
    /// before are left out.
    pub async fn append(&self, commit: &Commit) -> Result<Vec<bool>, StoreError> {
        let mut write = self.db()?.write().await?;
        // Ids go on over a file that was set aside: readers keep their place.
        let (last,): (i64,) = write.fetch_one("records.last_id", sqlx::query_as(LAST_ID)).await?;
        let mut next_id = last.max(*self.committed.borrow()) + 1;
        if self.forwarding.load(Ordering::Relaxed) {
            Self::open_books_at(&mut write, next_id - 1).await?;
        }
        let mut stored = insert(&mut write, &commit.records, &mut next_id).await?;
        if let Some(next_seq) = commit.journal {
            let cursor = sqlx::query(
                "INSERT INTO journal (name, next_seq) VALUES ('trading', $1) \
                 ON CONFLICT (name) DO UPDATE SET next_seq = excluded.next_seq",
            );
            write.execute("journal.move", cursor.bind(i64::try_from(next_seq).unwrap_or(i64::MAX))).await?;
        }
        let mut fresh = Vec::with_capacity(commit.batches.len());
        for batch in &commit.batches {
            let is_new = mark_seen(&mut write, &batch.bid).await?;
            if is_new {
                stored += insert(&mut write, &batch.records, &mut next_id).await?;
                if let Some(entry) = &batch.tab {
                    tabs::enter(&mut write, entry).await?;
                }
            }
            fresh.push(is_new);
        }
        let books =
            sqlx::query("UPDATE forwarder SET committed = committed + $1, turned_away = turned_away + $2")
                .bind(i64::try_from(stored).unwrap_or(i64::MAX))
                .bind(i64::try_from(commit.turned_away).unwrap_or(i64::MAX));
        write.execute("forwarder.count", books).await?;
        write.commit().await?;
        self.committed.send_replace(next_id - 1);
        Ok(fresh)
    }

    /// The decision of the journal that is told next; `None` before the first was.
    pub async fn journal_cursor(&self) -> Result<Option<u64>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, i64>("SELECT next_seq FROM journal WHERE name = 'trading'");
        let next = db.timed("journal.cursor", query.fetch_optional(&mut *connection)).await?;
        Ok(next.map(i64::unsigned_abs))
    }

    /// Whether a batch of this id was committed in the last 24 hours.
    pub async fn seen(&self, bid: &str) -> Result<bool, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM seen_batches WHERE bid = $1").bind(bid);
        Ok(db.timed("batches.seen", query.fetch_one(&mut *connection)).await? > 0)
    }
}

async fn mark_seen(write: &mut Write, bid: &str) -> Result<bool, StoreError> {
    let query =
        sqlx::query("INSERT INTO seen_batches (bid, seen_us) VALUES ($1, $2) ON CONFLICT (bid) DO NOTHING")
            .bind(bid)
            .bind(clock::now().0);
    Ok(write.execute("batches.mark", query).await? > 0)
}

async fn insert(write: &mut Write, records: &[Prepared], next_id: &mut i64) -> Result<u64, StoreError> {
    let mut rest = records;
    let mut stored = 0;
    for size in CHUNKS {
        while rest.len() >= size {
            let (chunk, after) = rest.split_at(size);
            stored += write.execute("records.insert", bind_rows(insert_sql(size), chunk, next_id)).await?;
            rest = after;
        }
    }
    Ok(stored)
}

type Insert<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

/// The text holds placeholders only, never values.
fn insert_sql(rows: usize) -> String {
    let mut sql = "INSERT INTO log_records \
         (id, event_id, at_us, level, source, event, message, session_id, correlation_id, body, \
         fingerprint) VALUES "
        .to_owned();
    for row in 0..rows {
        let numbers: Vec<String> =
            (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
        sql.push_str(if row == 0 { "(" } else { ", (" });
        sql.push_str(&numbers.join(", "));
        sql.push(')');
    }
    sql.push_str(" ON CONFLICT (event_id) DO NOTHING");
    sql
}

fn bind_rows<'q>(sql: String, rows: &'q [Prepared], next_id: &mut i64) -> Insert<'q> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for Prepared { record, line } in rows {
        query = query
            .bind(*next_id)
            .bind(record.event_id.as_str())
            .bind(record.timestamp.0)
            .bind(record.level as i16)
            .bind(record.source.as_str())
            .bind(record.event.as_ref())
            .bind(record.message.as_str())
            .bind(record.session_id.as_deref())
            .bind(record.correlation_id.as_deref())
            .bind(line.as_str())
            .bind(telemetry::fingerprint(record));
        *next_id += 1;
    }
    query
}
