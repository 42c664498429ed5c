//! Laws of shape: the opening comment, the length of files and of functions.

use crate::files::SourceFile;
use crate::lexer::is_name;
use crate::{Offence, enforce};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

#[test]
fn every_rust_file_opens_with_its_purpose() {
    enforce("opening comment", unopened);
}

#[test]
fn no_file_is_longer_than_400_lines() {
    enforce("file length", long_files);
}

#[test]
fn no_function_is_longer_than_70_lines() {
    enforce("function length", long_functions);
}

fn unopened(files: &[SourceFile]) -> Vec<Offence> {
    let rust = files.iter().filter(|file| file.is_rust() && !file.text.starts_with("//! "));
    rust.map(|file| Offence::at(file, 1, "opens without `//!`: say what the file is for")).collect()
}

/// Styles, scripts and tests of the browser are held to the same length.
fn long_files(files: &[SourceFile]) -> Vec<Offence> {
    let code =
        |file: &&SourceFile| [".rs", ".ts", ".js", ".css"].iter().any(|kind| file.path.ends_with(kind));
    let long = files.iter().filter(code).map(|file| (file, file.text.lines().count()));
    let long = long.filter(|(_, lines)| *lines > FILE_LINES);
    long.map(|(file, lines)| Offence::at(file, FILE_LINES, format!("{lines} lines, {FILE_LINES} allowed")))
        .collect()
}

fn long_functions(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for function in functions(&file.code) {
            if function.lines > FUNCTION_LINES {
                let what =
                    format!("`{}` has {} lines, {FUNCTION_LINES} allowed", function.name, function.lines);
                offences.push(Offence::at(file, function.line, what));
            }
        }
    }
    offences
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    /// From the line of `fn` to the line of its closing brace.
    lines: usize,
}

fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let before = code[..start].chars().next_back();
        let name: String = code[start + 3..].trim_start().chars().take_while(|c| is_name(*c)).collect();
        if before.is_some_and(is_name) || name.is_empty() {
            continue;
        }
        if let Some(end) = body_end(&code[start..]) {
            let line = code[..start].matches('\n').count() + 1;
            let lines = code[start..start + end].matches('\n').count() + 1;
            found.push(Function { name, line, lines });
        }
    }
    found
}

/// The offset of the body's closing brace; none for a function without a body.
fn body_end(code: &str) -> Option<usize> {
    let (mut nesting, mut braces) = (0usize, 0usize);
    for (offset, character) in code.char_indices() {
        match character {
            '(' | '[' => nesting += 1,
            ')' | ']' => nesting = nesting.saturating_sub(1),
            ';' if nesting == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(offset),
            '}' => braces = braces.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[test]
fn a_long_function_is_found_where_it_starts() {
    let body = "    let text = \"}\"; // }\n".repeat(69);
    let text =
        format!("//! x\ntrait T {{\n    fn declared(&self, list: [u8; 4]);\n}}\nfn long() {{\n{body}}}\n");
    let offences = long_functions(&[SourceFile::new("a.rs", &text)]);
    assert_eq!((offences.len(), offences[0].line), (1, 5));
    let short = text.replacen("    let text = \"}\"; // }\n", "", 1);
    assert!(long_functions(&[SourceFile::new("a.rs", &short)]).is_empty());
}

#[test]
fn a_long_file_and_a_missing_opening_are_found() {
    let long = SourceFile::new("a.rs", &"//! x\n".repeat(401));
    assert_eq!(long_files(&[long]).len(), 1);
    assert!(long_files(&[SourceFile::new("a.rs", &"//! x\n".repeat(400))]).is_empty());
    assert_eq!(
        unopened(&[SourceFile::new("a.rs", "use std;\n"), SourceFile::new("b.rs", "//! Yes.\n")]).len(),
        1
    );
}
