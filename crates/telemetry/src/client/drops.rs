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

/// The cells that are not zero; at most 54.
#[derive(Default)]
pub(super) struct Drops {
    cells: Vec<DropCell>,
}

impl Drops {
    /// Adds to a cell; adding nothing changes nothing.
    pub(super) fn add(&mut self, drop: DropCell) {
        if drop.count == 0 {
            return;
        }
        match self.cells.iter_mut().find(|cell| cell.level == drop.level && cell.reason == drop.reason) {
            Some(cell) => {
                cell.count += drop.count;
                cell.first_ms = cell.first_ms.min(drop.first_ms);
                cell.last_ms = cell.last_ms.max(drop.last_ms);
            }
            None => self.cells.push(drop),
        }
    }

    /// One call at one moment.
    pub(super) fn one(&mut self, level: Level, reason: DropReason, now_ms: i64) {
        self.add(DropCell { level, reason, count: 1, first_ms: now_ms, last_ms: now_ms });
    }

    /// Takes all cells, to be declared in a batch.
    pub(super) fn take(&mut self) -> Vec<DropCell> {
        std::mem::take(&mut self.cells)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(super) fn total(&self) -> u64 {
        total(&self.cells)
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
