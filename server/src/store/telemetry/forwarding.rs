//! The forwarder's side of the store: the backlog of each lane, and cursors, books and dead letters that change
//! together.

use std::sync::Arc;

use sqlx::Row;

use super::{Lane, TelemetryStore};
use crate::clock;
use crate::store::log::{Head, Log, is_passing, kind};
use crate::store::{StoreError, Write};

/// Bytes looked at in one step, so that a lane that finds nothing in a long backlog holds up nobody, and nobody holds more
/// than that in memory.
const LOOKED_AT: usize = 16 << 20;
/// The same for a lane of which few lines are: each step of it is a request and a move of the books.
const LOOKED_AT_URGENT: usize = 128 << 20;
/// What a lane holds at most.
const HELD: usize = 16 << 20;

/// A record as the forwarder sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    pub id: i64,
    pub event_id: String,
    /// When it happened.
    pub at_us: i64,
    /// The line, shared with whoever sends it.
    pub body: Arc<str>,
}

/// A record that the search engine refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub record: StoredRecord,
    pub data_stream: String,
    pub status: u16,
    pub reason: String,
}

/// Where a lane stands, as it was booked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub lane: Lane,
    pub cursor_id: i64,
    /// The index that took the lane's last record.
    pub index: Option<String>,
}

/// What a lane has before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    pub records: Vec<StoredRecord>,
    /// Up to this id the lane has no other records.
    pub end: i64,
    /// Whether there are records behind `end` that were not looked at.
    pub more: bool,
}

/// What became of a lane's records after `from` up to and including `cursor_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub lane: Lane,
    /// Where the lane stood.
    pub from: i64,
    pub cursor_id: i64,
    pub index: Option<String>,
    pub delivered: u64,
    /// Of those delivered: how many the engine had already.
    pub duplicates: u64,
    pub dead_letters: Vec<DeadLetter>,
    /// Refused records that tell of the forwarder itself: counted, kept in the log, and no letters.
    pub own: u64,
    /// Taken by the engine's failure store: quarantined there.
    pub failure_store: u64,
    /// Ids of dead letters that were delivered now.
    pub redeemed: Vec<String>,
}

impl Settled {
    /// Nothing happened between the two.
    #[must_use]
    pub fn nothing(lane: Lane, from: i64, cursor_id: i64) -> Self {
        Self {
            lane,
            from,
            cursor_id,
            index: None,
            delivered: 0,
            duplicates: 0,
            dead_letters: Vec::new(),
            own: 0,
            failure_store: 0,
            redeemed: Vec::new(),
        }
    }

    /// Records that the engine will not have in its streams.
    #[must_use]
    pub fn quarantined(&self) -> u64 {
        self.dead_letters.len() as u64 + self.own + self.failure_store
    }
}

/// One atomic look at the books. Law: offered = delivered + quarantined + turned away + held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub offered: i64,
    pub delivered: i64,
    pub quarantined: i64,
    pub turned_away: i64,
    pub held: i64,
    pub duplicates: i64,
    pub dead_letters: i64,
}

impl TelemetryStore {
    /// Opens the books at the present end of the records, unless they are open already; and in every file that
    /// is begun from now on.
    pub async fn open_books(&self) -> Result<(), StoreError> {
        let opened = self.open_books_now().await;
        self.fold.forwards();
        opened
    }

