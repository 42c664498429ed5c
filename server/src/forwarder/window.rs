//! The records that are being worked on, with the verdict of each.

use std::collections::HashSet;

use super::{ForwarderEvent, Item};
use crate::store::telemetry::{DeadLetter, Settled, StoredRecord};

/// Server errors of a single record, while its neighbours were taken, before it is given up.
const ATTEMPTS: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Pending { attempts: u32, truncated: bool },
    Delivered,
    Duplicate,
    FailureStore,
    Dead { status: u16, reason: String },
}

/// Bytes of one request, as stored; the documents are a little longer.
const REQUEST_BYTES: usize = 5 * 1024 * 1024;

/// What one result means for the request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Settled,
    Retry { status: u16, reason: String },
    Hold { status: u16, reason: String },
}

/// A record to send; a truncated one goes without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub record: StoredRecord,
    pub truncated: bool,
}

/// A run of records in order of commit.
#[derive(Debug, Default)]
pub(super) struct Window {
    records: Vec<(StoredRecord, Fate)>,
    /// Positions of the request that is under way.
    sent: Vec<usize>,
    told: HashSet<usize>,
}

impl Window {
    pub fn new(records: Vec<StoredRecord>) -> Self {
        let pending = Fate::Pending { attempts: 0, truncated: false };
        let records = records.into_iter().map(|record| (record, pending.clone())).collect();
        Self { records, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub fn is_settled(&self) -> bool {
        !self.records.iter().any(|(_, fate)| matches!(fate, Fate::Pending { .. }))
    }

    /// How many records the last request had.
    pub fn sent(&self) -> usize {
        self.sent.len()
    }

    /// The first `limit` records that are not settled, fewer when they are large.
    pub fn next(&mut self, limit: usize) -> Vec<Outgoing> {
        self.sent.clear();
        let (mut outgoing, mut bytes) = (Vec::new(), 0);
        for (position, (record, fate)) in self.records.iter().enumerate() {
            if let Fate::Pending { truncated, .. } = fate
                && outgoing.len() < limit.max(1)
                && (outgoing.is_empty() || bytes + record.body.len() <= REQUEST_BYTES)
            {
                bytes += record.body.len();
                self.sent.push(position);
                outgoing.push(Outgoing { record: record.clone(), truncated: *truncated });
            }
        }
        outgoing
    }

    /// Reads the results of the last request; `None` when there is not one for each record.
    pub fn judge(&mut self, items: &[Item]) -> Option<Vec<Verdict>> {
        if items.len() != self.sent.len() {
            return None;
        }
        let any_taken = items.iter().any(|item| matches!(item.status, 200 | 201 | 409));
        let pairs: Vec<(usize, &Item)> = self.sent.iter().copied().zip(items).collect();
        Some(pairs.into_iter().map(|(position, item)| self.judge_one(position, item, any_taken)).collect())
    }

    fn judge_one(&mut self, position: usize, item: &Item, any_taken: bool) -> Verdict {
        let fate = &mut self.records[position].1;
        let (status, reason) = (item.status, item.reason.clone());
        *fate = match (status, &*fate) {
            (200 | 201, _) if item.failure_store => Fate::FailureStore,
            (200 | 201, _) => Fate::Delivered,
            (409, _) => Fate::Duplicate,
            (401 | 403 | 404, _) => return Verdict::Hold { status, reason },
            (429, _) => return Verdict::Retry { status, reason },
            (500.., Fate::Pending { attempts, truncated }) if *attempts + 1 < ATTEMPTS || !any_taken => {
                // A server in trouble refuses everybody; only when neighbours are taken is the record suspected.
                *fate = Fate::Pending { attempts: attempts + u32::from(any_taken), truncated: *truncated };
                return Verdict::Retry { status, reason };
            }
            (_, _) => Fate::Dead { status, reason },
        };
        Verdict::Settled
    }

    /// Marks the one record of the last request to be sent without its payload; `false` when it was already.
    pub fn truncate(&mut self) -> bool {
        match self.sent.first().map(|&position| &mut self.records[position].1) {
            Some(Fate::Pending { truncated, .. }) if !*truncated => {
                *truncated = true;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Gives up the one record of the last request.
    pub fn quarantine(&mut self, status: u16, reason: &str) {
        if let Some(&position) = self.sent.first() {
            self.records[position].1 = Fate::Dead { status, reason: reason.to_owned() };
        }
    }

    /// Records given up since the last call, as events.
    pub fn take_quarantined(&mut self) -> Vec<ForwarderEvent> {
        let mut events = Vec::new();
        for (position, (record, fate)) in self.records.iter().enumerate() {
            if let Fate::Dead { status, reason } = fate
                && self.told.insert(position)
            {
                let (record, status, reason) = (record.event_id.clone(), *status, reason.clone());
                events.push(ForwarderEvent::Quarantined { record, status, reason });
            }
        }
        events
    }

    /// The books of a settled window.
    pub fn settled(&self) -> Settled {
        let count = |wanted: &Fate| self.records.iter().filter(|(_, fate)| fate == wanted).count() as u64;
        let duplicates = count(&Fate::Duplicate);
        let dead_letters = self.records.iter().filter_map(|(record, fate)| match fate {
            Fate::Dead { status, reason } => {
                let (record, reason) = (record.clone(), reason.clone());
                Some(DeadLetter { record, status: *status, reason, data_stream: String::new() })
            }
            Fate::Pending { .. } | Fate::Delivered | Fate::Duplicate | Fate::FailureStore => None,
        });
        Settled {
            cursor_id: self.records.last().map_or(0, |(record, _)| record.id),
            delivered: count(&Fate::Delivered) + duplicates,
            duplicates,
            dead_letters: dead_letters.collect(),
            failure_store: count(&Fate::FailureStore),
        }
    }
}
