//! The data directory: mode 0700, and one server at a time by a lock of the operating system, which a killed
//! process frees at once.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why the directory cannot be used; each one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("the data directory {dir} cannot be written: {why}")]
    Unwritable { dir: String, why: String },
    #[error("another deltascope server uses the data directory {dir}; stop it or set DELTASCOPE__DATA__DIR")]
    Locked { dir: String },
}

/// The directory with its lock; dropping it frees the lock.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if needed, restricts it to its owner, and locks it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let dir = path.display().to_string();
        let unwritable =
            |error: std::io::Error| DataDirError::Unwritable { dir: dir.clone(), why: error.to_string() };
        std::fs::create_dir_all(path).map_err(unwritable)?;
        restrict(path).map_err(unwritable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked { dir }),
            Err(TryLockError::Error(error)) => Err(unwritable(error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Reads a key file, or makes one of 32 random bytes (hex) that only the owner may read.
pub fn key_file(path: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(key) if key.trim().len() == 64 => Ok(key.trim().to_owned()),
        Ok(_) => Err(std::io::Error::other(format!("{} does not hold a key", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = crate::random::hex(32);
            write_private(path, &key)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        let refused = DataDir::open(dir.path()).unwrap_err();
        assert!(refused.to_string().contains("another deltascope server"), "{refused}");
        drop(first);
        DataDir::open(dir.path()).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = DataDir::open(&file.join("below")).unwrap_err();
        assert!(refused.to_string().contains("cannot be written"), "{refused}");
        assert!(refused.to_string().contains("below"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn directory_and_keys_belong_to_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("data")).unwrap();
        let key = data.path().join("page.key");
        let made = key_file(&key).unwrap();
        assert_eq!(key_file(&key).unwrap(), made, "kept over restarts");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(data.path()), mode(&key)), (0o700, 0o600));
    }
}