    pub(super) async fn open_books_at(write: &mut Write, end: i64) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO forwarder (name, cursor_id, committed, turned_away, delivered, quarantined, duplicates) \
             VALUES ('main', $1, 0, 0, 0, 0, 0) ON CONFLICT (name) DO NOTHING",
        )
        .bind(end);
        if write.execute("forwarder.open", query).await? == 0 {
            return Ok(());
        }
        for lane in Lane::OF_THE_LOG {
            let query = sqlx::query(
                "INSERT INTO forwarder_lanes (name, cursor_id) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            );
            write.execute("forwarder.open_lane", query.bind(lane.as_str()).bind(end)).await?;
        }
        Ok(())
    }

    /// Where each lane of the log stands; empty while the books are not open.
    pub async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        self.fresh().await;
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query("SELECT name, cursor_id, index_name FROM forwarder_lanes");
        let rows = db.timed("forwarder.positions", query.fetch_all(&mut *connection)).await?;
        let of = |lane: Lane| {
            let row = rows.iter().find(|row| row.get::<String, _>("name") == lane.as_str())?;
            Some(Position { lane, cursor_id: row.get("cursor_id"), index: row.get("index_name") })
        };
        Ok(Lane::OF_THE_LOG.into_iter().filter_map(of).collect())
    }

    /// The next records of a lane behind `after`, in order of commit.
    pub async fn backlog(&self, lane: Lane, after: i64, limit: usize) -> Result<Backlog, StoreError> {
        if lane == Lane::Letters {
            return self.letters(after, limit).await;
        }
        let (log, until) = (self.log.clone(), self.applied_now());
        let looked = tokio::task::spawn_blocking(move || look(&log, lane, after, until, limit)).await;
        let looked = looked.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        looked.map_err(|source| StoreError::Log { what: "read", source })
    }

    async fn letters(&self, after: i64, limit: usize) -> Result<Backlog, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query(
            "SELECT record_id AS id, event_id, at_us, body FROM dead_letters WHERE replay = 1 AND record_id > $1 \
             ORDER BY record_id LIMIT $2",
        )
        .bind(after)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = db.timed("forwarder.letters", query.fetch_all(&mut *connection)).await?;
        let records: Vec<StoredRecord> = rows.iter().map(record).collect();
        let end = records.last().map_or(after, |record| record.id);
        Ok(Backlog { more: records.len() >= limit, records, end })
    }

    /// Asks for all dead letters to be sent again; gives how many there are.
    pub async fn replay_letters(&self) -> Result<u64, StoreError> {
        let mut write = self.db()?.write().await?;
        let asked =
            write.execute("dead_letters.replay", sqlx::query("UPDATE dead_letters SET replay = 1")).await?;
        write.commit().await?;
        Ok(asked)
    }

    /// Moves the cursors and the books, and keeps the dead letters, in one transaction. Fails when a cursor is not
    /// where its lane began: the records were given up to make room meanwhile, or the file is another one.
    pub async fn settle(&self, settled: &[Settled]) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        let (mut delivered, mut quarantined, mut duplicates) = (0_u64, 0_i64, 0_u64);
        for lane in settled {
            for letter in &lane.dead_letters {
                keep(&mut write, letter).await?;
            }
            if lane.lane == Lane::Letters {
                for event_id in &lane.redeemed {
                    let query = sqlx::query("DELETE FROM dead_letters WHERE event_id = $1").bind(event_id);
                    let gone = write.execute("dead_letters.redeem", query).await?;
                    delivered += gone;
                    quarantined -= i64::try_from(gone).unwrap_or(i64::MAX);
                }
            } else {
                advance(&mut write, lane).await?;
                delivered += lane.delivered;
                quarantined += i64::try_from(lane.quarantined()).unwrap_or(i64::MAX);
            }
            duplicates += lane.duplicates;
        }
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let query = sqlx::query(
            "UPDATE forwarder SET delivered = delivered + $1, quarantined = quarantined + $2, \
             duplicates = duplicates + $3 WHERE name = 'main'",
        )
        .bind(signed(delivered))
        .bind(quarantined)
        .bind(signed(duplicates));
        write.execute("forwarder.settle", query).await?;
        write.commit().await
    }

    /// All books in one statement, hence of one moment.
    pub async fn books(&self) -> Result<Books, StoreError> {
        self.fresh().await;
        let query = sqlx::query(
            "SELECT f.committed, f.turned_away, f.delivered, f.quarantined, f.duplicates, \
             (SELECT COUNT(*) FROM dead_letters) AS letters FROM forwarder f WHERE f.name = 'main'",
        );
        let db = self.db()?;
        let mut connection = db.read().await?;
        let row = db.timed("forwarder.books", query.fetch_optional(&mut *connection)).await?;
        Ok(row.map_or_else(Books::default, |row| {
            let (committed, turned_away) = (row.get::<i64, _>("committed"), row.get::<i64, _>("turned_away"));
            let (delivered, quarantined) = (row.get::<i64, _>("delivered"), row.get::<i64, _>("quarantined"));
            Books {
                offered: committed + turned_away,
                delivered,
                quarantined,
                turned_away,
                held: committed - delivered - quarantined,
                duplicates: row.get("duplicates"),
                dead_letters: row.get("letters"),
            }
        }))
    }

    /// How many records lie behind the cursors, counted one by one: what `held` of the books must say.
    pub async fn count_held(&self) -> Result<i64, StoreError> {
        let mut held = 0;
        for Position { lane, cursor_id, .. } in self.positions().await? {
            held += self.count(lane, cursor_id, self.applied_now()).await?;
        }
        Ok(held)
    }

    /// How many records of a lane lie behind `after` and not behind `until`.
    pub(super) async fn count(&self, lane: Lane, after: i64, until: i64) -> Result<i64, StoreError> {
        let log = self.log.clone();
        let counted = tokio::task::spawn_blocking(move || {
            let (mut forward, mut count) = (log.after(after), 0);
            loop {
                match forward.next(until) {
                    Ok(Some((_, lines))) => {
                        lines.each(|_, line| {
                            count += i64::from(lane_of(line) == Some(lane));
                            true
                        });
                    }
                    Ok(None) => return Ok(count),
                    Err(error) if is_passing(&error) => return Err(error),
                    // Passed over, as by the forwarder.
                    Err(_) => {}
                }
            }
        });
        let counted = counted.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        counted.map_err(|source| StoreError::Log { what: "count", source })
    }
}

