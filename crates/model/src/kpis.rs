//! Key figures of the machine itself: life cycles of orders, trailing activations, how fast the venue answers, how long
//! streams lived, and what became of records. Kept minute by minute as things happen; whole numbers only.

mod figures;
mod histogram;
mod watch;

pub use figures::{CallFigures, GapFigures, Kpis, OrderFigures, Share, Speed, kpis};
pub use histogram::Histogram;
pub use watch::Watch;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

/// A minute, in microseconds.
pub const MINUTE: i64 = 60_000_000;
/// Life cycles that one span keeps; what is beyond stands in the counts alone.
pub const LIVES_MOST: usize = 200;

/// What happened in a minute, or in an hour made of minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Span {
    /// When it began.
    pub at: Micros,
    /// How long it is.
    pub length: i64,
    /// Its number among all of its file: one that was kept while it ran is known again.
    pub number: u64,
    /// The decision after the last that is in it, or in one before.
    pub next_seq: u64,
    /// By method and path.
    pub calls: BTreeMap<String, Calls>,
    pub orders: OrderCounts,
    pub trailing: TrailingCounts,
    /// By stream.
    pub links: BTreeMap<String, LinkTime>,
    /// Gaps that ended in it, by instrument.
    pub gaps: BTreeMap<String, GapTime>,
    pub records: RecordCounts,
    /// Orders that ended in it, oldest first.
    pub lives: Vec<OrderLife>,
    /// Orders that had not ended at its end; only those of the last span are of use.
    pub open: Vec<OrderLife>,
}

/// Calls of the venue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Calls {
    /// Microseconds, of every attempt that was answered.
    pub latency: Histogram,
    /// By outcome.
    pub outcomes: BTreeMap<String, u64>,
}

/// Orders by what became of them, and how long it took since the decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderCounts {
    pub submitted: u64,
    pub filled: u64,
    pub canceled: u64,
    pub rejected: u64,
    pub denied: u64,
    pub ambiguous: u64,
    pub never_sent: u64,
    /// Microseconds until the venue had it, and until all of it was filled.
    pub acknowledged: Histogram,
    pub done: Histogram,
}

/// The trailing floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrailingCounts {
    pub armed: u64,
    pub raised: u64,
    /// Exits that it decided.
    pub fired: u64,
}

/// How long a stream was up, of the time that was watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkTime {
    pub up_us: i64,
    pub watched_us: i64,
    pub losses: u64,
}

/// How long an instrument brought no data while it was watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GapTime {
    pub count: u64,
    pub total_ms: i64,
    pub longest_ms: i64,
}

impl GapTime {
    /// Notes a gap that ended.
    pub fn note(&mut self, gap_ms: i64) {
        self.add(&Self { count: 1, total_ms: gap_ms, longest_ms: gap_ms });
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.total_ms += other.total_ms;
        self.longest_ms = self.longest_ms.max(other.longest_ms);
    }
}

/// What became of records of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordCounts {
    pub told: u64,
    pub stored: u64,
    /// Left out by sampling, and declared.
    pub sampled: u64,
    /// Shed for want of room, and declared.
    pub shed: u64,
}

/// An order from its decision to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderLife {
    pub client_order_id: String,
    pub session_id: Option<String>,
    pub correlation_id: String,
    pub symbol: String,
    pub side: String,
    pub purpose: String,
    pub qty: i64,
    pub filled_qty: i64,
    pub submitted_at: Micros,
    /// Milliseconds since it was submitted; `None`: it never happened.
    pub acknowledged_ms: Option<i64>,
    pub first_fill_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    /// `filled`, `canceled`, `rejected`, `denied`, `never_sent`.
    pub end: String,
}

impl Span {
    /// The minute that a moment is in.
    pub fn minute_of(at: Micros) -> Self {
        Self { at: Micros(at.0 - at.0.rem_euclid(MINUTE)), length: MINUTE, ..Self::default() }
    }

    /// Adds what happened in another span, which is not before this one.
    pub fn add(&mut self, other: &Span) {
        self.next_seq = self.next_seq.max(other.next_seq);
        self.number = self.number.max(other.number);
        self.open.clone_from(&other.open);
        for (name, calls) in &other.calls {
            let known = self.calls.entry(name.clone()).or_default();
            known.latency.add(&calls.latency);
            for (outcome, count) in &calls.outcomes {
                *known.outcomes.entry(outcome.clone()).or_default() += count;
            }
        }
        self.orders.add(&other.orders);
        self.trailing.armed += other.trailing.armed;
        self.trailing.raised += other.trailing.raised;
        self.trailing.fired += other.trailing.fired;
        for (name, time) in &other.links {
            let known = self.links.entry(name.clone()).or_default();
            known.up_us += time.up_us;
            known.watched_us += time.watched_us;
            known.losses += time.losses;
        }
        for (symbol, gaps) in &other.gaps {
            self.gaps.entry(symbol.clone()).or_default().add(gaps);
        }
        self.records.told += other.records.told;
        self.records.stored += other.records.stored;
        self.records.sampled += other.records.sampled;
        self.records.shed += other.records.shed;
        self.lives.extend(other.lives.iter().cloned());
        let surplus = self.lives.len().saturating_sub(LIVES_MOST);
        self.lives.drain(..surplus);
    }

    /// Whether nothing happened in it.
    pub fn is_empty(&self) -> bool {
        let Self { at, length, number, next_seq, .. } = *self;
        *self == Self { at, length, number, next_seq, open: self.open.clone(), ..Self::default() }
    }
}

impl OrderCounts {
    fn add(&mut self, other: &Self) {
        self.submitted += other.submitted;
        self.filled += other.filled;
        self.canceled += other.canceled;
        self.rejected += other.rejected;
        self.denied += other.denied;
        self.ambiguous += other.ambiguous;
        self.never_sent += other.never_sent;
        self.acknowledged.add(&other.acknowledged);
        self.done.add(&other.done);
    }
}

impl Calls {
    /// Notes one attempt; without an answer it has no latency.
    pub fn note(&mut self, outcome: &str, latency_us: Option<u64>) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        if let Some(latency_us) = latency_us {
            self.latency.note(latency_us);
        }
    }
}

#[cfg(test)]
mod tests;
