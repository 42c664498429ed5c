//! Lines that come from elsewhere, in order: they are written beside the log and put in place when all are there.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use super::position::{Day, Ordinal};
use super::segment::Segment;
use super::{Log, SEGMENT_BYTES};

/// Where they wait, in the log's folder.
const FOLDER: &str = ".taken";

/// Segments that are not in place yet.
pub struct Taken {
    folder: PathBuf,
    today: Day,
    current: Option<(Ordinal, BufWriter<File>, u64)>,
    done: Vec<Ordinal>,
    last: i64,
}

impl Taken {
    /// Begins anew, whatever an earlier attempt left.
    pub fn begin(log: &Log, today: Day) -> io::Result<Self> {
        let folder = log.dir().join(FOLDER);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => std::fs::create_dir_all(&folder)?,
        }
        Ok(Self { folder, today, current: None, done: Vec::new(), last: 0 })
    }

    /// Adds a line with its end. Days only go on.
    pub fn add(&mut self, line: &[u8], day: Day) -> io::Result<()> {
        let day = day.min(self.today);
        let full = self.current.as_ref().is_none_or(|(ordinal, _, length)| {
            ordinal.day() < day || length + line.len() as u64 > SEGMENT_BYTES
        });
        if full {
            let before = self.close()?;
            let ordinal = before.map_or(Ordinal::numbered(day, 1), |before| before.next(day));
            let file = File::create_new(self.folder.join(name(ordinal)))?;
            self.current = Some((ordinal, BufWriter::new(file), 0));
        }
        if let Some((ordinal, file, length)) = &mut self.current {
            file.write_all(line)?;
            *length += line.len() as u64;
            self.last = ordinal.at(*length) - 1;
        }
        Ok(())
    }

    /// The position of the last line.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.last
    }

    /// Moves them to where readers look.
    pub fn put_in_place(mut self, log: &Log) -> io::Result<()> {
        self.close()?;
        for ordinal in &self.done {
            let path = log.dir().join(ordinal.path());
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::rename(self.folder.join(name(*ordinal)), &path)?;
            log.segments_mut().insert(*ordinal, Segment { ordinal: *ordinal, path, sealed: false });
        }
        log.found(self.last);
        std::fs::remove_dir_all(&self.folder)
    }

    fn close(&mut self) -> io::Result<Option<Ordinal>> {
        if let Some((ordinal, file, _)) = self.current.take() {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            self.done.push(ordinal);
        }
        Ok(self.done.last().copied())
    }
}

fn name(ordinal: Ordinal) -> String {
    format!("{}-{:06}", ordinal.day().text(), ordinal.number())
}
