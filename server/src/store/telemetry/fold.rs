//! The books follow the log: lines behind a cursor are read, and what they say of batches, tabs, the journal and the
//! forwarder moves together with the cursor in one transaction. Whenever the process ends, the next one goes on from
//! there, and each line counts once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex as Lock, PoisonError};

use serde_json::Value;
use telemetry::LogRecord;
use tokio::sync::{Mutex, watch};

use super::{AGAIN, TOGETHER, TabEntry, TelemetryStore, tabs};
use crate::clock;
use crate::store::log::{Day, Head, Log, is_passing};
use crate::store::{Db, StoreError, Write};
use crate::tasks::Stop;

/// Lines of one transaction, in bytes.
const STEP: usize = 4 << 20;
/// Without anything to book the cursor is written this seldom, in bytes of the log.
const LAZY: i64 = 1 << 20;
/// Batches and tabs of so many days are found again in a log whose books are gone.
const DAYS_BACK: i64 = 2;

pub(super) struct Fold {
    state: Mutex<Option<State>>,
    applied: watch::Sender<i64>,
    /// At a position the journal was told up to a decision that stands on no line.
    journal: Lock<Option<(i64, u64)>>,
    /// Whether there must be books of the forwarder, also in a file that was just begun.
    forwarding: AtomicBool,
}

#[derive(Clone, Copy)]
struct State {
    /// Which of the databases that stood here it is of.
    opened: u64,
    /// Everything at or before it is in the books, and as it stands in them.
    position: i64,
    booked: i64,
    /// Books of the forwarder are open.
    forwarding: bool,
    /// Lines up to here were there before these books; they are not offered to the forwarder.
    past: i64,
}

/// What lines say.
#[derive(Default)]
pub(super) struct Delta {
    pub records: u64,
    pub turned_away: u64,
    pub batches: Vec<(String, i64)>,
    pub tabs: Vec<TabEntry>,
    pub journal: Option<u64>,
}

impl Fold {
    pub fn new(end: i64) -> Self {
        Self {
            state: Mutex::default(),
            applied: watch::Sender::new(end.min(0)),
            journal: Lock::default(),
            forwarding: AtomicBool::new(false),
        }
    }

    pub fn forwards(&self) {
        self.forwarding.store(true, Ordering::Relaxed);
    }

    /// The writer says how far the journal is told: decisions that are below the level stand on no line.
    pub fn journal_told(&self, position: i64, next_seq: u64) {
        *self.lock() = Some((position, next_seq));
    }

    /// What was said of the journal for lines up to `position`.
    fn said(&self, position: i64) -> Option<(i64, u64)> {
        self.lock().filter(|(at, _)| *at <= position)
    }

