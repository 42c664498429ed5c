//! The data directory: mode 0700, and one server at a time by a lock of the operating system, which a killed
//! process frees at once.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why the directory cannot be used; each one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("the data directory {dir} cannot be written: {why}")]
    Unwritable { dir: String, why: String },
    #[error("another deltascope process uses the data directory {dir}; stop it or set DELTASCOPE__DATA__DIR")]
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
        let lock = lock_file(&path.join("lock")).map_err(unwritable)?;
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

/// One that is there is enough: a file system that was made read-only must not keep a panic from being run.
fn lock_file(path: &Path) -> std::io::Result<File> {
    let writable = File::options().create(true).truncate(false).write(true).open(path);
    writable.or_else(|error| File::open(path).map_err(|_| error))
}

#[cfg(unix)]
fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if std::fs::metadata(path)?.permissions().mode() & 0o777 == 0o700 {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A key of 32 random bytes in hex.
#[derive(Debug)]
pub enum Key {
    /// That of the file, which may just have been made.
    Kept(String),
    /// A new one in place of a file without a key, such as one that a full disk left empty. What the old key made is
    /// void.
    Replaced(String),
    /// A new one for this process alone: the file can neither be read nor written.
    Unkept { key: String, why: String },
}

/// Reads a key file, or makes one that only the owner may read.
#[must_use]
pub fn key_file(path: &Path) -> Key {
    let new = || crate::random::hex(32);
    let make = |kept: fn(String) -> Key| {
        let key = new();
        match write_private(path, &key) {
            Ok(()) => kept(key),
            Err(error) => Key::Unkept { key, why: format!("{} cannot be written: {error}", path.display()) },
        }
    };
    match std::fs::read_to_string(path) {
        Ok(key) if is_key(key.trim()) => Key::Kept(key.trim().to_owned()),
        Ok(_) => make(Key::Replaced),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(Key::Kept),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => make(Key::Replaced),
        Err(error) => Key::Unkept { key: new(), why: format!("{} cannot be read: {error}", path.display()) },
    }
}

fn is_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Puts a file there whole or not at all, and durably: its name is there after a loss of power too.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Whole or not at all.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let beside = path.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let write = || {
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().inspect_err(|_| {
        // What is left of it holds no key.
        let _ = std::fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        let refused = DataDir::open(dir.path()).unwrap_err();
        assert!(refused.to_string().contains("another deltascope process"), "{refused}");
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
        let Key::Kept(made) = key_file(&key) else { panic!("it is made") };
        assert!(matches!(key_file(&key), Key::Kept(kept) if kept == made), "kept over restarts");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(data.path()), mode(&key)), (0o700, 0o600));
    }

    #[test]
    fn a_key_file_without_a_key_is_replaced_and_one_that_is_none_is_done_without() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.key");
        for text in [b"".as_slice(), b"short", &[b'z'; 64], &[0xFF; 64]] {
            std::fs::write(&path, text).unwrap();
            let Key::Replaced(new) = key_file(&path) else { panic!("{text:?}") };
            assert!(matches!(key_file(&path), Key::Kept(kept) if kept == new));
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let Key::Unkept { key, why } = key_file(&path) else { panic!("a folder") };
        assert!(is_key(&key) && why.contains("page.key"), "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_may_only_be_read_is_held_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::open(dir.path()).unwrap());
        // As on a file system that was made read-only; the super-user may write all the same.
        let mut permissions = std::fs::metadata(dir.path().join("lock")).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(dir.path().join("lock"), permissions).unwrap();
        let _held = DataDir::open(dir.path()).unwrap();
        assert!(DataDir::open(dir.path()).unwrap_err().to_string().contains("another deltascope"));
    }
}
