//! `panic.latch`: a press of PANIC of the whole account, on disk before anything else is tried. Whatever becomes of
//! this process or its journal, the next one carries it out. Removed when the latch is cleared.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::input::{OperatorAction, OperatorRequest};

use crate::telling::say;

const NAME: &str = "panic.latch";

/// Handle to the file; cheap to clone.
#[derive(Clone, Debug)]
pub struct LatchFile {
    path: PathBuf,
}

impl LatchFile {
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { path: dir.join(NAME) }
    }

    /// Writes the press and syncs it to the disk; an earlier one that stands is kept.
    pub fn write(&self, request: &OperatorRequest) -> io::Result<()> {
        if self.read().is_some() {
            return Ok(());
        }
        let text = serde_json::to_vec(request).map_err(io::Error::other)?;
        let beside = self.path.with_extension("latch.new");
        let mut file = File::create(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        File::open(dir)?.sync_all()
    }

    /// The press that stands, if there is one that can be read.
    #[must_use]
    pub fn read(&self) -> Option<OperatorRequest> {
        let text = fs::read(&self.path).ok()?;
        let request: OperatorRequest = serde_json::from_slice(&text)
            .map_err(|error| say(&format!("{NAME} cannot be read and is left alone: {error}")))
            .ok()?;
        matches!(request.action, OperatorAction::Panic { session_id: None, .. }).then_some(request)
    }

    /// The latch was cleared.
    pub fn remove(&self) {
        match fs::remove_file(&self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => say(&format!("{NAME} cannot be removed, the next start latches again: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::PanicId;
    use telemetry::CorrelationId;

    use super::*;

    fn press(id: &str) -> OperatorRequest {
        OperatorRequest {
            who: "ann".to_owned(),
            correlation_id: CorrelationId::from_bits(7),
            action: OperatorAction::Panic { session_id: None, panic_id: PanicId::from(id) },
        }
    }

    #[test]
    fn the_first_press_stands_until_it_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let file = LatchFile::new(dir.path());
        assert_eq!(file.read(), None);
        file.write(&press("p-1")).unwrap();
        file.write(&press("p-2")).unwrap();
        assert_eq!(file.read(), Some(press("p-1")));
        file.remove();
        file.remove();
        assert_eq!(file.read(), None);
    }

    #[test]
    fn what_is_no_press_of_all_is_not_carried_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = LatchFile::new(dir.path());
        fs::write(dir.path().join(NAME), b"{").unwrap();
        assert_eq!(file.read(), None);
        let other = OperatorAction::Acknowledge { reason: "x".to_owned() };
        let request = OperatorRequest { action: other, ..press("p-1") };
        fs::write(dir.path().join(NAME), serde_json::to_vec(&request).unwrap()).unwrap();
        assert_eq!(file.read(), None);
    }
}
