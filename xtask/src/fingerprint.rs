//! Decides whether a build would change anything: a hash over its sources, kept beside what it made.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::kind::Kind;
use crate::shell::{self, Failure};

/// Everything a build reads. Tests and benchmarks are no part of it.
const SOURCES: [&str; 14] = [
    ".cargo",
    "app",
    "frontend",
    "server",
    "sitebuilder",
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

/// Sources and outputs in one line; outputs are in it because somebody may have built into the same places.
pub fn current(kind: Kind) -> Result<String, Failure> {
    let root = shell::root();
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        hash_tree(&root.join(source), &root, &mut hasher)
            .map_err(|error| format!("cannot read the sources under `{source}`: {error}"))?;
    }
    Ok(format!("{:016x} {:?}", hasher.finish(), outputs(kind, &root)))
}

pub fn is_current(kind: Kind) -> Result<bool, Failure> {
    let stamp = std::fs::read_to_string(kind.stamp()).unwrap_or_default();
    Ok(!stamp.is_empty() && stamp == current(kind)?)
}

pub fn keep(kind: Kind) -> Result<(), Failure> {
    let file = kind.stamp();
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let line = current(kind)?;
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, line))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
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

/// Length and time of the files that matter; a missing one never equals a stamp.
fn outputs(kind: Kind, root: &Path) -> Vec<Option<(u64, u128)>> {
    let manifest = format!("{}/site.json", kind.site());
    [kind.binary(), manifest].iter().map(|file| size_and_time(&root.join(file))).collect()
}

fn size_and_time(file: &Path) -> Option<(u64, u128)> {
    let meta = std::fs::metadata(file).ok()?;
    let time = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((meta.len(), time.as_nanos()))
}
