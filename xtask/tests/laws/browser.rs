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

#[test]
fn what_the_module_takes_from_the_page_is_set_by_a_script() {
    enforce("names that no script sets", unset_names);
}

/// A value of `window.deltascope` that nobody sets is no number to the module, and no error to anybody: every age
/// of a page without a feed was zero seconds.
fn unset_names(files: &[SourceFile]) -> Vec<Offence> {
    let is_script = |file: &&SourceFile| {
        file.path.ends_with(".js") && file.is_in(&["app/src/", "public/"])
            || file.path == "end2end/support/drill.ts"
    };
    let scripts: String = files.iter().filter(is_script).map(|file| file.text.as_str()).collect();
    let is_set = |name: &str| {
        let assigned = ["=", "||="].map(|sign| format!(".{name} {sign} "));
        assigned.iter().any(|text| scripts.contains(text)) || scripts.contains(&format!("\n    {name}: "))
    };
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.is_in(&["app/src/", "frontend/src/"])) {
        for line in lines_with(&file.text, "js_namespace = deltascope") {
            let attribute = file.text.lines().nth(line - 1).unwrap_or_default();
            let declared = file.text.lines().nth(line).unwrap_or_default();
            let after = |text: &str, word: &str| text.split_once(word).map(|(_, rest)| rest.to_owned());
            let named = after(attribute, "js_name = ").or_else(|| after(declared, "fn ")).unwrap_or_default();
            let name: String = named.chars().take_while(char::is_ascii_alphanumeric).collect();
            if !is_set(&name) {
                offences.push(Offence::at(file, line, format!("`deltascope.{name}` is set by no script")));
            }
        }
    }
    offences
}

#[test]
fn a_name_that_no_script_sets_is_found() {
    let script = SourceFile::new("app/src/boot.js", "d = {\n    begun: 1,\n};\nd.sid ||= 2;\n");
    let module = "//! a\n#[wasm_bindgen(js_namespace = deltascope, js_name = begun)]\nstatic A: f64;\n\
                  #[wasm_bindgen(js_namespace = deltascope)]\nfn sid();\n\
                  #[wasm_bindgen(js_namespace = deltascope, catch)]\nfn post(a: u8);\n";
    let offences = unset_names(&[script, SourceFile::new("app/src/a.rs", module)]);
    assert_eq!(offences.iter().map(|offence| offence.line).collect::<Vec<_>>(), [6]);
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
