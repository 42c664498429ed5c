//! The laws of the house, as tests over the files of the repository. Each reports every offender with file
//! and line; `exceptions.rs` lists what is excused, and must shrink.

mod browser;
mod exceptions;
mod files;
mod lexer;
mod licences;
mod manifests;
mod purity;
mod repository;
mod shapes;
mod words;

use files::SourceFile;

/// One breach of one law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    pub path: String,
    pub line: usize,
    pub what: String,
}

impl Offence {
    pub fn at(file: &SourceFile, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }
}

/// Runs a law over the whole repository. An excuse that excuses nothing any more is itself a breach.
pub fn enforce(law: &str, judge: impl Fn(&[SourceFile]) -> Vec<Offence>) {
    let files = files::all();
    assert!(!files.is_empty(), "no source files found");
    let (excused, mut offences): (Vec<_>, Vec<_>) =
        judge(&files).into_iter().partition(|offence| exceptions::excuses(law, &offence.path));
    for exception in exceptions::of(law) {
        if !excused.iter().any(|offence| offence.path == exception.path) {
            let what = "is listed in exceptions.rs but keeps the law: take it off the list".to_owned();
            offences.push(Offence { path: exception.path.to_owned(), line: 0, what });
        }
    }
    let told: Vec<String> = offences
        .iter()
        .map(|offence| format!("  {}:{}: {}", offence.path, offence.line, offence.what))
        .collect();
    assert!(offences.is_empty(), "{law}: {} breaches\n{}", offences.len(), told.join("\n"));
}
