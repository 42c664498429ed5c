//! One segment, read: plain or sealed, in pieces of whole lines.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::frames::{self, Frame};
use super::lines::Lines;
use super::position::Ordinal;

/// Bytes of a piece.
pub const PIECE: u64 = 1 << 20;
/// How far the end of a line is looked for at once.
const STRETCH: usize = 64 << 10;

/// A file of the log's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub ordinal: Ordinal,
    pub path: PathBuf,
    pub sealed: bool,
}

/// A segment that is open for reading.
pub struct Reader {
    pub ordinal: Ordinal,
    file: File,
    length: u64,
    frames: Option<Vec<Frame>>,
    /// The frame that was unpacked last: neighbours are often asked for one after the other.
    last: Mutex<Option<Arc<Lines>>>,
}

impl Segment {
    /// Opens it. `end`: nothing at or behind this byte is looked at; it may still be undone.
    pub fn open(&self, end: Option<u64>) -> io::Result<Reader> {
        let mut file = File::open(&self.path)?;
        let frames = if self.sealed { Some(frames::table(&mut file)?) } else { None };
        let whole = match &frames {
            Some(frames) => frames.last().map_or(0, |frame| frame.start + frame.length),
            None => file.metadata()?.len(),
        };
        let length = end.map_or(whole, |end| end.min(whole));
        Ok(Reader { ordinal: self.ordinal, file, length, frames, last: Mutex::default() })
    }
}

impl Reader {
    /// Bytes of it that count, before compression.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The ranges in which it is best read.
    #[must_use]
    pub fn pieces(&self) -> Vec<(u64, u64)> {
        match &self.frames {
            Some(frames) => frames.iter().map(|frame| (frame.start, frame.start + frame.length)).collect(),
            None => (0..self.length.div_ceil(PIECE))
                .map(|n| (n * PIECE, ((n + 1) * PIECE).min(self.length)))
                .collect(),
        }
    }

    /// Whole lines that begin at `from` or behind it, about a piece, and before `until`. Empty at the end.
    pub fn lines(&self, from: u64, until: u64) -> io::Result<Lines> {
        let until = until.min(self.length);
        if from >= until {
            return Ok(Lines { start: from, bytes: Vec::new() });
        }
        match &self.frames {
            Some(frames) => self.unpacked(frames, from, until),
            None => self.plain(from, until.min(from + PIECE)),
        }
    }

    /// The line that begins at this byte.
    pub fn line(&self, at: u64) -> io::Result<Vec<u8>> {
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "no line begins there");
        let lines = match &self.frames {
            Some(frames) => self.unpacked(frames, at, at + 1)?,
            None => self.plain(at, (at + 1).min(self.length))?,
        };
        let (begins, line) = lines.iter().next().ok_or_else(missing)?;
        if begins == at { Ok(line.to_vec()) } else { Err(missing()) }
    }

    fn plain(&self, from: u64, until: u64) -> io::Result<Lines> {
        // Whether a line begins at `from` is said by the byte before it.
        let before = from.saturating_sub(1);
        let mut bytes = self.read(before, until)?;
        let mut start = from;
        if from > 0 {
            let Some(end) = memchr::memchr(b'\n', &bytes) else {
                return Ok(Lines { start: until, bytes: Vec::new() });
            };
            start = before + end as u64 + 1;
            bytes.drain(..=end);
        }
        if start >= until {
            return Ok(Lines { start: until, bytes: Vec::new() });
        }
        let mut at = until;
        while bytes.last() != Some(&b'\n') && at < self.length {
            let more = self.read(at, (at + STRETCH as u64).min(self.length))?;
            at += more.len() as u64;
            match memchr::memchr(b'\n', &more) {
                Some(end) => bytes.extend_from_slice(&more[..=end]),
                None if more.is_empty() => break,
                None => bytes.extend_from_slice(&more),
            }
        }
        // A line without an end is not one yet.
        bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
        Ok(Lines { start, bytes })
    }

    fn read(&self, from: u64, until: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(until.saturating_sub(from)).map_err(io::Error::other)?];
        let mut done = 0;
        while done < bytes.len() {
            match self.file.read_at(&mut bytes[done..], from + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(done);
        Ok(bytes)
    }

    fn unpacked(&self, frames: &[Frame], from: u64, until: u64) -> io::Result<Lines> {
        let within = frames.partition_point(|frame| frame.start + frame.length <= from);
        let Some(frame) = frames.get(within) else { return Ok(Lines { start: until, bytes: Vec::new() }) };
        let whole = self.frame(frame)?;
        let index = |at: u64| usize::try_from(at.saturating_sub(frame.start)).map_err(io::Error::other);
        let skipped = match index(from)? {
            0 => 0,
            at => match memchr::memchr(b'\n', &whole.bytes[at - 1..]) {
                Some(end) => at + end,
                None => whole.bytes.len(),
            },
        };
        let last_byte = index(until)?.clamp(skipped, whole.bytes.len());
        let ends = match last_byte {
            at if at == skipped || whole.bytes[at - 1] == b'\n' => at,
            at => memchr::memchr(b'\n', &whole.bytes[at..]).map_or(whole.bytes.len(), |end| at + end + 1),
        };
        Ok(Lines { start: frame.start + skipped as u64, bytes: whole.bytes[skipped..ends].to_vec() })
    }

    /// Several at once: unpacking is not done under the lock.
    fn frame(&self, frame: &Frame) -> io::Result<Arc<Lines>> {
        let last = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = last().as_ref().filter(|lines| lines.start == frame.start) {
            return Ok(Arc::clone(lines));
        }
        let packed = self.read(frame.packed_start, frame.packed_start + frame.packed_length)?;
        let lines = Arc::new(Lines { start: frame.start, bytes: frames::unpack(&packed, frame.length)? });
        *last() = Some(Arc::clone(&lines));
        Ok(lines)
    }
}
