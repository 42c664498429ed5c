//! A real file system of two megabytes that can be filled up: what a full disk does to SQLite cannot be acted.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Console, PASSWORD};

/// A small tmpfs; taken down when it is dropped, whatever happened to the test.
pub struct SmallDisk {
    at: TempDir,
}

impl SmallDisk {
    /// Mounts one of that many KiB. `None`, with a line that says so, where nothing may be mounted; in CI that
    /// is a failure.
    pub fn mount(kib: u32) -> Option<Self> {
        let at = tempfile::tempdir().expect("a folder");
        let size = format!("size={kib}k,mode=0700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at.path()).output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self { at }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!in_ci, "CI must be able to mount a tmpfs: {why}");
        eprintln!("skipped: a small disk cannot be mounted here ({why}); run as root");
        None
    }

    pub fn path(&self) -> &Path {
        self.at.path()
    }

    /// Takes up everything that is left, to the last byte.
    pub fn fill(&self) {
        let mut file = std::fs::File::options().create(true).append(true).open(self.ballast()).unwrap();
        for piece in [64 * 1024, 4 * 1024, 1] {
            while file.write_all(&vec![b'x'; piece]).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a task that is still closing its file must not keep the folder mounted for ever.
        let _ = Command::new("umount").arg("-l").arg(self.at.path()).status();
    }
}

/// A small disk and a server whose data directory lies on it, signed in and settled. The server goes first.
pub async fn console(settings: &[(&str, &str)]) -> Option<(SmallDisk, Console)> {
    let disk = SmallDisk::mount(24 * 1_024)?;
    let data = disk.path().join("data").display().to_string();
    let mut console = Console::start(&[&[("DELTASCOPE__DATA__DIR", data.as_str())], settings].concat()).await;
    console.sign_in(PASSWORD).await;
    console.settled().await;
    Some((disk, console))
}
