//! The records of the run as they go to stdout, kept in memory.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    records: Vec<Value>,
    /// The beginning of a line whose end is still to come.
    open: Vec<u8>,
}

impl Lines {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn records(&self) -> Vec<Value> {
        self.kept().records.clone()
    }

    /// Whether a record was told of which that holds.
    pub fn any(&self, holds: impl FnMut(&Value) -> bool) -> bool {
        self.kept().records.iter().any(holds)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.kept();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            kept.open.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut kept.open);
                kept.records.extend(serde_json::from_slice::<Value>(&line));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
