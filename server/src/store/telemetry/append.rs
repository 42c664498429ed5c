//! Appending: a group of records is encoded once and written with one write. The same bytes go to stdout, and the
//! forwarder sends them.

mod urgent;

use std::sync::Arc;

use telemetry::{BatchBooks, Level, LogRecord, Source};

use super::{TabEntry, TelemetryStore};
use crate::clock;
use crate::store::StoreError;

/// Collects what is written together.
#[derive(Debug, Default)]
pub struct Commit {
    own: Vec<u8>,
    batches: Vec<u8>,
    group: Group,
}

/// Whole lines, and what they mean.
#[derive(Clone, Debug, Default)]
pub struct Group {
    bytes: Arc<Vec<u8>>,
    /// Up to here they are records of the server itself, which nobody will send again.
    own: usize,
    records: u64,
    urgent: bool,
    bids: Vec<String>,
    /// The decision of the journal that is told next, when some were told here.
    journal: Option<u64>,
}

impl Commit {
    /// A record of the server.
    pub fn add(&mut self, record: LogRecord) {
        self.group.urgent |= record.level >= Level::Error || record.source == Source::Audit;
        self.group.records += 1;
        encode(&mut self.own, record);
    }

    /// The records of a browser batch, which count together or not at all.
    pub fn add_batch(&mut self, bid: String, mut records: Vec<LogRecord>, tab: Option<&TabEntry>) {
        let size = records.len() as u64;
        if let Some(last) = records.last_mut() {
            last.batch = Some(books(&bid, tab));
        }
        for mut record in records {
            record.batch_size = Some(size);
            self.group.urgent |= record.level >= Level::Error;
            self.group.records += 1;
            encode(&mut self.batches, record);
        }
        self.group.bids.push(bid);
    }

    /// A batch of which no record was kept: `note` tells of it in their place.
    pub fn add_note(&mut self, bid: String, mut note: LogRecord, tab: Option<&TabEntry>) {
        note.batch = Some(books(&bid, tab));
        if let Some(tab) = tab {
            note.client_session_id = Some(tab.client_session_id.clone());
            note.tab_id = Some(tab.tab_id.clone());
            note.user_id.clone_from(&tab.user_id);
            note.build_id.clone_from(&tab.build_id);
            note.received_at = Some(tab.received_at);
            note.skew_ms = Some(tab.skew_ms);
        }
        self.group.records += 1;
        encode(&mut self.batches, note);
        self.group.bids.push(bid);
    }

    /// How far the journal is told with these records.
    pub fn tell_journal(&mut self, next_seq: u64) {
        self.group.journal = Some(next_seq);
    }

    /// Whether a batch of this id is in it.
    #[must_use]
    pub fn has(&self, bid: &str) -> bool {
        self.group.bids.iter().any(|known| known == bid)
    }

    #[must_use]
    pub fn records(&self) -> u64 {
        self.group.records
    }

    /// What is to be written.
    #[must_use]
    pub fn finish(self) -> Group {
        let Self { own: mut bytes, batches, mut group } = self;
        group.own = bytes.len();
        bytes.extend_from_slice(&batches);
        group.bytes = Arc::new(bytes);
        group
    }
}

impl FromIterator<LogRecord> for Group {
    fn from_iter<I: IntoIterator<Item = LogRecord>>(records: I) -> Self {
        let mut commit = Commit::default();
        records.into_iter().for_each(|record| commit.add(record));
        commit.finish()
    }
}

impl Group {
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Whether there is nothing to write and nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.journal.is_none()
    }

    /// All lines, and how many of the bytes are the server's own records.
    #[must_use]
    pub fn lines(&self) -> (Arc<Vec<u8>>, usize) {
        (Arc::clone(&self.bytes), self.own)
    }
}

impl TelemetryStore {
    /// Writes all or nothing. When it returns the records survive the end of the process.
    pub async fn append(&self, group: &Group) -> Result<(), StoreError> {
        let (log, bytes, now) = (self.log.clone(), Arc::clone(&group.bytes), clock::now());
        let written = tokio::task::spawn_blocking(move || log.append(&bytes, now)).await;
        written
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|source| StoreError::Log { what: "append", source })?;
        if self.seen.is_known() {
            self.seen.learn(group.bids.iter().map(|bid| (bid.clone(), now.0)));
        }
        if let Some(next_seq) = group.journal {
            self.fold.journal_told(self.log.end(), next_seq);
        }
        if group.urgent {
            self.urgent.notify_one();
        }
        Ok(())
    }

    /// Whether a batch of this id was committed in the last 24 hours.
    pub fn seen(&self, bid: &str) -> Result<bool, StoreError> {
        let why = || "its books were not read yet".to_owned();
        self.seen.has(bid).ok_or_else(|| StoreError::Down { database: "telemetry", why: why() })
    }
}

fn books(bid: &str, tab: Option<&TabEntry>) -> BatchBooks {
    let bid = bid.to_owned();
    let Some(tab) = tab else { return BatchBooks { bid, ..BatchBooks::default() } };
    BatchBooks {
        bid,
        calls: tab.calls,
        rejected: tab.rejected,
        lowest_no: tab.lowest_no,
        highest_no: tab.highest_no,
        drops: tab.drops.clone(),
    }
}

fn encode(into: &mut Vec<u8>, record: LogRecord) {
    let begun = into.len();
    // Cannot fail, see `LogRecord::to_line`.
    if serde_json::to_writer(&mut *into, &record).is_err() {
        into.truncate(begun);
        return;
    }
    into.push(b'\n');
}
