//! Forgetting old records: by age, and when there are too many. In small steps with pauses between them, so that
//! the writer of records never waits for long.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;

use super::{Lane, TelemetryStore};
use crate::clock;
use crate::store::{StoreError, Write};
use crate::tasks::Stop;

/// What a step should take; its size follows.
const STEP: Duration = Duration::from_millis(15);
const ROWS: std::ops::RangeInclusive<i64> = 8..=1_024;
/// What a record takes at least, with its places in the indexes.
const RECORD_BYTES: u64 = 1_000;
/// Ids of batches forgotten in one statement.
const BATCHES: u64 = 500;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Records that happened before are forgotten, once they need not be forwarded any more. `None`: age is not
    /// looked at now.
    pub since_us: Option<i64>,
    /// Bytes of the file that may be in use; beyond it the oldest records go, forwarded or not.
    pub bytes: u64,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub records: u64,
    /// Of them those that were still to be forwarded; the books count them as turned away.
    pub not_forwarded: u64,
    pub dead_letters: u64,
}

impl TelemetryStore {
    /// Forgets until what is left is within the limits, or the server stops.
    pub async fn forget(&self, keep: Keep, stop: &Stop) -> Result<Forgotten, StoreError> {
        let (mut forgotten, mut pace) = (Forgotten::default(), Pace::default());
        while !stop.is_stopped() {
            let started = Instant::now();
            let step = self.forget_some(keep, pace.rows).await?;
            let spent = started.elapsed();
            if step == Forgotten::default() {
                break;
            }
            forgotten.records += step.records;
            forgotten.not_forwarded += step.not_forwarded;
            forgotten.dead_letters += step.dead_letters;
            pace.took(spent);
            // Whoever waits for the writing connection goes first.
            tokio::time::sleep(spent.max(Duration::from_millis(1))).await;
        }
        Ok(forgotten)
    }

    /// One transaction.
    async fn forget_some(&self, keep: Keep, rows: i64) -> Result<Forgotten, StoreError> {
        let mut step = Forgotten::default();
        let too_much = self.used_bytes().await?.saturating_sub(keep.bytes);
        let mut write = self.db()?.write().await?;
        match keep.since_us {
            _ if too_much > 0 => {
                // Not more than there is too much of.
                let enough = i64::try_from(too_much / RECORD_BYTES).unwrap_or(i64::MAX).max(*ROWS.start());
                forget_oldest(&mut write, rows.min(enough), &mut step).await?;
            }
            Some(since_us) => step.records = forget_before(&mut write, since_us, rows).await?,
            None => {}
        }
        step.dead_letters = forget_letters(&mut write, rows).await?;
        write.commit().await?;
        Ok(step)
    }

    /// Bytes of the pages that hold something. Pages that became free are used again before the file grows.
    async fn used_bytes(&self) -> Result<u64, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let sql = "SELECT (c.page_count - f.freelist_count) * s.page_size FROM pragma_page_count AS c, \
                   pragma_freelist_count AS f, pragma_page_size AS s";
        let bytes = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *connection);
        Ok(db.timed("records.bytes", bytes).await?.unsigned_abs())
    }

    /// Forgets ids of batches that are older than 24 hours (a batch that old is refused by its age).
    pub async fn forget_batches(&self) -> Result<(), StoreError> {
        let before = clock::now().0 - 25 * 3_600_000_000;
        loop {
            let mut write = self.db()?.write().await?;
            let query = sqlx::query(
                "DELETE FROM seen_batches WHERE bid IN (SELECT bid FROM seen_batches WHERE seen_us < $1 LIMIT $2)",
            )
            .bind(before)
            .bind(BATCHES as i64);
            let forgotten = write.execute("batches.forget", query).await?;
            write.commit().await?;
            if forgotten < BATCHES {
                return Ok(());
            }
        }
    }
}

