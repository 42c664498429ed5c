//! The queue between callers and the writer: numbers are given inside its lock, and when it is full the lowest
//! level is shed first. Audit records and errors have a reserved share and go last.

use std::collections::VecDeque;
use std::sync::Arc;

use telemetry::{Context, Event, Level, LogRecord, Micros, Source};
use tokio::sync::oneshot;

use super::{BatchOutcome, Refused};
use crate::store::telemetry::TabEntry;

/// Lanes below this index may be shed for a higher one: trace, debug, info, warn. The last lane holds errors,
/// fatal and audit records.
const LANES: usize = 5;
const PROTECTED: usize = LANES - 1;

/// What waits for the writer. Building the record from an event is left to the writer, to keep callers cheap.
pub(super) enum Item {
    Record(Box<LogRecord>),
    Event { event: Box<dyn Event + Send>, context: Arc<Context>, at: Micros },
    Batch(Batch),
    Journal(Journal),
}

/// Browser records that are stored together with the id of their batch, or not at all.
pub(super) struct Batch {
    pub records: Vec<LogRecord>,
    pub bid: String,
    pub tab: Option<TabEntry>,
    pub reply: oneshot::Sender<BatchOutcome>,
}

/// Records of the trading journal, which are stored together with how far it has been told.
pub(super) struct Journal {
    pub records: Vec<LogRecord>,
    pub next_seq: u64,
    pub reply: oneshot::Sender<()>,
}

/// An item with the (first) number it was given.
pub(super) struct Numbered {
    pub seq: u64,
    pub item: Item,
}

impl Numbered {
    /// How many numbers it has.
    pub fn count(&self) -> u64 {
        match &self.item {
            Item::Record(_) | Item::Event { .. } => 1,
            Item::Batch(batch) => batch.records.len() as u64,
            Item::Journal(journal) => journal.records.len() as u64,
        }
    }
}

/// Losses by level since they were last declared; `protected` are errors, fatal and audit records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shed {
    pub lanes: [u64; LANES],
}

impl Shed {
    pub fn total(&self) -> u64 {
        self.lanes.iter().sum()
    }

    /// Words for the payload, in the order of the lanes.
    pub const WORDS: [&'static str; LANES] = ["trace", "debug", "info", "warn", "protected"];
}

/// Pure state of the queue; the lock around it lives in `Teller`.
pub(super) struct Queue {
    next_seq: u64,
    lanes: [VecDeque<Numbered>; LANES],
    batches: VecDeque<Numbered>,
    waiting: usize,
    batch_records: usize,
    capacity: usize,
    shed: Shed,
    pub closed: bool,
}

impl Queue {
    /// A queue for at most `capacity` records, an eighth of it reserved for the protected lane; browser batches
    /// have the same room beside it.
    pub fn new(capacity: usize) -> Self {
        Self {
            next_seq: 1,
            lanes: Default::default(),
            batches: VecDeque::new(),
            waiting: 0,
            batch_records: 0,
            capacity,
            shed: Shed::default(),
            closed: false,
        }
    }

    /// Takes a number for the item and keeps it, or sheds it or a lower one. Always counted.
    pub fn push(&mut self, level: Level, source: Source, item: Item) {
        let lane = lane_of(level, source);
        let seq = self.take_number();
        let room = if lane == PROTECTED { self.capacity } else { self.capacity - self.capacity / 8 };
        if self.waiting >= room && !self.evict_below(lane) {
            self.shed.lanes[lane] += 1;
            return;
        }
        self.waiting += 1;
        self.lanes[lane].push_back(Numbered { seq, item });
    }

    /// Takes numbers for all records of a batch; refused when there is no room for all of them.
    pub fn push_batch(&mut self, batch: Batch) -> Result<(), Refused> {
        let records = batch.records.len();
        if self.closed || (self.batch_records > 0 && self.batch_records + records > self.capacity) {
            return Err(Refused);
        }
        let seq = self.next_seq;
        self.next_seq += records as u64;
        self.batch_records += records;
        self.batches.push_back(Numbered { seq, item: Item::Batch(batch) });
        Ok(())
    }

