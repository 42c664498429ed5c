//! Removing segments that are not needed any more.

use std::io;

use super::position::{Ordinal, offset};
use super::segment::Segment;
use super::{Log, Manifest};

impl Log {
    /// The oldest segment but the one that is written to.
    #[must_use]
    pub fn oldest_inactive(&self) -> Option<Segment> {
        let active = self.active();
        let last = Ordinal::of(self.end());
        self.segments()
            .into_iter()
            .next()
            .filter(|oldest| Some(oldest.ordinal) != active && oldest.ordinal != last)
    }

    /// The last position that its lines can have.
    #[must_use]
    pub fn end_of(&self, segment: &Segment) -> i64 {
        if Ordinal::of(self.end()) == segment.ordinal {
            return segment.ordinal.at(offset(self.end()));
        }
        segment.ordinal.last()
    }

    /// Removes one, and its day when nothing is left of it; gives how many records it had.
    pub fn remove(&self, segment: &Segment) -> io::Result<u64> {
        let folder = segment.path.parent();
        let name =
            segment.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let said = folder.map(Manifest::read).unwrap_or_default();
        let known = said.segments.iter().find(|sealed| sealed.name == name).map(|sealed| sealed.records);
        let records = known.map_or_else(|| self.count(segment), Ok).unwrap_or_default();
        self.segments_mut().remove(&segment.ordinal);
        match std::fs::remove_file(&segment.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let day = segment.ordinal.day();
        if let Some(folder) = folder.filter(|_| !self.days().contains(&day)) {
            // Whatever else somebody put there stays.
            let _ = std::fs::remove_file(folder.join("manifest.json"));
            let _ = std::fs::remove_dir(folder);
        }
        Ok(records)
    }

    fn count(&self, segment: &Segment) -> io::Result<u64> {
        let (reader, mut records) = (self.open(segment)?, 0);
        for (from, to) in reader.pieces() {
            records += memchr::memchr_iter(b'\n', &reader.lines(from, to)?.bytes).count() as u64;
        }
        Ok(records)
    }
}
