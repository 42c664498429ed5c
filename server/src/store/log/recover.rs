//! What a start finds: the folder is made, and what a killed process left unfinished is cut off.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::Found;
use super::lines::{Tail, tail};
use super::segment::Segment;
use crate::clock;

/// Bytes of the end that are looked at first.
const LOOK: u64 = 1 << 20;

/// Makes the folder; what is no folder is kept under another name.
pub(super) fn folder(dir: &Path) -> Found {
    let mut found = Found::default();
    if dir.symlink_metadata().is_ok() && !dir.is_dir() {
        let time: String =
            clock::now().to_rfc3339().chars().take(19).filter(char::is_ascii_alphanumeric).collect();
        let kept_as = format!("{}.damaged-{time}", super::FOLDER);
        match std::fs::rename(dir, dir.with_file_name(&kept_as)) {
            Ok(()) => found.set_aside = Some(kept_as),
            Err(error) => found.failure = Some(error.to_string()),
        }
    }
    if let Err(error) = std::fs::create_dir_all(dir) {
        found.failure = Some(error.to_string());
    }
    found
}

/// Cuts off what does not count at the end of the last segment; gives its length, if more can be appended to it.
pub(super) fn cut(segment: &Segment, found: &mut Found) -> Option<u64> {
    if segment.sealed {
        return None;
    }
    match whole(segment) {
        Ok((whole, all)) => {
            found.cut = all - whole;
            Some(whole)
        }
        Err(error) => {
            found.failure = Some(error.to_string());
            None
        }
    }
}

fn whole(segment: &Segment) -> io::Result<(u64, u64)> {
    let file = File::options().read(true).write(true).open(&segment.path)?;
    let all = file.metadata()?.len();
    let mut look = LOOK;
    let whole = loop {
        let from = all.saturating_sub(look);
        let mut bytes = vec![0; usize::try_from(all - from).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, from)?;
        match tail(&bytes, from == 0) {
            Tail::Whole(kept) => break from + kept as u64,
            Tail::Unknown => look *= 4,
        }
    };
    if whole < all {
        file.set_len(whole)?;
        file.sync_all()?;
    }
    Ok((whole, all))
}
