//! The records of a lane that are being worked on, with the fate of each.
//!
//! A record is given up only on evidence: somebody else was taken while it was refused. What is refused while nobody
//! is taken may be the destination's fault and is put aside; it is judged when a neighbour has been taken.

mod entry;

use std::collections::{BTreeMap, HashSet};

use super::Item;
use super::blame::{Blame, blame};
use crate::store::telemetry::{DeadLetter, Lane, Settled, StoredRecord};

use entry::{Entry, Evidence, Fate};
pub use entry::{Form, Outgoing};

/// So often a record that is alone in its stream is tried before other streams are believed in its place.
const ROUNDS: u32 = 4;
/// Bytes of one request, as stored; the documents are a little longer.
const REQUEST_BYTES: usize = 5 * 1024 * 1024;
/// So many refused and nobody taken: it is not they.
pub(super) const SUSPICIOUS: usize = 3;

/// What the results of one request mean for the lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Somebody is to be sent again after a pause.
    Retry {
        status: u16,
        reason: String,
    },
    /// The destination refuses.
    Hold {
        status: u16,
        reason: String,
    },
}

/// A run of records in order of commit.
#[derive(Debug)]
pub(super) struct Window {
    lane: Lane,
    from: i64,
    /// Up to here the lane has no records but these.
    end: i64,
    entries: Vec<Entry>,
    /// Whether somebody was taken since the last look at what was put aside.
    progress: bool,
    /// Whether the last request had somebody taken.
    recent: bool,
    /// Records of this window that were taken.
    taken: u64,
    /// The index that took the last record.
    pub index: Option<String>,
    /// The same when each request that is under way was sent.
    sent_after: BTreeMap<u64, Option<String>>,
    /// Whether the engine was asked just now what it has of those that it may have.
    asked: bool,
}

impl Window {
    pub fn new(lane: Lane, from: i64) -> Self {
        Self {
            lane,
            from,
            end: from,
            entries: Vec::new(),
            progress: false,
            recent: false,
            taken: 0,
            index: None,
            sent_after: BTreeMap::new(),
            asked: false,
        }
    }

