//! What of a group is written on a full disk: the server's own audit records and errors, into the room that the log keeps
//! for them.

use std::ops::Range;
use std::sync::Arc;

use super::Group;
use crate::clock;
use crate::store::StoreError;
use crate::store::log::Head;
use crate::store::telemetry::TelemetryStore;

impl Group {
    /// Where its urgent lines are. Not those of browsers, who send theirs again, nor decisions: the journal has them, and
    /// they are told in its order.
    fn urgent(&self) -> Vec<Range<usize>> {
        let (mut found, mut from) = (Vec::new(), 0);
        for end in memchr::memchr_iter(b'\n', &self.bytes[..self.own]) {
            let line = from..end + 1;
            from = end + 1;
            let head = Head::of(&self.bytes[line.start..end]);
            if head.is_some_and(|head| head.is_urgent() && head.decision_seq.is_none()) {
                found.push(line);
            }
        }
        found
    }

    /// Takes lines out, which lie in the server's own part.
    fn take_out(&mut self, lines: &[Range<usize>]) {
        let (mut left, mut from) = (Vec::with_capacity(self.bytes.len()), 0);
        for line in lines {
            left.extend_from_slice(&self.bytes[from..line.start]);
            from = line.end;
        }
        left.extend_from_slice(&self.bytes[from..]);
        self.own -= lines.iter().map(Range::len).sum::<usize>();
        self.records -= lines.len() as u64;
        self.bytes = Arc::new(left);
    }

    /// Takes in what could not be written of another that holds records of the server only.
    pub fn take_in(&mut self, other: &Self) {
        let (own, batches) = self.bytes.split_at(self.own);
        self.bytes = Arc::new([own, &other.bytes, batches].concat());
        self.own += other.bytes.len();
        self.records += other.records;
        self.urgent |= other.urgent;
    }
}

impl TelemetryStore {
    /// Writes what must not wait of a group that a full disk does not take, as far as there is room, and takes it out of the
    /// group. Gives how many records that were, and whether it was all of them.
    pub async fn append_urgent(&self, group: &mut Group) -> Result<(u64, bool), StoreError> {
        let urgent = group.urgent();
        let lines: Vec<u8> =
            urgent.iter().flat_map(|line| group.bytes[line.clone()].iter().copied()).collect();
        let (log, now) = (self.log.clone(), clock::now());
        let written = tokio::task::spawn_blocking(move || log.append_urgent(&lines, now)).await;
        let mut written = written
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|source| StoreError::Log { what: "append", source })?;
        let fits = |line: &&Range<usize>| {
            let left = written.checked_sub(line.len());
            written = left.unwrap_or(written);
            left.is_some()
        };
        let there = urgent.iter().take_while(fits).count();
        group.take_out(&urgent[..there]);
        if there > 0 {
            self.urgent.notify_one();
        }
        Ok((there as u64, there == urgent.len()))
    }

    /// Bytes that are kept for such records and still free.
    pub async fn room_left(&self) -> u64 {
        let log = self.log.clone();
        tokio::task::spawn_blocking(move || log.room_left()).await.unwrap_or_default()
    }
}
