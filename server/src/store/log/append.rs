//! Appending: a group of lines with one write, whole or not at all; on a full disk what is urgent, into the room that is
//! kept for it.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use telemetry::Micros;

use super::Log;
use super::position::{Day, Ordinal};
use super::room::Room;
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
    room: Room,
    /// A segment that was begun and is in nobody's list yet.
    begun: Option<Segment>,
}

struct Active {
    ordinal: Ordinal,
    path: PathBuf,
    file: File,
    length: u64,
    /// Up to here there is room in it, whoever fills the disk.
    until: u64,
    /// Written since it was synced.
    dirty: bool,
}

impl Active {
    /// Writes all or nothing, and gives the position at which the next line begins.
    fn write(&mut self, bytes: &[u8]) -> Result<i64, Unwritten> {
        if let Err(error) = self.file.write_all(bytes) {
            // Half a group must not stay: it would be cut at the next start, and what follows it with it.
            let cut = self.file.set_len(self.length);
            self.until = self.length;
            return Err(Unwritten { error, is_cut: cut.is_ok() });
        }
        self.length += bytes.len() as u64;
        self.dirty = true;
        Ok(self.ordinal.at(self.length))
    }
}

struct Unwritten {
    error: io::Error,
    is_cut: bool,
}

impl Appender {
    /// `length`: of the last segment, when more may be appended to it.
    pub fn new(dir: PathBuf, segment_bytes: u64, last: Option<(Ordinal, Option<u64>)>, room: Room) -> Self {
        let active = last.and_then(|(ordinal, length)| {
            let (path, length) = (dir.join(ordinal.path()), length?);
            let file = File::options().append(true).open(&path).ok()?;
            Some(Active { ordinal, path, file, length, until: length, dirty: true })
        });
        let last = last.map(|(ordinal, _)| ordinal);
        Self { dir, segment_bytes, active, last, unsynced: Vec::new(), room, begun: None }
    }

    /// Gives the position at which the next line begins.
    fn append(&mut self, bytes: &[u8], now: Micros) -> io::Result<i64> {
        self.roll(bytes.len() as u64, Day::of(now))?;
        let Some(active) = &mut self.active else { return Err(io::Error::other("there is no segment")) };
        self.room.ensure(&active.file, active.length, bytes.len() as u64, &mut active.until)?;
        self.write(bytes)
    }

    /// The same for what is urgent, on a full disk: as many of the lines as there is room for. Gives how many bytes that
    /// are, and the position at which the next line begins. No other segment is begun while there is one.
    fn append_urgent(&mut self, lines: &[u8], now: Micros) -> io::Result<(usize, i64)> {
        let Some(active) = &mut self.active else {
            self.begin(Day::of(now), None)?;
            return Ok((lines.len(), self.write(lines)?));
        };
        let left =
            usize::try_from(self.room.left(&active.file, active.length, &mut active.until)).unwrap_or(0);
        let fitting = match left {
            // Where no room can be kept, writing shows whether there is some.
            0 => lines,
            left if left >= lines.len() => lines,
            left => &lines[..memchr::memrchr(b'\n', &lines[..left]).map_or(0, |end| end + 1)],
        };
        if fitting.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok((fitting.len(), self.write(fitting)?))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<i64> {
        let Some(active) = &mut self.active else { return Err(io::Error::other("there is no segment")) };
        active.write(bytes).map_err(|Unwritten { error, is_cut }| {
            if !is_cut {
                self.retire();
            }
            error
        })
    }

    /// Whether there is room again for what is not urgent.
    fn has_room(&mut self) -> io::Result<()> {
        let Some(active) = &mut self.active else { return Ok(()) };
        self.room.ensure(&active.file, active.length, 0, &mut active.until)
    }

    /// Begins another segment when the present one is full, or of another day, or gone.
    fn roll(&mut self, more: u64, today: Day) -> io::Result<()> {
        if let Some(active) = &self.active {
            let full = active.length > 0 && active.length + more > self.segment_bytes;
            // Under a clock that was set back the day goes on.
            if !full && active.ordinal.day() >= today {
                return Ok(());
            }
        }
        self.begin(today, Some(more))
    }

    /// `more`: so much is to be written that is not urgent; without room for it the segment before stays, with what is kept
    /// in it.
    fn begin(&mut self, today: Day, more: Option<u64>) -> io::Result<()> {
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
                    let mut until = 0;
                    if let Some(more) = more
                        && let Err(error) = self.room.ensure(&file, 0, more, &mut until)
                    {
                        let _ = std::fs::remove_file(&path);
                        return Err(error);
                    }
                    sync_folder(folder);
                    self.retire();
                    self.last = Some(ordinal);
                    self.begun = Some(Segment { ordinal, path: path.clone(), sealed: false });
                    self.active = Some(Active { ordinal, path, file, length: 0, until, dirty: false });
                    return Ok(());
                }
                // Something that could not be listed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => ordinal = ordinal.next(today),
                Err(error) => return Err(error),
            }
        }
    }

    /// The present segment takes no more, and needs no room.
    fn retire(&mut self) {
        let Some(active) = self.active.take() else { return };
        // An earlier process may have kept some too. Were it shorter than we know, that would make it longer.
        if active.file.metadata().is_ok_and(|there| there.len() == active.length) {
            let _ = active.file.set_len(active.length);
        }
        if active.dirty {
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
    /// failure leaves nothing of them. Without lines it says whether there is room for some.
    pub fn append(&self, bytes: &[u8], now: Micros) -> io::Result<()> {
        let mut appender = self.appender()?;
        if bytes.is_empty() {
            return appender.has_room();
        }
        let next = appender.append(bytes, now);
        self.appended(&mut appender, next)
    }

    /// Appends lines that must not wait, on a disk without room for others: as many as fit into what is kept for them.
    /// Gives how many bytes of them are there now.
    pub fn append_urgent(&self, lines: &[u8], now: Micros) -> io::Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        let mut appender = self.appender()?;
        let (written, next) = match appender.append_urgent(lines, now) {
            Ok((written, next)) => (written, Ok(next)),
            Err(error) => (0, Err(error)),
        };
        self.appended(&mut appender, next)?;
        Ok(written)
    }

    /// Bytes that audit records and errors can still be written into while the disk is full.
    #[must_use]
    pub fn room_left(&self) -> u64 {
        let Ok(mut appender) = self.appender() else { return 0 };
        let Appender { active, room, .. } = &mut *appender;
        active.as_mut().map_or(0, |active| room.left(&active.file, active.length, &mut active.until))
    }

    fn appended(&self, appender: &mut Appender, next: io::Result<i64>) -> io::Result<()> {
        // Also when nothing could be written into it yet.
        if let Some(segment) = appender.begun.take() {
            self.segments_mut().insert(segment.ordinal, segment);
        }
        // Still under the lock, so that it only grows.
        self.shared.committed.send_replace(next? - 1);
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
