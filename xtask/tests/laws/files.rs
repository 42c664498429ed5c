//! The files of the repository: what git tracks or would track, else what lies there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lexer;

const KINDS: [&str; 15] = [
    "rs",
    "toml",
    "md",
    "js",
    "ts",
    "css",
    "json",
    "sql",
    "yml",
    "yaml",
    "sh",
    "html",
    "svg",
    "run",
    "Dockerfile",
];
const NOT_OURS: [&str; 6] = ["target", "node_modules", ".git", "data", "test-results", "playwright-report"];

pub struct SourceFile {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
    /// Of a Rust file: the text with comments, strings and characters blanked out, line for line.
    pub code: String,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { lexer::code_of(text) } else { String::new() };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

pub fn all() -> Vec<SourceFile> {
    let root = root();
    let paths = listed_by_git(&root).unwrap_or_else(|| walked(&root, &root));
    let text_files = paths.into_iter().filter(|path| KINDS.iter().any(|kind| path.ends_with(kind)));
    text_files
        .filter_map(|path| {
            std::fs::read_to_string(root.join(&path)).ok().map(|text| SourceFile::new(&path, &text))
        })
        .collect()
}

/// Tracked files, and new ones that are not ignored: a law should speak before the commit, not after it.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    ask_git(root, &["--cached", "--others", "--exclude-standard"])
}

fn ask_git(root: &Path, which: &[&str]) -> Option<Vec<String>> {
    let output = Command::new("git").current_dir(root).args(["ls-files", "-z"]).args(which).output().ok()?;
    let paths = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = paths.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

/// It builds where it was written, and nowhere else: a clean clone lacks what was never added.
#[test]
fn every_rust_file_is_known_to_git() {
    let new = ask_git(&root(), &["--others", "--exclude-standard"]).unwrap_or_default();
    let forgotten: Vec<_> = new.into_iter().filter(|path| path.ends_with(".rs")).collect();
    assert!(forgotten.is_empty(), "`git add` these, or a clean clone does not build: {forgotten:?}");
}

fn walked(folder: &Path, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let entries: Vec<_> =
        std::fs::read_dir(folder).map(|entries| entries.flatten().collect()).unwrap_or_default();
    for path in entries.into_iter().map(|entry| entry.path()) {
        if NOT_OURS.iter().any(|name| path.ends_with(name)) || path.ends_with("public/vendor") {
            continue;
        }
        if path.is_dir() {
            found.extend(walked(&path, root));
        } else if let Ok(inside) = path.strip_prefix(root) {
            found.push(inside.to_string_lossy().replace('\\', "/"));
        }
    }
    found.sort();
    found
}

#[test]
fn walking_finds_every_rust_file_that_git_lists() {
    let root = root();
    let walked = walked(&root, &root);
    for path in listed_by_git(&root).unwrap_or_default() {
        if path.ends_with(".rs") && root.join(&path).is_file() {
            assert!(walked.contains(&path), "{path}");
        }
    }
}
