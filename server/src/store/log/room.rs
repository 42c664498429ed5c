//! Room on the disk that nothing but audit records and errors is written into: blocks that belong to the present segment
//! already and lie behind its end, so that nobody else can take them, whoever fills the disk.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// So much is kept, some fifteen thousand records.
const MOST: u64 = 8 << 20;
/// Of a small disk a part.
const SHARE: u64 = 64;
/// The part of what is kept that is there ahead for everybody.
const AHEAD: u64 = 8;
/// What is left is asked for in halves, down to a block.
const LEAST: u64 = 4 << 10;

/// Makes a range of bytes of a file its own without changing its length.
type Allocate = Box<dyn Fn(&File, u64, u64) -> io::Result<()> + Send>;

/// How much is kept, and how.
pub(super) struct Room {
    kept: u64,
    allocate: Allocate,
}

impl Room {
    /// On the disk of a folder that is there.
    pub fn on(dir: &Path) -> Self {
        let all = statvfs(dir).map_or(u64::MAX, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
        Self { kept: MOST.min(all / SHARE), allocate: Box::new(allocate) }
    }

    /// On a disk of a test's own.
    #[cfg(test)]
    pub fn with(kept: u64, allocate: impl Fn(&File, u64, u64) -> io::Result<()> + Send + 'static) -> Self {
        Self { kept, allocate: Box::new(allocate) }
    }

    /// Sees to it that so many bytes can be written at `length` and what is kept is there behind them. `until`: up to
    /// where there is room. A file system that cannot do it keeps nothing.
    pub fn ensure(&self, file: &File, length: u64, more: u64, until: &mut u64) -> io::Result<()> {
        let wanted = more + self.kept;
        if *until >= length + wanted {
            return Ok(());
        }
        // Some ahead, so that it is not asked for with every group.
        let more = wanted + self.kept / AHEAD;
        let ahead = (self.allocate)(file, length, more).map(|()| more);
        match ahead.or_else(|_| (self.allocate)(file, length, wanted).map(|()| wanted)) {
            Ok(granted) => {
                *until = length + granted;
                Ok(())
            }
            Err(error) if is_full(&error) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// How much can still be written at `length` on a full disk.
    pub fn left(&self, file: &File, length: u64, until: &mut u64) -> u64 {
        let mut wanted = self.kept;
        // After a start, or when what was behind the end was given up, only the file system knows.
        while *until < length + wanted && wanted >= LEAST {
            match (self.allocate)(file, length, wanted) {
                Ok(()) => *until = length + wanted,
                Err(_) => wanted /= 2,
            }
        }
        until.saturating_sub(length)
    }
}

pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

fn allocate(file: &File, from: u64, length: u64) -> io::Result<()> {
    loop {
        match fallocate(file, FallocateFlags::KEEP_SIZE, from, length) {
            Err(Errno::INTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

#[cfg(test)]
mod tests;
