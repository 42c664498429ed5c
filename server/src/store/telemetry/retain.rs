//! Forgetting: whole days that are too old, and the oldest segments when there are too many bytes. Files are removed;
//! nobody who writes waits for it. What was still to be forwarded is counted first.

use super::{Lane, TelemetryStore};
use crate::clock;
use crate::store::log::{Day, Segment};
use crate::store::{StoreError, Write};
use crate::tasks::Stop;

/// Ids of batches forgotten in one statement.
const BATCHES: u64 = 500;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Days that ended before are forgotten, once they need not be forwarded any more. `None`: age is not looked at now.
    pub since_us: Option<i64>,
    /// Bytes of the files; beyond it the oldest segments go, forwarded or not.
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
        let mut forgotten = Forgotten::default();
        // What is not in the books yet cannot be taken out of them.
        self.caught_up().await?;
        while !stop.is_stopped() {
            let Some(segment) = self.too_much(keep).await? else { break };
            forgotten.not_forwarded += self.give_up(&segment).await?;
            let (log, ordinal) = (self.log.clone(), segment.ordinal);
            let removed = tokio::task::spawn_blocking(move || log.remove(&segment)).await;
            let records = removed.unwrap_or_else(|error| Err(std::io::Error::other(error)));
            forgotten.records += records.map_err(|source| StoreError::Log { what: "forget", source })?;
            self.index.forget(ordinal).await?;
        }
        if !stop.is_stopped() {
            self.forget_indexes(keep.since_us.is_some());
            forgotten.dead_letters = self.forget_letters().await?;
        }
        Ok(forgotten)
    }

    /// The oldest segment, if it has to go. The one that is written to stays.
    async fn too_much(&self, keep: Keep) -> Result<Option<Segment>, StoreError> {
        let (log, index) = (self.log.clone(), std::sync::Arc::clone(&self.index));
        let counted =
            tokio::task::spawn_blocking(move || (log.oldest_inactive(), log.bytes() + index.bytes()));
        let (oldest, bytes) = counted.await.unwrap_or_default();
        let Some(oldest) = oldest else { return Ok(None) };
        if bytes > keep.bytes {
            return Ok(Some(oldest));
        }
        let is_old = |since_us: i64| oldest.ordinal.day() < Day::of(telemetry::Micros(since_us));
        if !keep.since_us.is_some_and(is_old) {
            return Ok(None);
        }
        let needed = self.positions().await?.iter().map(|lane| lane.cursor_id).min();
        Ok(needed.is_none_or(|cursor| self.is_behind(cursor, &oldest)).then_some(oldest))
    }

    /// Whether a cursor has passed all lines of a segment.
    fn is_behind(&self, cursor: i64, segment: &Segment) -> bool {
        match self.log.open(segment) {
            Ok(reader) => cursor >= segment.ordinal.at(reader.length()) - 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            // How long it is cannot be seen: whoever stands in a later one has passed it.
            Err(_) => cursor >= segment.ordinal.last(),
        }
    }

    /// Moves the lanes' cursors behind a segment; gives how many records were still before them. They move from
    /// committed to turned away, so that the books stay closed.
    async fn give_up(&self, segment: &Segment) -> Result<u64, StoreError> {
        let positions = self.positions().await?;
        let last = self.log.end_of(segment);
        let mut held = Vec::new();
        for position in positions.iter().filter(|position| position.cursor_id < last) {
            let lost = self.count(position.lane, position.cursor_id, last).await?;
            // A lane that loses nothing keeps its place, so that what it has under way can be booked.
            held.extend((lost > 0).then_some((position.lane, position.cursor_id, lost)));
        }
        if held.is_empty() {
            return Ok(0);
        }
        let mut write = self.db()?.write().await?;
        let mut all = 0;
        for (lane, from, lost) in held {
            all += pass(&mut write, lane, from, last, lost).await?;
        }
        let books = sqlx::query(
            "UPDATE forwarder SET committed = committed - $1, turned_away = turned_away + $1 WHERE name = 'main'",
        );
        write.execute("forwarder.give_up", books.bind(all)).await?;
        write.commit().await?;
        Ok(all.unsigned_abs())
    }

    /// `by_age`: the clock can be believed.
    fn forget_indexes(&self, by_age: bool) {
        let since = self.index.since();
        let days = self.log.days();
        for day in self.index.days_there() {
            if (by_age && day < since) || !days.contains(&day) {
                self.index.remove(day);
            }
        }
    }

    /// A dead letter lives as long as records of its age.
    async fn forget_letters(&self) -> Result<u64, StoreError> {
        let oldest = self.log.segments().first().map_or(i64::MAX, |segment| segment.ordinal.start());
        let mut write = self.db()?.write().await?;
        let query = sqlx::query("DELETE FROM dead_letters WHERE record_id < $1").bind(oldest);
        let gone = write.execute("dead_letters.forget", query).await?;
        write.commit().await?;
        Ok(gone)
    }

    /// Forgets ids of batches that are older than 24 hours (a batch that old is refused by its age).
    pub async fn forget_batches(&self) -> Result<(), StoreError> {
        let before = clock::now().0 - 25 * 3_600_000_000;
        self.seen.forget_before(before);
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

    /// Compresses one segment of a day that is over for a day at least; gives whether there may be more.
    pub async fn seal_one(&self) -> Result<bool, StoreError> {
        let log = self.log.clone();
        let sealed = tokio::task::spawn_blocking(move || {
            let Some(segment) = log.unsealed_before(Day::of(clock::now()).before(1)) else {
                return Ok(false);
            };
            log.seal(&segment).map(|_| true)
        });
        let sealed = sealed.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        sealed.map_err(|source| StoreError::Log { what: "seal", source })
    }
}