    /// Takes numbers for records of the journal. Its teller waits for the reply, so that at most one waits here.
    pub fn push_journal(&mut self, journal: Journal) -> Result<(), Journal> {
        if self.closed {
            return Err(journal);
        }
        let (seq, records) = (self.next_seq, journal.records.len());
        self.next_seq += records as u64;
        self.batch_records += records;
        self.batches.push_back(Numbered { seq, item: Item::Journal(journal) });
        Ok(())
    }

    /// The next number, for records that the writer itself makes.
    pub fn take_number(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// Everything that waits, in order of number.
    pub fn drain(&mut self) -> Vec<Numbered> {
        let mut items: Vec<Numbered> = self.batches.drain(..).collect();
        for lane in &mut self.lanes {
            items.extend(lane.drain(..));
        }
        items.sort_unstable_by_key(|item| item.seq);
        self.waiting = 0;
        self.batch_records = 0;
        items
    }

    /// Errors, fatal and audit records that wait, in order of number.
    pub fn drain_protected(&mut self) -> Vec<Numbered> {
        let items: Vec<Numbered> = self.lanes[PROTECTED].drain(..).collect();
        self.waiting -= items.len();
        items
    }

    /// Losses not yet declared; they count as declared from now on.
    pub fn take_shed(&mut self) -> Shed {
        std::mem::take(&mut self.shed)
    }

    /// How full the room for browser batches is, 0 to 1.
    pub fn batch_share(&self) -> f64 {
        self.batch_records as f64 / self.capacity.max(1) as f64
    }

    /// Records and batches that wait.
    pub fn len(&self) -> usize {
        self.waiting + self.batch_records
    }

    fn evict_below(&mut self, lane: usize) -> bool {
        let lowest = (0..lane).find(|&lower| !self.lanes[lower].is_empty());
        match lowest {
            Some(lower) => {
                self.lanes[lower].pop_front();
                self.shed.lanes[lower] += 1;
                self.waiting -= 1;
                true
            }
            None => false,
        }
    }
}

fn lane_of(level: Level, source: Source) -> usize {
    match (source, level) {
        (Source::Audit, _) | (_, Level::Error | Level::Fatal) => PROTECTED,
        (_, Level::Trace) => 0,
        (_, Level::Debug) => 1,
        (_, Level::Info) => 2,
        (_, Level::Warn) => 3,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> Item {
        Item::Record(Box::default())
    }

    /// Law: numbers given = numbers drained + numbers shed. Catches a loss that is not counted.
    #[test]
    fn every_number_is_drained_or_counted() {
        proptest!(|(pushes in proptest::collection::vec((0_usize..6, any::<bool>(), 0_u8..20), 0..400))| {
            let mut queue = Queue::new(32);
            let (mut given, mut drained, mut shed) = (0, 0, 0);
            for (level, audit, drain) in pushes {
                let source = if audit { Source::Audit } else { Source::Backend };
                queue.push(Level::ALL[level], source, record());
                given += 1;
                if drain == 0 {
                    drained += queue.drain().len() as u64;
                    shed += queue.take_shed().total();
                }
            }
            drained += queue.drain().len() as u64;
            shed += queue.take_shed().total();
            prop_assert_eq!(given, drained + shed);
            prop_assert_eq!(queue.take_number(), given + 1);
        });
    }

    #[test]
    fn the_lowest_level_goes_first_and_errors_keep_their_share() {
        let mut queue = Queue::new(16);
        for _ in 0..20 {
            queue.push(Level::Info, Source::Backend, record());
        }
        assert_eq!(queue.len(), 14, "an eighth is reserved");
        queue.push(Level::Warn, Source::Backend, record());
        for _ in 0..2 {
            queue.push(Level::Error, Source::Backend, record());
        }
        assert_eq!(
            queue.take_shed().lanes,
            [0, 0, 7, 0, 0],
            "six too many, one for the warning, none for errors"
        );
        for _ in 0..20 {
            queue.push(Level::Info, Source::Audit, record());
        }
        let kept = queue.drain();
        assert_eq!(kept.len(), 16);
        assert!(kept.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        assert_eq!(queue.take_shed().lanes, [0, 0, 13, 1, 6]);
    }
}
