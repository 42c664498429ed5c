//! Sealing: segments of days that are over are compressed, with a manifest beside them. They are read as before.

use std::fs::File;
use std::io::{self, BufWriter};

use sha2::{Digest as _, Sha256};

use super::frames::Packer;
use super::head::Head;
use super::manifest::{Manifest, SealedSegment};
use super::position::Day;
use super::segment::Segment;
use super::{Log, sealed_path};

impl Log {
    /// The oldest segment that is not sealed and was begun before this day.
    #[must_use]
    pub fn unsealed_before(&self, day: Day) -> Option<Segment> {
        let active = self.active();
        let old = |segment: &Segment| segment.ordinal.day() < day && Some(segment.ordinal) != active;
        self.segments().into_iter().find(|segment| !segment.sealed && old(segment))
    }

    /// Seals one. A process that is killed meanwhile leaves the segment as it was, or sealed.
    pub fn seal(&self, segment: &Segment) -> io::Result<SealedSegment> {
        let sealed = sealed_path(&segment.path);
        let beside = sealed.with_extension("zst.new");
        let mut said = pack(segment, &beside)?;
        said.name = sealed.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(folder) = segment.path.parent() {
            let mut manifest = Manifest::read(folder);
            manifest.put(said.clone());
            manifest.write(folder)?;
        }
        std::fs::rename(&beside, &sealed)?;
        self.segments_mut()
            .insert(segment.ordinal, Segment { ordinal: segment.ordinal, path: sealed, sealed: true });
        std::fs::remove_file(&segment.path)?;
        Ok(said)
    }
}

fn pack(segment: &Segment, into: &std::path::Path) -> io::Result<SealedSegment> {
    let reader = segment.open(None)?;
    let mut packer = Packer::new(BufWriter::new(File::create(into)?));
    let mut digest = Sha256::new();
    let (mut records, mut first, mut last) = (0, None, None);
    let mut from = 0;
    loop {
        let lines = reader.lines(from, u64::MAX)?;
        if lines.bytes.is_empty() && lines.end() <= from {
            break;
        }
        lines.each(|_, line| {
            records += 1;
            if let Some(head) = Head::of(line) {
                first = Some(first.map_or(head.at, |first: telemetry::Micros| first.min(head.at)));
                last = last.max(Some(head.at));
            }
            true
        });
        digest.update(&lines.bytes);
        packer.add(&lines.bytes)?;
        from = lines.end();
    }
    let file = packer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(SealedSegment {
        name: String::new(),
        records,
        first,
        last,
        bytes: from,
        sealed_bytes: file.metadata()?.len(),
        sha256: hex::encode(digest.finalize()),
    })
}
