//! The log as files: lines are appended to segments, `log/2026-11-26/000001.ndjson` in the data directory, and that is
//! all that is written. Whoever reads has a cursor of its own; no reader can delay the writer.

mod append;
mod forget;
mod frames;
mod head;
mod lines;
mod manifest;
mod position;
mod recover;
mod room;
mod seal;
mod segment;
mod taken;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;

pub use head::{Head, kind, whole};
pub use lines::{Lines, Tail, tail};
pub use manifest::{Manifest, SealedSegment};
pub use position::{Day, Ordinal, offset};
pub use segment::{PIECE, Reader, Segment};
pub use taken::Taken;
pub use walk::{Forward, is_passing};

use append::Appender;
use room::Room;

/// A segment ends with this many bytes.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// The folder in the data directory.
pub const FOLDER: &str = "log";

/// Handle to the segments; cheap to clone. What it does waits for the disk: not on threads that others wait for.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    dir: PathBuf,
    segments: RwLock<BTreeMap<Ordinal, Segment>>,
    /// Up to here lines are acknowledged: a position within the last one.
    committed: watch::Sender<i64>,
    /// `None`: it is somebody else's, and only read.
    appender: Option<Mutex<Appender>>,
}

/// What was found when the folder was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Bytes at the end that nobody had been told are there.
    pub cut: u64,
    /// What lay where the folder should be, and is kept under this name.
    pub set_aside: Option<String>,
    /// Why it cannot be written at present.
    pub failure: Option<String>,
}

impl Log {
    /// Opens the log of a data directory that is ours: what a killed process left unfinished is cut off. Never fails:
    /// what cannot be done now is tried again with the first lines.
    #[must_use]
    pub fn own(data: &Path, segment_bytes: u64) -> (Self, Found) {
        let dir = data.join(FOLDER);
        let mut found = recover::folder(&dir);
        let segments = list(&dir).unwrap_or_default();
        let last = segments.values().next_back();
        let last = last.map(|segment| (segment.ordinal, recover::cut(segment, &mut found)));
        let appender = Appender::new(dir.clone(), segment_bytes, last, Room::on(&dir));
        let log = Self::assemble(dir, segments, Some(appender));
        (log, found)
    }

    /// Opens the log of a data directory that a server may be running on, to read it.
    #[must_use]
    pub fn guest(data: &Path) -> Self {
        let log = Self::assemble(data.join(FOLDER), BTreeMap::new(), None);
        log.look();
        log
    }

    fn assemble(dir: PathBuf, segments: BTreeMap<Ordinal, Segment>, appender: Option<Appender>) -> Self {
        let committed = watch::Sender::new(end_of(&segments) - 1);
        let appender = appender.map(Mutex::new);
        Self { shared: Arc::new(Shared { dir, segments: RwLock::new(segments), committed, appender }) }
    }

    /// A guest looks again at what is there.
    pub fn look(&self) {
        if self.shared.appender.is_some() {
            return;
        }
        let segments = list(&self.shared.dir).unwrap_or_default();
        self.shared.committed.send_replace(end_of(&segments) - 1);
        *self.segments_mut() = segments;
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// Changes whenever lines were written: all of them lie at or before the value.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.shared.committed.subscribe()
    }

    /// The value of `committed`.
    #[must_use]
    pub fn end(&self) -> i64 {
        *self.shared.committed.borrow()
    }

    /// The segments that there are, oldest first.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        self.shared.segments.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Opens one for reading, up to what is acknowledged.
    pub fn open(&self, segment: &Segment) -> io::Result<Reader> {
        let committed = self.end();
        let last = Ordinal::of(committed) == segment.ordinal && self.shared.appender.is_some();
        // A segment behind the end holds nothing that was acknowledged.
        let nothing = Ordinal::of(committed) < segment.ordinal;
        let end = if nothing { Some(0) } else { last.then(|| offset(committed) + 1) };
        match segment.open(end) {
            // It was sealed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !segment.sealed => {
                Segment { path: sealed_path(&segment.path), sealed: true, ..segment.clone() }.open(end)
            }
            opened => opened,
        }
    }

    /// The days of the segments, oldest first.
    #[must_use]
    pub fn days(&self) -> Vec<Day> {
        let segments = self.shared.segments.read().unwrap_or_else(PoisonError::into_inner);
        let mut days: Vec<Day> = segments.keys().map(|ordinal| ordinal.day()).collect();
        days.dedup();
        days
    }

    /// Lines that begin behind `position`, in order of commit.
    #[must_use]
    pub fn after(&self, position: i64) -> Forward {
        Forward::new(self.clone(), position)
    }

    /// Lines by their positions, in the order asked for. `None`: it is not there any more.
    #[must_use]
    pub fn lines_at(&self, positions: &[i64]) -> Vec<Option<Vec<u8>>> {
        walk::lines_at(self, positions)
    }

    /// How far a reader lags that stands at `position`, in bytes of lines.
    #[must_use]
    pub fn lag(&self, position: i64) -> u64 {
        walk::bytes_between(self, position, self.end())
    }

    /// Bytes on disk, the present segment included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = |segment: &Segment| std::fs::metadata(&segment.path).map_or(0, |file| file.len());
        self.segments().iter().map(size).sum()
    }

    /// Lines up to here are there that were not appended by us.
    fn found(&self, position: i64) {
        self.shared.committed.send_if_modified(|committed| {
            let more = position > *committed;
            *committed = position.max(*committed);
            more
        });
    }

    fn segments_mut(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<Ordinal, Segment>> {
        self.shared.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn appender(&self) -> io::Result<MutexGuard<'_, Appender>> {
        let appender = self.shared.appender.as_ref();
        let appender = appender.ok_or_else(|| io::Error::other("the log is open for reading only"))?;
        Ok(appender.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What lies in the folder, by number. Of a segment that is there twice, the sealed one is whole.
fn list(dir: &Path) -> io::Result<BTreeMap<Ordinal, Segment>> {
    let mut segments = BTreeMap::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Some(day) = entry.file_name().to_str().and_then(Day::parse) else { continue };
        // A day that cannot be read keeps nobody from the others.
        let Ok(files) = std::fs::read_dir(entry.path()) else { continue };
        for file in files.flatten() {
            let name = file.file_name();
            let Some((ordinal, sealed)) = name.to_str().and_then(|name| Ordinal::parse(day, name)) else {
                continue;
            };
            let segment = Segment { ordinal, path: file.path(), sealed };
            let known = segments.entry(ordinal).or_insert_with(|| segment.clone());
            if sealed {
                *known = segment;
            }
        }
    }
    Ok(segments)
}

fn sealed_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".zst");
    name.into()
}

/// The position at which the next line would begin.
fn end_of(segments: &BTreeMap<Ordinal, Segment>) -> i64 {
    let Some(last) = segments.values().next_back() else { return 1 };
    let length = last.open(None).map_or(0, |reader| reader.length());
    last.ordinal.at(length)
}
