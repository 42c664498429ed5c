//! Decides whether a release build would change anything: a hash over its sources, kept beside what it made.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::pins;
use crate::shell::{self, Failure};

/// Everything the release build reads. Tests and benchmarks are no part of it.
const SOURCES: [&str; 12] = [
    "app",
    "frontend",
    "server",
    "crates",
    "style",
    "public",
    "config",
    "tapes",
    "Cargo.toml",
    "Cargo.lock",
    "package-lock.json",
    "rust-toolchain.toml",
];
const NOT_BUILT: [&str; 3] = ["tests", "benches", "vendor"];
const STAMP: &str = "target/xtask/release.stamp";

/// Sources and outputs in one line; outputs are in it because `cargo leptos watch` writes to the same places.
pub fn current() -> Result<String, Failure> {
    let root = shell::root();
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        hash_tree(&root.join(source), &root, &mut hasher)
            .map_err(|error| format!("cannot read the sources under `{source}`: {error}"))?;
    }
    Ok(format!("{:016x} {:?}", hasher.finish(), outputs(&root)))
}

pub fn is_current() -> Result<bool, Failure> {
    let stamp = std::fs::read_to_string(shell::root().join(STAMP)).unwrap_or_default();
    Ok(!stamp.is_empty() && stamp == current()?)
}

pub fn keep() -> Result<(), Failure> {
    let file = shell::root().join(STAMP);
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let line = current()?;
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, line))
        .map_err(|error| format!("cannot write {STAMP}: {error}"))
}

fn hash_tree(path: &Path, root: &Path, hasher: &mut DefaultHasher) -> std::io::Result<()> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        let built = |entry: &&PathBuf| !NOT_BUILT.iter().any(|name| entry.ends_with(name));
        entries.iter().filter(built).try_for_each(|entry| hash_tree(entry, root, hasher))
    } else if path.is_file() {
        path.strip_prefix(root).unwrap_or(path).hash(hasher);
        std::fs::read(path)?.hash(hasher);
        Ok(())
    } else {
        Ok(())
    }
}

/// Length and time of the two files that matter; a missing one never equals a stamp.
fn outputs(root: &Path) -> Vec<Option<(u64, u128)>> {
    let module = format!("{}/pkg/{}.wasm", pins::SITE, pins::OUTPUT_NAME);
    [pins::BINARY, &module].iter().map(|file| size_and_time(&root.join(file))).collect()
}

fn size_and_time(file: &Path) -> Option<(u64, u128)> {
    let meta = std::fs::metadata(file).ok()?;
    let time = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((meta.len(), time.as_nanos()))
}
