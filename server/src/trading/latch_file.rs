//! `panic.latch`: a press of PANIC of the whole account, on disk before anything else is tried. Whatever becomes of
//! this process or its journal, the next one carries it out. Removed when the latch is cleared.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use model::input::{OperatorAction, OperatorRequest};

use crate::data_dir::write_durably;
use crate::telling::say;

const NAME: &str = "panic.latch";

/// No press is longer, in bytes.
const LONGEST: u64 = 64 * 1_024;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Latched {
    No,
    Pressed(Box<OperatorRequest>),
    /// Somebody pressed, or something else lies there: nobody puts a file there but a press, so it counts as one.
    Unreadable(String),
}

impl Latched {
    #[must_use]
    pub fn is_pressed(&self) -> bool {
        !matches!(self, Self::No)
    }
}

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
        if matches!(self.read(), Latched::Pressed(_)) {
            return Ok(());
        }
        let text = serde_json::to_vec(request).map_err(io::Error::other)?;
        write_durably(&self.path, &text)
    }

    /// What stands there.
    #[must_use]
    pub fn read(&self) -> Latched {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Latched::No,
            Err(error) => return Latched::Unreadable(error.to_string()),
        };
        let mut text = Vec::new();
        if let Err(error) = file.take(LONGEST).read_to_end(&mut text) {
            return Latched::Unreadable(error.to_string());
        }
        match serde_json::from_slice::<OperatorRequest>(&text) {
            Ok(request) if matches!(request.action, OperatorAction::Panic { session_id: None, .. }) => {
                Latched::Pressed(Box::new(request))
            }
            Ok(_) => Latched::Unreadable("it is not about a panic of everything".to_owned()),
            Err(error) => Latched::Unreadable(error.to_string()),
        }
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
        assert_eq!(file.read(), Latched::No);
        file.write(&press("p-1")).unwrap();
        file.write(&press("p-2")).unwrap();
        assert_eq!(file.read(), Latched::Pressed(Box::new(press("p-1"))));
        file.remove();
        file.remove();
        assert_eq!(file.read(), Latched::No);
    }

    #[test]
    fn whatever_lies_there_counts_as_pressed() {
        let dir = tempfile::tempdir().unwrap();
        let file = LatchFile::new(dir.path());
        let path = dir.path().join(NAME);
        for text in [&b"{"[..], b"", b"\xff\xfe", &[b'['; 200_000]] {
            fs::write(&path, text).unwrap();
            assert!(matches!(file.read(), Latched::Unreadable(_)), "{} bytes", text.len());
            assert!(file.read().is_pressed());
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(file.read().is_pressed(), "a directory");
        fs::remove_dir(&path).unwrap();
        let other = OperatorAction::Acknowledge { reason: "x".to_owned() };
        let request = OperatorRequest { action: other, ..press("p-1") };
        fs::write(dir.path().join(NAME), serde_json::to_vec(&request).unwrap()).unwrap();
        assert!(file.read().is_pressed());
        file.write(&press("p-3")).unwrap();
        assert_eq!(
            file.read(),
            Latched::Pressed(Box::new(press("p-3"))),
            "a press that can be read takes its place"
        );
    }
}
