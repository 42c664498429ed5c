//! Calls that were not told, by level and reason: nothing is lost without being counted here.

use super::json::push_numbers;
use crate::{DropReason, Level};

/// Calls of one level lost for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DropCell {
    pub level: Level,
    pub reason: DropReason,
    pub count: u64,
    pub first_ms: i64,
    pub last_ms: i64,
}

/// How many, from when to when.
#[derive(Clone, Copy, Default)]
struct Count {
    count: u64,
    first_ms: i64,
    last_ms: i64,
}

const REASONS: usize = DropReason::ALL.len();

/// One count for each level and reason, so that counting a loss takes no memory.
pub(super) struct Drops {
    counts: [Count; Level::ALL.len() * REASONS],
    total: u64,
}

impl Drops {
    pub(super) fn new() -> Self {
        Self { counts: [Count::default(); Level::ALL.len() * REASONS], total: 0 }
    }

    /// Adds to a count; adding nothing changes nothing.
    pub(super) fn add(&mut self, drop: DropCell) {
        if drop.count == 0 {
            return;
        }
        self.total += drop.count;
        let known = &mut self.counts[place(drop.level, drop.reason)];
        if known.count == 0 {
            *known = Count { count: 0, first_ms: drop.first_ms, last_ms: drop.last_ms };
        }
        known.count += drop.count;
        known.first_ms = known.first_ms.min(drop.first_ms);
        known.last_ms = known.last_ms.max(drop.last_ms);
    }

    /// One call at one moment.
    pub(super) fn one(&mut self, level: Level, reason: DropReason, now_ms: i64) {
        self.add(DropCell { level, reason, count: 1, first_ms: now_ms, last_ms: now_ms });
    }

    /// Takes what is not zero, to be declared in a batch.
    pub(super) fn take(&mut self) -> Vec<DropCell> {
        let mut told = Vec::new();
        if self.total > 0 {
            for level in Level::ALL {
                for reason in DropReason::ALL {
                    let Count { count, first_ms, last_ms } = self.counts[place(level, reason)];
                    if count > 0 {
                        told.push(DropCell { level, reason, count, first_ms, last_ms });
                    }
                }
            }
        }
        *self = Self::new();
        told
    }

    /// All counts, level by level.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().map(|known| known.count)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }
}

fn place(level: Level, reason: DropReason) -> usize {
    level as usize * REASONS + reason as usize
}

pub(super) fn total(cells: &[DropCell]) -> u64 {
    cells.iter().map(|cell| cell.count).sum()
}

/// `[{"l":9,"why":"rate","c":120,"f":-9000,"t":-10}]`, times relative to `t0_ms`.
pub(super) fn push_cells(out: &mut Vec<u8>, cells: &[DropCell], t0_ms: i64) {
    out.push(b'[');
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        push_numbers(out, &[("{\"l\":", i64::from(cell.level.severity()))]);
        out.extend_from_slice(b",\"why\":\"");
        out.extend_from_slice(cell.reason.as_str().as_bytes());
        let count = i64::try_from(cell.count).unwrap_or(i64::MAX);
        push_numbers(out, &[("\",\"c\":", count), (",\"f\":", cell.first_ms - t0_ms)]);
        push_numbers(out, &[(",\"t\":", cell.last_ms - t0_ms)]);
        out.push(b'}');
    }
    out.push(b']');
}
