//! Walking through the log: forward from a cursor, piece by piece, and to single lines.

use std::io;
use std::sync::Arc;

use rustix::io::Errno;

use super::Log;
use super::lines::Lines;
use super::position::{Ordinal, offset};
use super::segment::{Reader, Segment};

/// Reads what lies behind a cursor, a piece at a time.
pub struct Forward {
    log: Log,
    /// Everything at or before it was read.
    position: i64,
    open: Option<Arc<Reader>>,
}

impl Forward {
    pub(super) fn new(log: Log, position: i64) -> Self {
        Self { log, position, open: None }
    }

    /// Where it stands: the cursor for whoever goes on later.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// The next lines and their segment, none of them behind `until`; `None` when there are no more. A segment that
    /// cannot be read is an error once, and then passed over, but for errors that pass: then it is read with the next call.
    pub fn next(&mut self, until: i64) -> io::Result<Option<(Ordinal, Lines)>> {
        while self.position < until {
            let Some(reader) = self.reader()? else { return Ok(None) };
            let ordinal = reader.ordinal;
            let from = if ordinal.start() > self.position { 0 } else { offset(self.position) + 1 };
            let to = if Ordinal::of(until) == ordinal { offset(until) + 1 } else { u64::MAX };
            let lines = match reader.lines(from, to) {
                Ok(lines) => lines,
                Err(error) => return Err(self.refused(ordinal, error)),
            };
            if !lines.bytes.is_empty() {
                self.position = ordinal.at(lines.end()) - 1;
                return Ok(Some((ordinal, lines)));
            }
            let next = lines.end().min(reader.length());
            if next > from && next < reader.length().min(to) {
                self.position = ordinal.at(next) - 1;
                continue;
            }
            if Ordinal::of(until) <= ordinal || !self.has_more(ordinal) {
                return Ok(None);
            }
            self.pass(ordinal);
        }
        Ok(None)
    }

    fn refused(&mut self, ordinal: Ordinal, error: io::Error) -> io::Error {
        if !is_passing(&error) {
            self.pass(ordinal);
        }
        error
    }

    fn pass(&mut self, ordinal: Ordinal) {
        self.open = None;
        self.position = self.position.max(ordinal.last());
    }

    fn has_more(&self, ordinal: Ordinal) -> bool {
        self.log.segments().last().is_some_and(|segment| segment.ordinal > ordinal)
    }

    /// The segment that the next byte lies in, or the first one behind it.
    fn reader(&mut self) -> io::Result<Option<Arc<Reader>>> {
        let wanted = Ordinal::of(self.position + 1);
        let committed = self.log.end();
        // The last one grows: it is opened again for what came since.
        let stale = |reader: &Arc<Reader>| reader.ordinal != wanted || Ordinal::of(committed) == wanted;
        if self.open.as_ref().is_none_or(stale) {
            let segments = self.log.segments();
            let Some(segment) = segments.into_iter().find(|segment| segment.ordinal >= wanted) else {
                return Ok(None);
            };
            match self.log.open(&segment) {
                Ok(reader) => self.open = Some(Arc::new(reader)),
                Err(error) => return Err(self.refused(segment.ordinal, error)),
            }
        }
        Ok(self.open.clone())
    }
}

/// Whether it says nothing about the file: the process or the machine lacks something just now.
#[must_use]
pub fn is_passing(error: &io::Error) -> bool {
    let passing = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN, Errno::INTR];
    error.raw_os_error().is_some_and(|code| passing.iter().any(|errno| errno.raw_os_error() == code))
}

/// How many bytes of lines lie between two positions.
pub(super) fn bytes_between(log: &Log, after: i64, until: i64) -> u64 {
    let (first, last) = (Ordinal::of(after), Ordinal::of(until));
    let between = |segment: &Segment| {
        let length = log.open(segment).map_or(0, |reader| reader.length());
        let from = if segment.ordinal == first { offset(after) + 1 } else { 0 };
        let to = if segment.ordinal == last { offset(until) + 1 } else { length };
        to.min(length).saturating_sub(from)
    };
    let segments = log.segments();
    segments.iter().filter(|segment| (first..=last).contains(&segment.ordinal)).map(between).sum()
}

/// Grouped by segment, so that each is opened once.
pub(super) fn lines_at(log: &Log, positions: &[i64]) -> Vec<Option<Vec<u8>>> {
    let segments = log.segments();
    let find = |ordinal: Ordinal| -> Option<&Segment> {
        segments.binary_search_by_key(&ordinal, |segment| segment.ordinal).ok().map(|at| &segments[at])
    };
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_unstable_by_key(|&n| positions[n]);
    let mut lines: Vec<Option<Vec<u8>>> = vec![None; positions.len()];
    let mut open: Option<Reader> = None;
    for n in order {
        let ordinal = Ordinal::of(positions[n]);
        if open.as_ref().is_none_or(|reader| reader.ordinal != ordinal) {
            open = find(ordinal).and_then(|segment| log.open(segment).ok());
        }
        lines[n] = open.as_ref().and_then(|reader| reader.line(offset(positions[n])).ok());
    }
    lines
}
