//! Making the index: lines behind its cursor become rows, in one transaction with the cursor.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use sqlx::{AssertSqlSafe, Sqlite};

use super::super::{AGAIN, TOGETHER, TelemetryStore};
use super::minutes::{self, Minutes};
use super::rows::Row;
use super::{Index, OneDay, Reindexed};
use crate::store::log::{Day, Log, Ordinal, is_passing};
use crate::store::{StoreError, Write};
use crate::tasks::Stop;

/// Lines of one transaction, in bytes.
const STEP: usize = 4 << 20;
/// Rows of one INSERT, largest first: a fixed set keeps the number of prepared statements small.
const CHUNKS: [usize; 4] = [128, 16, 4, 1];
const COLUMNS: usize = 7;

impl TelemetryStore {
    /// Until the server stops: the present day first, then those before it that are not covered.
    pub(in super::super) async fn follow_index(self, mut stop: Stop) {
        let mut committed = self.log.committed();
        let mut done = HashSet::new();
        while !stop.is_stopped() {
            committed.borrow_and_update();
            let begun = std::time::Instant::now();
            let (pause, is_done) = match self.index_next(&mut done).await {
                // A long past is made up for without taking all of a processor.
                Ok(true) => (begun.elapsed() / 2, false),
                Ok(false) => (TOGETHER, true),
                // Told by the database where it failed.
                Err(_) => (AGAIN, false),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.stopped() => return,
            }
            if is_done {
                tokio::select! {
                    _ = committed.changed() => {}
                    // An index that was removed is made again without a new line.
                    () = tokio::time::sleep(AGAIN * 4) => done.clear(),
                    () = stop.stopped() => return,
                }
            }
        }
    }

    /// One step; gives whether there is more to do.
    async fn index_next(&self, done: &mut HashSet<Day>) -> Result<bool, StoreError> {
        let since = self.index.since();
        let days = self.log.days();
        for day in days.iter().rev().filter(|day| **day >= since) {
            if done.contains(day) {
                continue;
            }
            let (_, more) = self.index_some(*day).await?;
            if more {
                return Ok(true);
            }
            if Some(day) != days.last() {
                done.insert(*day);
            }
        }
        Ok(false)
    }

    /// Makes more of a day's index; gives how many lines, and whether there are more.
    async fn index_some(&self, day: Day) -> Result<(u64, bool), StoreError> {
        let Some(index) = self.index.day(day, true).await? else { return Ok((0, false)) };
        let from = index.covered().await?;
        let until = day.last().min(self.log.end());
        self.index.reached.fetch_max(from, Ordering::Relaxed);
        if from >= until {
            return Ok((0, false));
        }
        let log = self.log.clone();
        let read = tokio::task::spawn_blocking(move || read(&log, from, until)).await;
        let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let (rows, next) = read.map_err(|source| StoreError::Log { what: "index", source })?;
        index.put(&rows, from, next).await?;
        self.index.reached.fetch_max(next, Ordering::Relaxed);
        Ok((rows.len() as u64, next < until))
    }

    /// Makes all indexes anew. For who has the data directory for itself; beside a server it is enough to remove them.
    pub async fn reindex(&self) -> Result<Reindexed, StoreError> {
        self.remove_indexes().await;
        self.index_to_the_end().await
    }

    /// Makes what is missing of them.
    pub async fn index_to_the_end(&self) -> Result<Reindexed, StoreError> {
        let mut made = Reindexed::default();
        for day in self.log.days() {
            made.days += 1;
            loop {
                let (records, more) = self.index_some(day).await?;
                made.records += records;
                if !more {
                    break;
                }
            }
        }
        Ok(made)
    }

    /// Removes them; a server that runs makes them again. Gives how many there were.
    pub async fn remove_indexes(&self) -> usize {
        self.index.close().await;
        let days = self.index.days_there();
        days.into_iter().filter(|day| self.index.remove(*day)).count()
    }
}

fn read(log: &Log, from: i64, until: i64) -> std::io::Result<(Vec<Row>, i64)> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    let mut forward = log.after(from);
    while bytes < STEP {
        match forward.next(until) {
            Ok(Some((ordinal, lines))) => {
                bytes += lines.bytes.len();
                lines.each(|at, line| {
                    rows.extend(Row::of(ordinal.at(at), line));
                    true
                });
            }
            Ok(None) => return Ok((rows, until)),
            Err(error) if is_passing(&error) => return Err(error),
            // Passed over: what cannot be read cannot be found.
            Err(_) => {}
        }
    }
    Ok((rows, forward.position().min(until)))
}

