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

/// One cell for each level and reason, so that counting a loss takes no memory.
pub(super) struct Drops {
    cells: [[DropCell; DropReason::ALL.len()]; Level::ALL.len()],
    total: u64,
}

impl Drops {
    pub(super) fn new() -> Self {
        let cells = Level::ALL.map(|level| {
            DropReason::ALL.map(|reason| DropCell { level, reason, count: 0, first_ms: 0, last_ms: 0 })
        });
        Self { cells, total: 0 }
    }

    /// Adds to a cell; adding nothing changes nothing.
    pub(super) fn add(&mut self, drop: DropCell) {
        if drop.count == 0 {
            return;
        }
        self.total += drop.count;
        let cell = &mut self.cells[drop.level as usize][drop.reason as usize];
        if cell.count == 0 {
            *cell = drop;
            return;
        }
        cell.count += drop.count;
        cell.first_ms = cell.first_ms.min(drop.first_ms);
        cell.last_ms = cell.last_ms.max(drop.last_ms);
    }

    /// One call at one moment.
    pub(super) fn one(&mut self, level: Level, reason: DropReason, now_ms: i64) {
        self.add(DropCell { level, reason, count: 1, first_ms: now_ms, last_ms: now_ms });
    }

    pub(super) fn count(&self, level: Level, reason: DropReason) -> u64 {
        self.cells[level as usize][reason as usize].count
    }

    /// Takes the cells that are not zero, to be declared in a batch.
    pub(super) fn take(&mut self) -> Vec<DropCell> {
        self.total = 0;
        let told = self.cells().filter(|cell| cell.count > 0).collect();
        self.cells.as_flattened_mut().iter_mut().for_each(|cell| cell.count = 0);
        told
    }

    /// All cells.
    pub(super) fn cells(&self) -> impl Iterator<Item = DropCell> {
        self.cells.as_flattened().iter().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }
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
