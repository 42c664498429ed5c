//! Appending: a group of lines with one write, whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use telemetry::Micros;

use super::Log;
use super::position::{Day, Ordinal};
use super::segment::Segment;

/// The one place that writes segments.
pub(super) struct Appender {
    dir: PathBuf,
    segment_bytes: u64,
    active: Option<Active>,
    /// The highest number that was given.
    last: Option<Ordinal>,
    /// Files with bytes that a loss of power would take.
    unsynced: Vec<File>,
}

struct Active {
    ordinal: Ordinal,
    path: PathBuf,
    file: File,
    length: u64,
    /// Written since it was synced.
    dirty: bool,
}

impl Appender {
    /// `length`: of the last segment, when more may be appended to it.
    pub fn new(dir: PathBuf, segment_bytes: u64, last: Option<Ordinal>, length: Option<u64>) -> Self {
        let active = last.zip(length).and_then(|(ordinal, length)| {
            let path = dir.join(ordinal.path());
            let file = File::options().append(true).open(&path).ok()?;
            Some(Active { ordinal, path, file, length, dirty: true })
        });
        Self { dir, segment_bytes, active, last, unsynced: Vec::new() }
    }

    /// Gives the segment that was begun, if one was, and the position at which the next line begins.
    fn append(&mut self, bytes: &[u8], now: Micros) -> io::Result<(Option<Segment>, i64)> {
        let begun = self.roll(bytes.len() as u64, Day::of(now))?;
        let Some(active) = &mut self.active else { return Err(io::Error::other("there is no segment")) };
        if let Err(error) = active.file.write_all(bytes) {
            // Half a group must not stay: it would be cut at the next start, and what follows it with it.
            if active.file.set_len(active.length).is_err() {
                self.retire();
            }
            return Err(error);
        }
        active.length += bytes.len() as u64;
        active.dirty = true;
        Ok((begun, active.ordinal.at(active.length)))
    }

    /// Begins another segment when the present one is full, or of another day, or gone.
    fn roll(&mut self, more: u64, today: Day) -> io::Result<Option<Segment>> {
        if let Some(active) = &self.active {
            let full = active.length > 0 && active.length + more > self.segment_bytes;
            // Under a clock that was set back the day goes on.
            if !full && active.ordinal.day() >= today {
                return Ok(None);
            }
        }
        self.begin(today).map(Some)
    }

    fn begin(&mut self, today: Day) -> io::Result<Segment> {
        let mut ordinal = self.last.map_or(Ordinal::numbered(today, 1), |last| last.next(today));
        loop {
            let path = self.dir.join(ordinal.path());
            let folder = path.parent().unwrap_or(&self.dir);
            std::fs::create_dir_all(folder)?;
            let mut options = File::options();
            options.append(true).create_new(true);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(&path) {
                Ok(file) => {
                    sync_folder(folder);
                    self.retire();
                    self.last = Some(ordinal);
                    self.active = Some(Active { ordinal, path: path.clone(), file, length: 0, dirty: false });
                    return Ok(Segment { ordinal, path, sealed: false });
                }
                // Something that could not be listed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => ordinal = ordinal.next(today),
                Err(error) => return Err(error),
            }
        }
    }

    /// The present segment takes no more.
    fn retire(&mut self) {
        if let Some(active) = self.active.take()
            && active.dirty
        {
            self.unsynced.push(active.file);
        }
    }

    /// Whether what is written still lands where a reader would look for it.
    fn is_there(&self) -> bool {
        let Some(active) = &self.active else { return true };
        let same = |there: &std::fs::Metadata| {
            active.file.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (there.dev(), there.ino()))
        };
        std::fs::metadata(&active.path).is_ok_and(|there| same(&there))
    }
}

impl Log {
    /// Appends whole lines with one write. They are there when this returns, also after the end of the process; a
    /// failure leaves nothing of them.
    pub fn append(&self, bytes: &[u8], now: Micros) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut appender = self.appender()?;
        let (begun, next) = appender.append(bytes, now)?;
        if let Some(segment) = begun {
            self.segments_mut().insert(segment.ordinal, segment);
        }
        // Still under the lock, so that it only grows.
        self.shared.committed.send_replace(next - 1);
        Ok(())
    }

    /// Makes everything that was written outlive a loss of power. Appending goes on meanwhile.
    pub fn sync(&self) -> io::Result<()> {
        let (mut files, gone) = {
            let mut appender = self.appender()?;
            let gone = !appender.is_there();
            if gone {
                // Somebody removed it: what comes next shall not go the same way.
                appender.active = None;
            }
            let mut files = std::mem::take(&mut appender.unsynced);
            if let Some(active) = appender.active.as_mut().filter(|active| active.dirty) {
                files.push(active.file.try_clone()?);
                active.dirty = false;
            }
            (files, gone)
        };
        if gone {
            self.forget_missing();
        }
        while let Some(file) = files.pop() {
            if let Err(error) = file.sync_data() {
                self.appender()?.unsynced.push(file);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whether there is something to sync.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.appender().is_ok_and(|appender| {
            !appender.unsynced.is_empty() || appender.active.as_ref().is_some_and(|active| active.dirty)
        })
    }

    /// No position at or below this one is given any more: cursors may stand there of lines that are gone.
    pub fn raise(&self, position: i64) -> io::Result<()> {
        let mut appender = self.appender()?;
        let ordinal = Ordinal::of(position);
        if appender.last.is_none_or(|last| last < ordinal) {
            appender.retire();
            appender.last = Some(ordinal);
        }
        Ok(())
    }

    /// The segment that is written to.
    #[must_use]
    pub fn active(&self) -> Option<Ordinal> {
        self.appender().ok()?.active.as_ref().map(|active| active.ordinal)
    }

    fn forget_missing(&self) {
        self.segments_mut().retain(|_, segment| segment.path.exists());
    }
}

fn sync_folder(folder: &Path) {
    // A file system that cannot do it keeps its own promises.
    for folder in [Some(folder), folder.parent()].into_iter().flatten() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}
