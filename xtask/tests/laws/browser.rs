//! Laws of the browser side: what happens there is told through the logger, not to a console nobody reads.

use crate::files::SourceFile;
use crate::lexer::lines_with;
use crate::{Offence, enforce};

#[test]
fn scripts_and_browser_code_do_not_write_to_the_console() {
    enforce("browser console", console_calls);
}

#[test]
fn server_and_shared_code_do_not_print_past_the_log() {
    enforce("stray prints", stray_prints);
}

#[test]
fn a_page_waits_for_nothing_while_it_is_painted() {
    enforce("waits in pages", waits);
}

/// What a page shows is read before (`app/src/data.rs`): a rendering that waits inside may never end.
fn waits(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.is_in(&["app/src/"])) {
        for word in ["Resource::", "<Suspense", "<Transition", "Suspend::", "<Await"] {
            let lines = lines_with(&file.code, word);
            offences.extend(lines.into_iter().map(|line| {
                Offence::at(file, line, format!("`{word}`: read it before the page is painted"))
            }));
        }
    }
    offences
}

#[test]
fn a_wait_in_a_page_is_found() {
    let page = SourceFile::new("app/src/pages/a.rs", "//! a\nlet a = Resource::new_blocking(b);\n");
    let server = SourceFile::new("server/src/a.rs", "//! a\nlet a = Resource::Nofile;\n");
    assert_eq!(waits(&[page, server]).len(), 1);
}

fn console_calls(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in files {
        let script = file.path.ends_with(".js") && !file.path.starts_with("end2end/");
        let shared = file.is_rust() && file.is_in(&["app/src/", "frontend/src/"]);
        let (text, words): (&str, &[&str]) = match (script, shared) {
            (true, _) => (&file.text, &["console."]),
            (_, true) => (&file.code, &["console::", "console_log!", "leptos::logging"]),
            _ => continue,
        };
        for word in words {
            let lines = lines_with(text, word);
            offences.extend(
                lines.into_iter().map(|line| Offence::at(file, line, format!("`{word}`: use the logger"))),
            );
        }
    }
    offences
}

/// Libraries never print; what the command line says is said by `server/src/main.rs` and the commands it calls.
fn stray_prints(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    let libraries = ["app/src/", "frontend/src/", "crates/"];
    for file in
        files.iter().filter(|file| file.is_rust() && file.is_in(&libraries) && file.path.contains("/src/"))
    {
        for word in ["println!", "eprintln!", "print!", "eprint!"] {
            let lines = lines_with(&file.code, word);
            offences.extend(
                lines.into_iter().map(|line| Offence::at(file, line, format!("`{word}` in a library"))),
            );
        }
    }
    offences
}

#[test]
fn console_calls_are_found() {
    let script = SourceFile::new("public/guard.js", "x();\nconsole.error(1);\n");
    let rust = SourceFile::new("app/src/a.rs", "//! console::\nweb_sys::console::log_1(&x);\n");
    let test = SourceFile::new("end2end/a.ts", "console.log(1);\n");
    let lines: Vec<usize> = console_calls(&[script, rust, test]).iter().map(|found| found.line).collect();
    assert_eq!(lines, [2, 2]);
}