/// Another may have moved the lane meanwhile: then nothing is lost there.
async fn pass(write: &mut Write, lane: Lane, from: i64, last: i64, lost: i64) -> Result<i64, StoreError> {
    let query = sqlx::query("UPDATE forwarder_lanes SET cursor_id = $1 WHERE name = $2 AND cursor_id = $3")
        .bind(last)
        .bind(lane.as_str())
        .bind(from);
    let moved = write.execute("forwarder.give_up_lane", query).await?;
    if moved == 0 {
        let (database, statement) = ("telemetry", "forwarder.give_up_lane");
        return Err(StoreError::Statement { database, statement, source: sqlx::Error::RowNotFound });
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use telemetry::{Level, LogRecord};

    use super::*;
    use crate::config::DatabaseConfig;
    use crate::health::Health;
    use crate::store::telemetry::Group;
    use crate::tasks::Tasks;
    use crate::telling::Teller;

    #[tokio::test]
    async fn a_segment_that_cannot_be_opened_just_now_is_not_taken_for_delivered() {
        let dir = tempfile::tempdir().unwrap();
        let config = DatabaseConfig { slow_statement_ms: 600_000, slow_acquire_ms: 600_000 };
        let teller = Teller::new(Level::Fatal, 16);
        let store = TelemetryStore::own(dir.path(), teller.clone(), &config).await.unwrap();
        store.open_books().await.unwrap();
        for id in ["not delivered", "nor this"] {
            let record = LogRecord { event_id: id.to_owned(), ..LogRecord::default() };
            store.append(&Group::from_iter([record])).await.unwrap();
            store.log().raise(store.log().end() + (1 << 28)).unwrap();
        }
        assert_eq!(store.books().await.unwrap().held, 2);
        let path = store.log().segments()[0].path.clone();
        let elsewhere = path.with_extension("elsewhere");
        std::fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let keep = Keep { since_us: Some(clock::now().0 + 3 * 86_400_000_000), bytes: u64::MAX };
        let stop = Tasks::new(teller, Health::default()).stop_signal();
        assert_eq!(store.forget(keep, &stop).await.unwrap(), Forgotten::default());
        std::fs::rename(&elsewhere, &path).unwrap();
        assert_eq!(store.log().segments().len(), 2);
        assert_eq!(store.count_held().await.unwrap(), 2);
    }
}
