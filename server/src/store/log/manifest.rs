//! `manifest.json` of a sealed day: which segments it has, and how to tell that they are what was written.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

/// One sealed segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSegment {
    /// Of the file.
    pub name: String,
    pub records: u64,
    /// When the earliest and the latest of them happened.
    pub first: Option<Micros>,
    pub last: Option<Micros>,
    /// Before and after compression.
    pub bytes: u64,
    pub sealed_bytes: u64,
    /// Of the lines, before compression.
    pub sha256: String,
}

/// What is sealed of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub segments: Vec<SealedSegment>,
}

const NAME: &str = "manifest.json";

impl Manifest {
    /// Reads that of a day's folder; one that is missing or damaged is empty.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let bytes = std::fs::read(folder.join(NAME)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Adds a segment, or what is now known of it.
    pub fn put(&mut self, segment: SealedSegment) {
        self.segments.retain(|known| known.name != segment.name);
        self.segments.push(segment);
        self.segments.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Writes it in place of the one before.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        let beside = folder.join(format!("{NAME}.new"));
        std::fs::write(&beside, text)?;
        std::fs::File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, folder.join(NAME))
    }
}