    /// The one that follows: what is known of the destination is known of it too.
    pub fn next_window(&self, from: i64) -> Self {
        Self { index: self.index.clone(), recent: self.recent, ..Self::new(self.lane, from) }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where the lane is looked at next.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Where the lane was booked last.
    pub fn from(&self) -> i64 {
        self.from
    }

    /// When the oldest happened that is not settled.
    pub fn oldest_us(&self) -> Option<i64> {
        let open = |fate: &Fate| matches!(fate, Fate::Pending | Fate::Sent(_) | Fate::Aside { .. });
        self.entries.iter().filter(|entry| open(&entry.fate)).map(|entry| entry.record.at_us).min()
    }

    /// Adds what comes next. `unsure`: an earlier process may have sent it, into this index (empty: any) or a later one.
    /// With company, what was put aside is tried again: the same request tells whose fault it was.
    pub fn add(&mut self, records: Vec<StoredRecord>, end: i64, unsure: Option<String>) {
        self.end = end;
        if !records.is_empty() {
            self.release(|blame| blame != Blame::Request);
        }
        let entry = |record| Entry {
            record,
            form: Form::Full,
            attempts: 0,
            refused_at: None,
            unsure: unsure.clone(),
            rounds: 0,
            tried_again: false,
            fate: Fate::Pending,
        };
        self.entries.extend(records.into_iter().map(entry));
    }

    pub fn has_pending(&self) -> bool {
        self.entries.iter().any(|entry| entry.fate == Fate::Pending)
    }

    /// Requests without an answer.
    pub fn under_way(&self) -> usize {
        self.sent_after.len()
    }

    /// Records of a request.
    pub fn size_of(&self, request: u64) -> usize {
        self.entries.iter().filter(|entry| entry.fate == Fate::Sent(request)).count()
    }

    /// How many are refused and not judged.
    pub fn aside(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.fate, Fate::Aside { .. })).count()
    }

    pub fn recent(&self) -> bool {
        self.recent
    }

    /// What the engine must be asked before anything is sent: the first index where records may lie, and which.
    pub fn unsure(&self) -> Option<(String, Vec<String>)> {
        let unsure = || self.entries.iter().filter(|entry| entry.is_unsure());
        // Names of a stream's indices sort by age: they end in a date and a number that goes up.
        let first = unsure().filter_map(|entry| entry.unsure.clone()).min()?;
        let ids = unsure().map(|entry| entry.record.event_id.clone()).collect();
        (!self.asked).then_some((first, ids))
    }

    /// Whether the engine may have a record that is under way. Until it has answered nothing else is sent that could be
    /// taken before it: with the stream in another index then, the record would be taken twice.
    pub fn doubts_under_way(&self) -> bool {
        self.entries.iter().any(|entry| entry.unsure.is_some() && matches!(entry.fate, Fate::Sent(_)))
    }

    /// The engine was asked: it has these in older indices. The others may still lie in the one that it writes to now
    /// (`index`; `None`: it cannot tell), which will refuse them by their ids.
    pub fn known(&mut self, found: &HashSet<String>, index: Option<&str>) {
        self.asked = true;
        for entry in self.entries.iter_mut().filter(|entry| entry.is_unsure()) {
            entry.unsure = index.map(str::to_owned);
            if found.contains(&entry.record.event_id) {
                entry.fate = Fate::Duplicate;
            }
        }
    }

    /// The first `limit` records that wait, fewer when they are large.
    pub fn next(&mut self, limit: usize, request: u64) -> Vec<Outgoing> {
        let (mut outgoing, mut bytes) = (Vec::new(), 0);
        for entry in self.entries.iter_mut().filter(|entry| entry.fate == Fate::Pending) {
            let size = entry.record.body.len();
            if outgoing.len() >= limit.max(1) || (!outgoing.is_empty() && bytes + size > REQUEST_BYTES) {
                break;
            }
            bytes += size;
            entry.fate = Fate::Sent(request);
            outgoing.push(Outgoing { record: entry.record.clone(), form: entry.form });
        }
        self.sent_after.insert(request, self.index.clone());
        self.asked = false;
        outgoing
    }

    /// Nothing is known about a request: its records wait again.
    pub fn lost(&mut self, request: u64) {
        (self.recent, self.asked) = (false, false);
        // What was known when it was sent: others may have heard of a newer index meanwhile.
        let index = self.sent_after.remove(&request).flatten().unwrap_or_default();
        for entry in self.entries.iter_mut().filter(|entry| entry.fate == Fate::Sent(request)) {
            entry.fate = Fate::Pending;
            entry.unsure.get_or_insert_with(|| index.clone());
        }
    }

    /// A request was not taken as a whole, and its records are not to blame.
    pub fn returned(&mut self, request: u64) {
        (self.recent, self.asked) = (false, false);
        self.sent_after.remove(&request);
        for entry in self.entries.iter_mut().filter(|entry| entry.fate == Fate::Sent(request)) {
            entry.fate = Fate::Pending;
        }
    }

    /// A request of one record was refused as a whole. `elsewhere`: how many all lanes have seen taken so far.
    pub fn refused_alone(&mut self, request: u64, status: u16, reason: &str, elsewhere: u64) {
        self.recent = false;
        self.sent_after.remove(&request);
        let evidence = Evidence { same_request: false, small: true, taken: self.taken, elsewhere };
        for entry in self.entries.iter_mut().filter(|entry| entry.fate == Fate::Sent(request)) {
            entry.suspect(status, reason, Blame::Request, evidence);
        }
    }

    /// Reads the results of a request by position; `None` when there is not one for each record. `elsewhere`: how
    /// many all lanes have seen taken so far. Gives how many were taken now.
    pub fn judge(&mut self, request: u64, items: &[Item], elsewhere: u64) -> Option<(Verdict, u64)> {
        let sent: Vec<usize> = (0..self.entries.len())
            .filter(|&position| self.entries[position].fate == Fate::Sent(request))
            .collect();
        if items.len() != sent.len() {
            return None;
        }
        self.sent_after.remove(&request);
        let now = items.iter().filter(|item| blame(item) == Blame::Nobody).count() as u64;
        let small = items.len() < SUSPICIOUS;
        let evidence = Evidence { same_request: now > 0, small, taken: self.taken, elsewhere };
        self.taken += now;
        let mut verdict = Verdict::Fine;
        for (&position, item) in sent.iter().zip(items) {
            verdict = verdict.and(self.entries[position].judge(item, evidence));
        }
        if let Some(item) = items
            .iter()
            .rev()
            .find(|item| item.status == 201 && !item.failure_store && !item.index.is_empty())
        {
            self.index = Some(item.index.clone());
        }
        self.recent = now > 0;
        self.progress |= now > 0;
        Some((verdict, now))
    }

    /// Looks at what was put aside when all others are settled: with a neighbour taken it is tried once more, and
    /// that answer counts. `elsewhere`: as for `judge`. Gives whether anybody waits again.
    pub fn look_again(&mut self, elsewhere: u64) -> bool {
        let progress = std::mem::take(&mut self.progress);
        let single = self.aside() == 1;
        let mut again = false;
        self.asked = false;
        for entry in &mut self.entries {
            let Fate::Aside { status, reason, blame, elsewhere: then } = entry.fate.clone() else { continue };
            if progress {
                entry.fate = Fate::Pending;
                again = true;
                continue;
            }
            entry.rounds += 1;
            let suspect =
                blame == Blame::Record || (single && blame != Blame::Server && entry.rounds >= ROUNDS);
            if suspect && elsewhere > then && !std::mem::replace(&mut entry.tried_again, true) {
                entry.fate = Fate::Pending;
            } else if suspect && elsewhere > then {
                // By its own words the record's fault, or the only one of its stream, and other lanes were taken since.
                entry.escalate(status, &reason);
            }
            again |= !matches!(entry.fate, Fate::Aside { .. });
        }
        again
    }

    /// Whether somebody is put aside whom only a request of its own can clear.
    pub fn must_be_alone(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.fate, Fate::Aside { blame: Blame::Request, .. }))
    }

    /// A window that cannot grow waits for no more witnesses: whoever is still refused beside so many that were
    /// taken is given up. Gives whether there were any.
    pub fn give_up(&mut self) -> bool {
        let there = |entry: &Entry| matches!(entry.fate, Fate::Delivered | Fate::Duplicate);
        if !self.entries.iter().any(there) {
            return false;
        }
        for entry in &mut self.entries {
            if let Fate::Aside { status, reason, .. } = entry.fate.clone() {
                entry.fate = Fate::Dead { status, reason };
            }
        }
        true
    }

    /// Everything that was put aside waits again.
    pub fn release_all(&mut self) {
        self.release(|_| true);
    }

    fn release(&mut self, wanted: impl Fn(Blame) -> bool) {
        self.asked = false;
        for entry in &mut self.entries {
            if let Fate::Aside { blame, .. } = entry.fate
                && wanted(blame)
            {
                entry.fate = Fate::Pending;
            }
        }
    }

    /// The last refusal that was not judged.
    pub fn complaint(&self) -> Option<(u16, String)> {
        self.entries.iter().rev().find_map(|entry| match &entry.fate {
            Fate::Aside { status, reason, .. } => Some((*status, reason.clone())),
            Fate::Pending
            | Fate::Sent(_)
            | Fate::Delivered
            | Fate::Duplicate
            | Fate::FailureStore
            | Fate::Dead { .. } => None,
        })
    }

    /// The books of a settled window.
    pub fn settled(&self) -> Settled {
        let count = |wanted: &Fate| self.entries.iter().filter(|entry| entry.fate == *wanted).count() as u64;
        let duplicates = count(&Fate::Duplicate);
        let dead = self.entries.iter().filter_map(|entry| match &entry.fate {
            Fate::Dead { status, reason } => Some(DeadLetter {
                record: entry.record.clone(),
                status: *status,
                reason: reason.clone(),
                data_stream: String::new(),
            }),
            // A letter stays one, wherever else the engine puts it.
            Fate::FailureStore if self.lane == Lane::Letters => Some(DeadLetter {
                record: entry.record.clone(),
                status: 201,
                reason: "the engine put it into its failure store".to_owned(),
                data_stream: String::new(),
            }),
            Fate::Pending
            | Fate::Sent(_)
            | Fate::Aside { .. }
            | Fate::Delivered
            | Fate::Duplicate
            | Fate::FailureStore => None,
        });
        let there = |entry: &&Entry| matches!(entry.fate, Fate::Delivered | Fate::Duplicate);
        let redeemed = self.entries.iter().filter(there).map(|entry| entry.record.event_id.clone());
        Settled {
            cursor_id: self.end,
            index: self.index.clone(),
            delivered: count(&Fate::Delivered) + duplicates,
            duplicates,
            dead_letters: dead.collect(),
            failure_store: count(&Fate::FailureStore),
            redeemed: if self.lane == Lane::Letters { redeemed.collect() } else { Vec::new() },
            ..Settled::nothing(self.lane, self.from, self.end)
        }
    }
}

impl Verdict {
    /// The graver of the two; of two alike the first.
    fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Hold { .. }, _) | (_, Self::Fine) => self,
            (Self::Retry { .. }, Self::Retry { .. }) => self,
            (Self::Fine | Self::Retry { .. }, _) => other,
        }
    }
}