/// The first to come goes first. What was not forwarded moves from committed to turned away, and the forwarder's
/// cursor behind it, so that the books stay closed.
async fn forget_oldest(write: &mut Write, rows: i64, step: &mut Forgotten) -> Result<(), StoreError> {
    let last = sqlx::query_as::<_, (Option<i64>,)>(
        "SELECT MAX(id) FROM (SELECT id FROM log_records ORDER BY id LIMIT $1) AS oldest",
    );
    let (last,) = write.fetch_one("records.oldest", last.bind(rows)).await?;
    let Some(last) = last else { return Ok(()) };
    let held = give_up(write, last).await?;
    let delete = sqlx::query("DELETE FROM log_records WHERE id <= $1").bind(last);
    step.records = write.execute("records.forget_oldest", delete).await?;
    if held > 0 {
        let books = sqlx::query(
            "UPDATE forwarder SET committed = committed - $1, turned_away = turned_away + $1 WHERE name = 'main'",
        );
        write.execute("forwarder.give_up", books.bind(held)).await?;
        step.not_forwarded = held.unsigned_abs();
    }
    Ok(())
}

/// Moves the lanes' cursors behind `last`; gives how many records were still before them.
async fn give_up(write: &mut Write, last: i64) -> Result<i64, StoreError> {
    let mut held = 0;
    for lane in Lane::OF_THE_LOG {
        let sql = format!(
            "SELECT COUNT(*) FROM log_records WHERE id <= $1 AND {} AND id > \
             (SELECT cursor_id FROM forwarder_lanes WHERE name = $2)",
            lane.condition()
        );
        let query = sqlx::query_as::<_, (i64,)>(AssertSqlSafe(sql)).bind(last).bind(lane.as_str());
        let (lost,) = write.fetch_one("records.held", query).await?;
        // A lane that loses nothing keeps its place, so that what it has under way can be booked.
        if lost > 0 {
            let query = sqlx::query("UPDATE forwarder_lanes SET cursor_id = $1 WHERE name = $2");
            write.execute("forwarder.give_up_lane", query.bind(last).bind(lane.as_str())).await?;
        }
        held += lost;
    }
    Ok(held)
}

async fn forget_before(write: &mut Write, since_us: i64, rows: i64) -> Result<u64, StoreError> {
    let delete = sqlx::query(
        "DELETE FROM log_records WHERE id IN (SELECT id FROM log_records WHERE at_us < $1 AND id <= \
         COALESCE((SELECT MIN(cursor_id) FROM forwarder_lanes), $2) ORDER BY at_us LIMIT $3)",
    );
    write.execute("records.forget_old", delete.bind(since_us).bind(i64::MAX).bind(rows)).await
}

/// A dead letter lives as long as records of its age.
async fn forget_letters(write: &mut Write, rows: i64) -> Result<u64, StoreError> {
    let delete = sqlx::query(
        "DELETE FROM dead_letters WHERE event_id IN (SELECT event_id FROM dead_letters WHERE record_id < \
         COALESCE((SELECT MIN(id) FROM log_records), $1) ORDER BY record_id LIMIT $2)",
    );
    write.execute("dead_letters.forget", delete.bind(i64::MAX).bind(rows)).await
}

/// Rows of a step, so that it takes about `STEP` on any disk.
#[derive(Debug)]
struct Pace {
    rows: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: 64 }
    }
}

impl Pace {
    fn took(&mut self, spent: Duration) {
        let rows = match spent {
            spent if spent > STEP => self.rows / 2,
            spent if spent < STEP / 2 => self.rows * 2,
            _ => self.rows,
        };
        self.rows = rows.clamp(*ROWS.start(), *ROWS.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_become_small_on_a_slow_disk_and_large_on_a_fast_one() {
        let mut pace = Pace::default();
        for _ in 0..10 {
            pace.took(Duration::from_millis(200));
        }
        assert_eq!(pace.rows, 8);
        for _ in 0..10 {
            pace.took(Duration::from_millis(1));
        }
        assert_eq!(pace.rows, 1_024);
        pace.took(Duration::from_millis(10));
        assert_eq!(pace.rows, 1_024, "about right");
    }
}
