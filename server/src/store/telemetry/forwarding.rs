//! The forwarder's side of the store: its backlog, and cursor, books and dead letters that change together.

use std::sync::atomic::Ordering;

use sqlx::Row;

use super::{LAST_ID, TelemetryStore};
use crate::clock;
use crate::store::{StoreError, Write};

/// A record as the forwarder sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    pub id: i64,
    pub event_id: String,
    pub body: String,
}

/// A record that the search engine refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub record: StoredRecord,
    pub data_stream: String,
    pub status: u16,
    pub reason: String,
}

/// What became of everything up to and including `cursor_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub cursor_id: i64,
    pub delivered: u64,
    /// Of those delivered: how many the engine had already.
    pub duplicates: u64,
    pub dead_letters: Vec<DeadLetter>,
    /// Taken by the engine's failure store: quarantined there.
    pub failure_store: u64,
}

/// One atomic look at the books. Law: offered = delivered + quarantined + turned_away + held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub offered: i64,
    pub delivered: i64,
    pub quarantined: i64,
    pub turned_away: i64,
    pub held: i64,
    pub duplicates: i64,
    pub dead_letters: i64,
    /// When the oldest held record happened, in microseconds; `None` when nothing is held.
    pub oldest_held_us: Option<i64>,
}

impl TelemetryStore {
    /// Opens the books at the present end of the records, unless they are open already; and in every file that
    /// is begun from now on.
    pub async fn open_books(&self) -> Result<(), StoreError> {
        self.forwarding.store(true, Ordering::Relaxed);
        let mut write = self.db()?.write().await?;
        let (last,): (i64,) = write.fetch_one("records.last_id", sqlx::query_as(LAST_ID)).await?;
        Self::open_books_at(&mut write, last.max(*self.committed.borrow())).await?;
        write.commit().await
    }

    pub(super) async fn open_books_at(write: &mut Write, end: i64) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO forwarder (name, cursor_id, committed, turned_away, delivered, quarantined, duplicates) \
             VALUES ('main', $1, 0, 0, 0, 0, 0) ON CONFLICT (name) DO NOTHING",
        )
        .bind(end);
        write.execute("forwarder.open", query).await.map(|_| ())
    }

    /// The oldest records that are not settled, in order of commit.
    pub async fn backlog(&self, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, i64>("SELECT cursor_id FROM forwarder WHERE name = 'main'");
        let Some(cursor) = db.timed("forwarder.cursor", query.fetch_optional(&mut *connection)).await? else {
            return Ok(Vec::new());
        };
        let query =
            sqlx::query("SELECT id, event_id, body FROM log_records WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(cursor)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = db.timed("forwarder.backlog", query.fetch_all(&mut *connection)).await?;
        self.cursor.store(cursor, Ordering::Relaxed);
        let record = |row: &sqlx::sqlite::SqliteRow| StoredRecord {
            id: row.get("id"),
            event_id: row.get("event_id"),
            body: row.get("body"),
        };
        Ok(rows.iter().map(record).collect())
    }

    /// Moves the cursor and the books, and keeps the dead letters, in one transaction. Fails when the cursor is not
    /// where the backlog was read: the records were given up to make room meanwhile, or the file is another one.
    pub async fn settle(&self, settled: &Settled) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        for letter in &settled.dead_letters {
            let query = sqlx::query(
                "INSERT INTO dead_letters (event_id, record_id, at_us, data_stream, status, reason, body) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id) DO NOTHING",
            )
            .bind(&letter.record.event_id)
            .bind(letter.record.id)
            .bind(clock::now().0)
            .bind(&letter.data_stream)
            .bind(i64::from(letter.status))
            .bind(&letter.reason)
            .bind(&letter.record.body);
            write.execute("dead_letters.insert", query).await?;
        }
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let query = sqlx::query(
            "UPDATE forwarder SET cursor_id = $1, delivered = delivered + $2, quarantined = quarantined + $3, \
             duplicates = duplicates + $4 WHERE name = 'main' AND cursor_id = $5",
        )
        .bind(settled.cursor_id)
        .bind(signed(settled.delivered))
        .bind(signed(settled.dead_letters.len() as u64 + settled.failure_store))
        .bind(signed(settled.duplicates))
        .bind(self.cursor.load(Ordering::Relaxed));
        if write.execute("forwarder.settle", query).await? == 0 {
            let (database, statement) = ("telemetry", "forwarder.settle");
            return Err(StoreError::Statement { database, statement, source: sqlx::Error::RowNotFound });
        }
        write.commit().await?;
        self.cursor.store(settled.cursor_id, Ordering::Relaxed);
        Ok(())
    }

    /// All books in one statement, hence of one moment; `held` is counted from the records themselves.
    pub async fn books(&self) -> Result<Books, StoreError> {
        let query = sqlx::query(
            "SELECT f.committed, f.turned_away, f.delivered, f.quarantined, f.duplicates, \
             (SELECT COUNT(*) FROM log_records r WHERE r.id > f.cursor_id) AS held, \
             (SELECT r.at_us FROM log_records r WHERE r.id > f.cursor_id ORDER BY r.id LIMIT 1) AS oldest, \
             (SELECT COUNT(*) FROM dead_letters) AS letters FROM forwarder f WHERE f.name = 'main'",
        );
        let db = self.db()?;
        let mut connection = db.read().await?;
        let row = db.timed("forwarder.books", query.fetch_optional(&mut *connection)).await?;
        Ok(row.map_or_else(Books::default, |row| Books {
            offered: row.get::<i64, _>("committed") + row.get::<i64, _>("turned_away"),
            delivered: row.get("delivered"),
            quarantined: row.get("quarantined"),
            turned_away: row.get("turned_away"),
            held: row.get("held"),
            duplicates: row.get("duplicates"),
            dead_letters: row.get("letters"),
            oldest_held_us: row.get("oldest"),
        }))
    }
}