fn lane_of(line: &[u8]) -> Option<Lane> {
    Head::of(line).map(|head| Lane::of(head.source, head.level))
}

/// The next records of a lane. No index is asked: the first bytes of a line say whose it is.
fn look(log: &Log, lane: Lane, after: i64, until: i64, limit: usize) -> std::io::Result<Backlog> {
    let (mut forward, mut records, mut bytes, mut held) = (log.after(after), Vec::new(), 0, 0);
    let most = if lane.is_urgent() { LOOKED_AT_URGENT } else { LOOKED_AT };
    while bytes < most && held < HELD {
        match forward.next(until) {
            Ok(Some((ordinal, lines))) => {
                bytes += lines.bytes.len();
                lines.each(|at, line| {
                    let is_ours = kind(line).is_some_and(|(source, level)| Lane::of(source, level) == lane);
                    if let Some(head) = Head::of(line).filter(|_| is_ours) {
                        held += line.len();
                        records.push(StoredRecord {
                            id: ordinal.at(at),
                            event_id: head.event_id.into_owned(),
                            at_us: head.at.0,
                            body: String::from_utf8_lossy(line).into(),
                        });
                    }
                    records.len() < limit
                });
                if records.len() >= limit {
                    let end = records.last().map_or(after, |record| record.id);
                    return Ok(Backlog { records, end, more: end < until });
                }
            }
            Ok(None) => return Ok(Backlog { records, end: until.max(after), more: false }),
            Err(error) if is_passing(&error) => return Err(error),
            // A segment that cannot be read is passed over.
            Err(_) => {}
        }
    }
    let end = forward.position().max(after);
    Ok(Backlog { records, end, more: end < until })
}

fn record(row: &sqlx::sqlite::SqliteRow) -> StoredRecord {
    StoredRecord {
        id: row.get("id"),
        event_id: row.get("event_id"),
        at_us: row.get("at_us"),
        body: row.get::<String, _>("body").into(),
    }
}

/// A letter that was sent again and refused again stays one.
async fn keep(write: &mut Write, letter: &DeadLetter) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO dead_letters (event_id, record_id, at_us, data_stream, status, reason, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id) DO UPDATE SET \
         replay = 0, status = excluded.status, reason = excluded.reason",
    )
    .bind(&letter.record.event_id)
    .bind(letter.record.id)
    .bind(clock::now().0)
    .bind(&letter.data_stream)
    .bind(i64::from(letter.status))
    .bind(&letter.reason)
    .bind(&*letter.record.body);
    write.execute("dead_letters.insert", query).await.map(|_| ())
}

async fn advance(write: &mut Write, settled: &Settled) -> Result<(), StoreError> {
    let query = sqlx::query(
        "UPDATE forwarder_lanes SET cursor_id = $1, index_name = COALESCE($2, index_name) \
         WHERE name = $3 AND cursor_id = $4",
    )
    .bind(settled.cursor_id)
    .bind(settled.index.as_deref())
    .bind(settled.lane.as_str())
    .bind(settled.from);
    if write.execute("forwarder.advance", query).await? == 0 {
        let (database, statement) = ("telemetry", "forwarder.advance");
        return Err(StoreError::Statement { database, statement, source: sqlx::Error::RowNotFound });
    }
    Ok(())
}
