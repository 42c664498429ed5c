//! A folder of our own where there may be room, gone with its owner.

use std::path::{Path, PathBuf};

pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one that only this user may enter; `None` when there is no room for it either.
    pub fn make() -> Option<Self> {
        let path = std::env::temp_dir().join(format!("deltascope-{}", crate::random::hex(8)));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).ok()?;
        Some(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A copy that stays behind is small, and readable by nobody else.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
