//! Laws of the repository as a whole: the two commands of the README, one entry for CI, no download hosts.

use crate::files::SourceFile;
use crate::{Offence, enforce};

#[test]
fn readme_shows_the_two_commands() {
    enforce("README", two_commands);
}

#[test]
fn ci_runs_what_a_developer_runs() {
    enforce("CI", one_entry);
}

#[test]
fn the_npm_lock_names_no_host() {
    enforce("npm lock", lock_hosts);
}

fn named<'files>(files: &'files [SourceFile], path: &str) -> impl Iterator<Item = &'files SourceFile> {
    files.iter().filter(move |file| file.path == path)
}

fn two_commands(files: &[SourceFile]) -> Vec<Offence> {
    let missing = |file: &SourceFile| {
        let commands = ["cargo xtask run", "cargo xtask test"].into_iter();
        let absent = commands.filter(|command| !file.text.contains(command));
        absent.map(|command| Offence::at(file, 1, format!("does not show `{command}`"))).collect::<Vec<_>>()
    };
    named(files, "README.md").flat_map(missing).collect()
}

/// Whatever CI checks can be checked by anyone with the one command.
fn one_entry(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in named(files, ".ci/run") {
        let allowed = |line: &str| {
            line.is_empty() || line.starts_with('#') || line.starts_with("set ") || line.starts_with("cd ")
        };
        let calls: Vec<_> = file.text.lines().enumerate().filter(|(_, line)| !allowed(line.trim())).collect();
        let right = |line: &str| matches!(line.trim(), "cargo xtask test" | "exec cargo xtask test");
        offences.extend(
            calls.iter().filter(|(_, line)| !right(line)).map(|(index, line)| {
                Offence::at(file, index + 1, format!("`{line}`: it belongs into xtask"))
            }),
        );
        if calls.is_empty() {
            offences.push(Offence::at(file, 1, "does not call `cargo xtask test`"));
        }
    }
    offences
}

fn lock_hosts(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in named(files, "package-lock.json") {
        let hosts = file.text.lines().enumerate().filter(|(_, line)| line.contains("\"resolved\""));
        offences.extend(hosts.map(|(index, _)| Offence::at(file, index + 1, "names a download host")));
    }
    offences
}

#[test]
fn breaches_are_found() {
    let readme = SourceFile::new("README.md", "cargo xtask run\n");
    let ci = SourceFile::new(".ci/run", "set -e\ncargo test\ncargo xtask test\n");
    let lock = SourceFile::new("package-lock.json", "{\n\"resolved\": \"x\"\n}\n");
    assert_eq!(two_commands(&[readme]).len(), 1);
    assert_eq!(one_entry(&[ci]).len(), 1);
    assert_eq!(lock_hosts(&[lock]).len(), 1);
}