impl Index {
    /// What lay in a segment that is gone is not counted any more; a day that is gone has no index either.
    pub async fn forget(&self, ordinal: Ordinal) -> Result<(), StoreError> {
        let day = ordinal.day();
        if !self.log.days().contains(&day) {
            self.remove(day);
            return Ok(());
        }
        let Some(index) = self.day(day, false).await? else { return Ok(()) };
        let mut write = index.db.write().await?;
        for sql in ["DELETE FROM records WHERE position <= ?", "DELETE FROM errors WHERE position <= ?"] {
            write.execute("index.forget", sqlx::query(sql).bind(ordinal.last())).await?;
        }
        minutes::count_anew(&mut write).await?;
        write.commit().await
    }
}

impl OneDay {
    /// Up to here it covers the lines of its day.
    pub async fn covered(&self) -> Result<i64, StoreError> {
        let mut connection = self.db.read().await?;
        let query = sqlx::query_scalar::<_, i64>("SELECT position FROM covered WHERE name = 'lines'");
        let found = self.db.timed("index.covered", query.fetch_optional(&mut *connection)).await?;
        Ok(found.unwrap_or(self.day.first() - 1))
    }

    async fn put(&self, rows: &[Row], from: i64, next: i64) -> Result<(), StoreError> {
        let mut write = self.db.write().await?;
        let query = sqlx::query(
            "INSERT INTO covered (name, position) VALUES ('lines', $1) ON CONFLICT (name) DO UPDATE SET \
             position = excluded.position WHERE position = $2",
        );
        if write.execute("index.cover", query.bind(next).bind(from)).await? == 0 {
            let (database, statement) = (super::NAME, "index.cover");
            return Err(StoreError::Statement { database, statement, source: sqlx::Error::RowNotFound });
        }
        let mut words = self.words.lock().await;
        // Numbers that are given in a transaction count when it does.
        let mut known = words.clone();
        let (mut numbered, mut minutes) = (Vec::with_capacity(rows.len()), Minutes::default());
        for row in rows {
            let event = number(&mut write, &mut known, &row.event).await?;
            let session = maybe(&mut write, &mut known, row.session.as_deref()).await?;
            minutes.note(row, event);
            numbered.push((row, event, session));
            if let Some(error) = &row.error {
                let client = maybe(&mut write, &mut known, error.client.as_deref()).await?;
                let build = maybe(&mut write, &mut known, error.build.as_deref()).await?;
                let query = sqlx::query("INSERT OR IGNORE INTO errors VALUES (?, ?, ?, ?, ?, ?)")
                    .bind(row.at_us)
                    .bind(row.position)
                    .bind(error.kind)
                    .bind(error.calls)
                    .bind(client)
                    .bind(build);
                write.execute("index.error", query).await?;
            }
        }
        let mut rest = &numbered[..];
        for size in CHUNKS {
            while rest.len() >= size {
                let (chunk, after) = rest.split_at(size);
                write.execute("index.insert", insert(chunk)).await?;
                rest = after;
            }
        }
        minutes.put(&mut write).await?;
        write.commit().await?;
        *words = known;
        Ok(())
    }
}

type Words = std::collections::HashMap<String, i64>;

async fn number(write: &mut Write, known: &mut Words, word: &str) -> Result<i64, StoreError> {
    if let Some(number) = known.get(word) {
        return Ok(*number);
    }
    let query = sqlx::query("INSERT OR IGNORE INTO words (word) VALUES (?)").bind(word);
    write.execute("index.word", query).await?;
    let query = sqlx::query_as::<_, (i64,)>("SELECT id FROM words WHERE word = ?").bind(word);
    let (number,) = write.fetch_one("index.word", query).await?;
    known.insert(word.to_owned(), number);
    Ok(number)
}

async fn maybe(write: &mut Write, known: &mut Words, word: Option<&str>) -> Result<Option<i64>, StoreError> {
    match word {
        Some(word) => number(write, known, word).await.map(Some),
        None => Ok(None),
    }
}

type Numbered<'a> = (&'a Row, i64, Option<i64>);
type Insert<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

/// Unnamed parameters: SQLite looks for each name, which takes longer than the row. The text holds no values.
fn insert<'q>(rows: &'q [Numbered<'q>]) -> Insert<'q> {
    let row = format!("({})", ["?"; COLUMNS].join(", "));
    let sql = format!("INSERT OR IGNORE INTO records VALUES {}", vec![row; rows.len()].join(", "));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (row, event, session) in rows {
        query = query
            .bind(row.at_us)
            .bind(row.position)
            .bind(row.level)
            .bind(row.source)
            .bind(*event)
            .bind(*session)
            .bind(row.correlation.as_ref().map(<[u8; 16]>::as_slice));
    }
    query
}
