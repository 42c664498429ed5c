//! Laws of words: nothing left to be done, nothing that names the machine it was written on.

use crate::files::SourceFile;
use crate::lexer::{holds_word, lines_with};
use crate::{Offence, enforce};

#[test]
fn nothing_is_left_for_later() {
    enforce("unfinished work", unfinished);
}

#[test]
fn no_machine_is_named() {
    enforce("machine paths", machine_paths);
}

// Put together from pieces, so that this file does not accuse itself.
fn left_over_words() -> [String; 3] {
    [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()]
}

fn left_over_macros() -> [String; 3] {
    [["to", "do!"].concat(), ["unimple", "mented!"].concat(), ["db", "g!"].concat()]
}

fn unfinished(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    let commented = [".rs", ".ts", ".js", ".css", ".toml", ".sql", ".sh", "/run", "Dockerfile"];
    for file in files.iter().filter(|file| commented.iter().any(|kind| file.path.ends_with(kind))) {
        for word in left_over_words() {
            let lines = lines_with(&file.text, &word);
            offences.extend(
                lines.into_iter().map(|line| Offence::at(file, line, format!("`{word}`: do it or drop it"))),
            );
        }
        for word in left_over_macros() {
            let lines = lines_with(&file.code, &word);
            offences.extend(lines.into_iter().map(|line| Offence::at(file, line, format!("`{word}`"))));
        }
    }
    offences
}

/// Paths of one person's machine mean nothing to the next.
fn machine_paths(files: &[SourceFile]) -> Vec<Offence> {
    let folders =
        [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat(), ["/ho", "me/"].concat(), ["/Use", "rs/"].concat()];
    let mut offences = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            for folder in folders.iter().filter(|folder| starts_a_path(line, folder)) {
                offences.push(Offence::at(file, index + 1, format!("`{folder}…` is a path of one machine")));
            }
        }
    }
    offences
}

fn starts_a_path(line: &str, folder: &str) -> bool {
    let part_of_longer = |before: char| before.is_alphanumeric() || "._-/}$".contains(before);
    line.match_indices(folder)
        .any(|(start, _)| !line[..start].chars().next_back().is_some_and(part_of_longer))
}

#[test]
fn left_over_work_is_found_in_comments_and_code() {
    let [word, ..] = left_over_words();
    let [call, ..] = left_over_macros();
    let file = SourceFile::new(
        "a.rs",
        &format!("//! x\n// {word}: later\nfn f() {{ {call}() }}\nlet s = \"{call}\";\n"),
    );
    let lines: Vec<usize> = unfinished(&[file]).iter().map(|offence| offence.line).collect();
    assert_eq!(lines, [2, 3]);
    assert!(!holds_word("MASTODONS", &word));
}

#[test]
fn a_machine_path_is_found_and_a_relative_one_is_not() {
    let path = ["/wo", "rk/main"].concat();
    let text = format!("see {path}\nsrc{path}\nhttps://example.org{path}\n");
    let lines: Vec<usize> =
        machine_paths(&[SourceFile::new("a.md", &text)]).iter().map(|found| found.line).collect();
    assert_eq!(lines, [1]);
}
