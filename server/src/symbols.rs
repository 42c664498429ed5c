//! What the functions of a browser's module are called. The module that ships has no names; they lie beside it, and a
//! copy is kept here by build, so that an error of a page that was open over an update can be read as well.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use telemetry::LogRecord;
use telemetry::limits::{FRAME_BYTES, prefix};

use crate::ingest::Lru;

/// Builds whose names are in memory, and those that are kept.
const LOADED: usize = 4;
const KEPT: usize = 20;
/// A build may be told by its first digits.
const DIGITS_LEAST: usize = 8;
const DIGITS_MOST: usize = 64;
const NUMBERED: &str = "wasm-function[";

type Names = Arc<HashMap<u64, String>>;

/// Names of functions by build.
pub struct Symbols {
    folder: PathBuf,
    loaded: Mutex<Lru<Names>>,
}

impl Symbols {
    /// Keeps a copy of the site's names in the data directory, if it has any.
    #[must_use]
    pub fn keep(data_dir: &Path, site: &Path) -> Self {
        let folder = data_dir.join("symbols");
        // Names are a convenience: without them errors are told by number.
        let _ = copy(&site.join("symbols"), &folder);
        Self { folder, loaded: Mutex::new(Lru::new(LOADED)) }
    }

    /// Puts names to the numbered functions in the stack of an error.
    pub async fn name(&self, record: &mut LogRecord) {
        let stack = record.error.as_mut().and_then(|error| error.stack_trace.as_mut());
        let Some(stack) = stack.filter(|stack| stack.contains(NUMBERED)) else { return };
        let build = record.build_id.as_deref().and_then(build_of).unwrap_or_default();
        match self.names(build).await {
            Some(names) => {
                *stack = stack.lines().map(|line| named(line, &names)).collect::<Vec<_>>().join("\n")
            }
            // Numbers alone look like a fault of ours: the record says why.
            None => drop(record.payload.insert("symbols".to_owned(), "unknown build".into())),
        }
    }

    async fn names(&self, build: &str) -> Option<Names> {
        if build.is_empty() {
            return None;
        }
        if let Some(names) = self.lock().get(build) {
            return Some(Arc::clone(names));
        }
        let file = find(&self.folder, build)?;
        let text = tokio::fs::read_to_string(file).await.ok()?;
        let pair = |line: &str| {
            let (number, name) = line.split_once(' ')?;
            Some((number.parse().ok()?, name.to_owned()))
        };
        let names: Names = Arc::new(text.lines().filter_map(pair).collect());
        self.lock().insert(build, Arc::clone(&names));
        Some(names)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lru<Names>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `0a1b…`, also as the last part of a version, `0.1.0+0a1b…`. Nothing else can be part of a path.
fn build_of(text: &str) -> Option<&str> {
    let build = text.rsplit('+').next()?;
    let is_hash = (DIGITS_LEAST..=DIGITS_MOST).contains(&build.len())
        && build.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then_some(build)
}

fn find(folder: &Path, build: &str) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    files.map(|file| file.path()).find(|path| {
        path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.starts_with(build))
    })
}

/// A line whose function has a number and no name yet.
fn named(line: &str, names: &HashMap<u64, String>) -> String {
    let number = line.split_once(NUMBERED).and_then(|(_, rest)| rest.split(']').next()?.parse().ok());
    match number.and_then(|number: u64| names.get(&number)) {
        Some(name) if !line.starts_with(name.as_str()) => {
            prefix(&format!("{name} {line}"), FRAME_BYTES).to_owned()
        }
        Some(_) | None => line.to_owned(),
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let files: Vec<_> = std::fs::read_dir(from)?.collect::<Result<_, _>>()?;
    std::fs::create_dir_all(to)?;
    for file in files {
        let target = to.join(file.file_name());
        if !target.exists() {
            std::fs::copy(file.path(), target)?;
        }
    }
    let mut kept: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(to)?
        .filter_map(|file| {
            file.ok().and_then(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())))
        })
        .collect();
    kept.sort();
    let many = kept.len().saturating_sub(KEPT);
    kept.iter().take(many).try_for_each(|(_, path)| std::fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use telemetry::ErrorDetail;

    use super::*;

    const BUILD: &str = "0123456789abcdef0123";

    fn record(build: &str) -> LogRecord {
        let stack = "src/a.rs:1:2\nwasm-function[812]:0x9f1e2\nrun app wasm-function[3]\nwasm-function[4]";
        let error = ErrorDetail { stack_trace: Some(stack.to_owned()), ..ErrorDetail::default() };
        LogRecord { build_id: Some(build.to_owned()), error: Some(error), ..LogRecord::default() }
    }

    #[tokio::test]
    async fn numbers_get_the_names_of_their_build() {
        let (data, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(site.path().join("symbols")).unwrap();
        let file = site.path().join("symbols").join(format!("{BUILD}.txt"));
        std::fs::write(file, "3 app::run\n812 <app::Chart as app::Draw>::draw\n").unwrap();
        drop(Symbols::keep(data.path(), site.path()));
        // The site is another one meanwhile.
        let symbols = Symbols::keep(data.path(), Path::new("/nowhere"));
        for build in [BUILD, "0.1.0+0123456789ab"] {
            let mut told = record(build);
            symbols.name(&mut told).await;
            let expected = "src/a.rs:1:2\n<app::Chart as app::Draw>::draw wasm-function[812]:0x9f1e2\n\
                            app::run run app wasm-function[3]\nwasm-function[4]";
            assert_eq!(told.error.unwrap().stack_trace.unwrap(), expected, "{build}");
        }
        for build in ["0.1.0", "ffffffffffff", "../../../etc", "", "0123"] {
            let mut told = record(build);
            symbols.name(&mut told).await;
            let mut wanted = record(build);
            wanted.payload.insert("symbols".to_owned(), "unknown build".into());
            assert_eq!(told, wanted, "{build}");
        }
        let mut plain = record("ffffffffffff");
        plain.error = Some(ErrorDetail {
            stack_trace: Some("draw (/chart.js:1:2)".to_owned()),
            ..ErrorDetail::default()
        });
        let before = plain.clone();
        symbols.name(&mut plain).await;
        assert_eq!(plain, before, "no function of the module");
    }
}