    /// It stands in the books.
    fn heard(&self, said: Option<(i64, u64)>) {
        let mut journal = self.lock();
        if *journal == said {
            *journal = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(i64, u64)>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TelemetryStore {
    /// Changes whenever the books have followed the log.
    #[must_use]
    pub fn applied(&self) -> watch::Receiver<i64> {
        self.fold.applied.subscribe()
    }

    pub(super) fn applied_now(&self) -> i64 {
        *self.fold.applied.borrow()
    }

    /// Reads where the books stand, lets them follow, and learns which batches were seen.
    pub(super) async fn begin(&self) -> Result<(), StoreError> {
        self.caught_up().await?;
        if !self.seen.is_known() {
            let db = self.db()?;
            let mut connection = db.read().await?;
            let query = sqlx::query_as::<_, (String, i64)>("SELECT bid, seen_us FROM seen_batches");
            let rows = db.timed("batches.read", query.fetch_all(&mut *connection)).await?;
            self.seen.learn(rows);
        }
        Ok(())
    }

    /// The books of the log that is there now.
    pub(super) async fn caught_up(&self) -> Result<i64, StoreError> {
        let target = self.log.end();
        let mut state = self.fold.state.lock().await;
        let opened = *self.slot.opened().borrow();
        let mut at = match *state {
            Some(known) if known.opened == opened => known,
            Some(_) | None => self.first_look(opened).await?,
        };
        while at.position < target {
            let (log, from) = (self.log.clone(), at.position);
            let read = tokio::task::spawn_blocking(move || read(&log, from, target)).await;
            let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
            let (mut delta, next) = read.map_err(|source| StoreError::Log { what: "read", source })?;
            let said = self.fold.said(next);
            delta.journal = said.map(|(_, next_seq)| next_seq).or(delta.journal);
            *state = None;
            at = self.apply(at, &delta, next).await?;
            *state = Some(at);
            self.fold.heard(said);
            self.fold.applied.send_replace(next);
        }
        if let Some((position, next_seq)) = self.fold.said(at.position) {
            // Decisions below the level: no line tells of them.
            *state = None;
            at = self.apply(at, &Delta { journal: Some(next_seq), ..Delta::default() }, at.position).await?;
            self.fold.heard(Some((position, next_seq)));
        }
        *state = Some(at);
        self.fold.applied.send_if_modified(|applied| std::mem::replace(applied, at.position) != at.position);
        Ok(at.position)
    }

    /// Until the server stops.
    pub(super) async fn follow_books(self, mut stop: Stop) {
        let mut committed = self.log.committed();
        let mut opened = self.slot.opened();
        while !stop.is_stopped() {
            committed.borrow_and_update();
            opened.borrow_and_update();
            let pause = match self.begin().await {
                Ok(()) => TOGETHER,
                // Told by the database where it failed.
                Err(_) => AGAIN,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.stopped() => return,
            }
            if pause == TOGETHER {
                tokio::select! {
                    _ = committed.changed() => {}
                    _ = opened.changed() => {}
                    () = stop.stopped() => return,
                }
            }
        }
    }

    /// Where the books stand that were opened now. New ones begin with what the log can still tell them.
    async fn first_look(&self, opened: u64) -> Result<State, StoreError> {
        let db = self.db()?;
        let (position, lanes, forwarding) = standing(&db).await?;
        let end = self.log.end();
        // Of a log that was removed: what comes next must lie behind every cursor.
        let highest = position.unwrap_or_default().max(lanes);
        if highest > end {
            let raised = self.log.raise(highest);
            raised.map_err(|source| StoreError::Log { what: "raise", source })?;
        }
        let past = if position.is_some() { 0 } else { end };
        let position = match position {
            Some(position) => position,
            None => self.begin_anew(&db, end).await?,
        };
        Ok(State { opened, position, booked: position, forwarding, past })
    }

    async fn begin_anew(&self, db: &Db, end: i64) -> Result<i64, StoreError> {
        let from = (Day::of(clock::now()).before(DAYS_BACK).first() - 1).clamp(0, end.max(0));
        let log = self.log.clone();
        let told = tokio::task::spawn_blocking(move || last_decision(&log, from)).await.ok().flatten();
        let mut write = db.write().await?;
        let query = sqlx::query("INSERT INTO log_applied (name, position) VALUES ('books', $1)").bind(from);
        write.execute("books.begin", query).await?;
        if let Some(seq) = told {
            move_journal(&mut write, seq + 1).await?;
        }
        write.commit().await?;
        Ok(from)
    }

    async fn apply(&self, at: State, delta: &Delta, next: i64) -> Result<State, StoreError> {
        let nothing = delta.batches.is_empty() && delta.tabs.is_empty() && delta.journal.is_none();
        let opening = self.fold_opens_books(at);
        if nothing && !at.forwarding && !opening && next - at.booked < LAZY {
            return Ok(State { position: next, ..at });
        }
        let mut write = self.db()?.write().await?;
        if opening {
            Self::open_books_at(&mut write, at.position).await?;
        }
        let query =
            sqlx::query("UPDATE log_applied SET position = $1 WHERE name = 'books' AND position = $2");
        if write.execute("books.move", query.bind(next).bind(at.booked)).await? == 0 {
            let (database, statement) = ("telemetry", "books.move");
            return Err(StoreError::Statement { database, statement, source: sqlx::Error::RowNotFound });
        }
        let forwarding = at.forwarding || opening;
        if forwarding {
            let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let query = sqlx::query(
                "UPDATE forwarder SET committed = committed + $1, turned_away = turned_away + $2 WHERE name = 'main'",
            );
            let query = query.bind(signed(delta.records)).bind(signed(delta.turned_away));
            write.execute("forwarder.count", query).await?;
        }
        for (bid, at_us) in &delta.batches {
            let query = sqlx::query(
                "INSERT INTO seen_batches (bid, seen_us) VALUES ($1, $2) ON CONFLICT (bid) DO NOTHING",
            );
            write.execute("batches.mark", query.bind(bid).bind(at_us)).await?;
        }
        for tab in &delta.tabs {
            tabs::enter(&mut write, tab).await?;
        }
        if let Some(next_seq) = delta.journal {
            move_journal(&mut write, next_seq).await?;
        }
        write.commit().await?;
        Ok(State { position: next, booked: next, forwarding, ..at })
    }

    fn fold_opens_books(&self, at: State) -> bool {
        !at.forwarding && self.fold.forwarding.load(Ordering::Relaxed) && at.position >= at.past
    }

    /// Opens the books of the forwarder where the others stand.
    pub(super) async fn open_books_now(&self) -> Result<(), StoreError> {
        self.caught_up().await?;
        let mut state = self.fold.state.lock().await;
        let Some(at) = *state else { return Ok(()) };
        if at.forwarding {
            return Ok(());
        }
        *state = None;
        let mut write = self.db()?.write().await?;
        Self::open_books_at(&mut write, at.position).await?;
        let query =
            sqlx::query("UPDATE log_applied SET position = $1 WHERE name = 'books'").bind(at.position);
        write.execute("books.move", query).await?;
        write.commit().await?;
        *state = Some(State { forwarding: true, booked: at.position, ..at });
        Ok(())
    }

    /// The decision of the journal that is told next; `None` before the first was.
    pub async fn journal_cursor(&self) -> Result<Option<u64>, StoreError> {
        self.caught_up().await?;
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, i64>("SELECT next_seq FROM journal WHERE name = 'trading'");
        let next = db.timed("journal.cursor", query.fetch_optional(&mut *connection)).await?;
        Ok(next.map(i64::unsigned_abs))
    }
}

async fn standing(db: &Db) -> Result<(Option<i64>, i64, bool), StoreError> {
    let mut connection = db.read().await?;
    let query = sqlx::query_as::<_, (Option<i64>, i64, bool)>(
        "SELECT (SELECT position FROM log_applied WHERE name = 'books'), \
         (SELECT COALESCE(MAX(cursor_id), 0) FROM forwarder_lanes), EXISTS (SELECT 1 FROM forwarder)",
    );
    db.timed("books.standing", query.fetch_one(&mut *connection)).await
}

async fn move_journal(write: &mut Write, next_seq: u64) -> Result<(), StoreError> {
    let cursor = sqlx::query(
        "INSERT INTO journal (name, next_seq) VALUES ('trading', $1) \
         ON CONFLICT (name) DO UPDATE SET next_seq = excluded.next_seq",
    );
    write.execute("journal.move", cursor.bind(i64::try_from(next_seq).unwrap_or(i64::MAX))).await.map(|_| ())
}

/// What the next lines say, and up to where they were read.
fn read(log: &Log, from: i64, until: i64) -> std::io::Result<(Delta, i64)> {
    let (mut delta, mut bytes) = (Delta::default(), 0);
    let mut forward = log.after(from);
    while bytes < STEP {
        match forward.next(until) {
            Ok(Some((_, lines))) => {
                bytes += lines.bytes.len();
                lines.each(|_, line| {
                    delta.add(line);
                    true
                });
            }
            Ok(None) => return Ok((delta, until)),
            Err(error) if is_passing(&error) => return Err(error),
            // What cannot be read says nothing; the walk has passed over it.
            Err(_) => {}
        }
    }
    Ok((delta, forward.position()))
}

/// The number of the last decision that is told at or before `until`.
fn last_decision(log: &Log, until: i64) -> Option<u64> {
    let key = memchr::memmem::FinderRev::new(b"\"decision_seq\":");
    let segments = log.segments();
    let old = segments.iter().rev().filter(|segment| segment.ordinal.start() <= until);
    for segment in old {
        let Ok(reader) = log.open(segment) else { continue };
        for (from, to) in reader.pieces().into_iter().rev() {
            let Ok(lines) = reader.lines(from, to) else { continue };
            let Some(at) = key.rfind(&lines.bytes) else { continue };
            let begins = memchr::memrchr(b'\n', &lines.bytes[..at]).map_or(0, |end| end + 1);
            let ends = memchr::memchr(b'\n', &lines.bytes[at..]).map_or(lines.bytes.len(), |end| at + end);
            if let Some(seq) = Head::of(&lines.bytes[begins..ends]).and_then(|head| head.decision_seq) {
                return Some(seq);
            }
        }
    }
    None
}

impl Delta {
    pub fn add(&mut self, line: &[u8]) {
        let Some(head) = Head::of(line) else { return };
        self.records += 1;
        if let Some(seq) = head.decision_seq {
            self.journal = Some(seq + 1);
        }
        let is_batch = head.batch_size.is_some() || head.event == crate::telling::BATCH_NOTED;
        if is_batch && memchr::memmem::find(line, b",\"batch\":{\"bid\":").is_some() {
            self.add_batch(line);
        } else if head.event == crate::telling::DROPPED {
            let record: Option<LogRecord> = serde_json::from_slice(line).ok();
            let count = record.and_then(|record| record.payload.get("count").and_then(Value::as_u64));
            self.turned_away += count.unwrap_or_default();
        }
    }

    fn add_batch(&mut self, line: &[u8]) {
        let Ok(record) = serde_json::from_slice::<LogRecord>(line) else { return };
        let Some(batch) = &record.batch else { return };
        let received = record.received_at.unwrap_or(record.timestamp);
        self.batches.push((batch.bid.clone(), received.0));
        self.tabs.extend(TabEntry::told(&record, batch, received));
    }
}
