//! Laws of the manifests: who may depend on whom, every version in one place, every member under the lints.

use crate::files::SourceFile;
use crate::{Offence, enforce};

/// Our own crates that a crate may use. The server may use all.
const INSIDE: [(&str, &[&str]); 8] = [
    ("telemetry", &[]),
    ("model", &["telemetry"]),
    ("engine", &["model", "telemetry"]),
    ("simulator", &["model"]),
    ("app", &["model", "telemetry"]),
    ("frontend", &["app", "telemetry"]),
    ("sitebuilder", &[]),
    ("xtask", &[]),
];
const OURS: [&str; 9] =
    ["telemetry", "model", "engine", "simulator", "app", "frontend", "server", "sitebuilder", "xtask"];

/// What the pure crates may be built from; anything else needs a reason in this table.
const PURE_MAY: [(&str, &[&str]); 3] = [
    ("telemetry", &["serde", "serde_json", "flate2", "brotli", "sha2", "hex", "thiserror"]),
    ("model", &["telemetry", "serde", "serde_json", "rust_decimal", "thiserror", "uuid", "sha2", "hex"]),
    ("engine", &["model", "telemetry", "rust_decimal", "serde", "thiserror"]),
];

/// Also not for their tests.
const ACTING: [&str; 10] = [
    "tokio",
    "tracing",
    "tracing-subscriber",
    "sqlx",
    "rand",
    "rand_chacha",
    "reqwest",
    "axum",
    "chrono",
    "getrandom",
];
const NOT_IN_APP: [&str; 5] = ["sqlx", "tokio", "reqwest", "axum", "tokio-tungstenite"];

#[test]
fn crates_depend_only_on_whom_the_table_allows() {
    enforce("dependency table", dependency_table);
}

#[test]
fn shared_versions_stand_once_and_lints_hold_everywhere() {
    enforce("manifests", inheritance);
}

struct Dependency<'text> {
    line: usize,
    /// `dependencies`, `dev-dependencies` or `build-dependencies`.
    section: &'text str,
    name: &'text str,
    value: &'text str,
}

fn members(files: &[SourceFile]) -> impl Iterator<Item = (&str, &SourceFile)> {
    files.iter().filter_map(|file| {
        // The fuzzer stands outside of the workspace.
        let folder = file.path.strip_suffix("/Cargo.toml").filter(|folder| *folder != "fuzz")?;
        Some((folder.rsplit('/').next().unwrap_or(folder), file))
    })
}

/// Reads `name = …` and `name.workspace = true` under any section that ends in `dependencies`.
fn dependencies(file: &SourceFile) -> Vec<Dependency<'_>> {
    let (mut section, mut found) = ("", Vec::new());
    for (index, line) in file.text.lines().enumerate() {
        if let Some(header) = line.trim().strip_prefix('[') {
            section = header.trim_end_matches(']').rsplit('.').next().unwrap_or("");
        } else if let Some((name, value)) = line.split_once('=')
            && section.ends_with("dependencies")
            && !line.starts_with([' ', '#'])
        {
            let name = name.trim().trim_end_matches(".workspace");
            found.push(Dependency {
                line: index + 1,
                section,
                name,
                value: line[line.len() - value.len()..].trim(),
            });
        }
    }
    found
}

fn dependency_table(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (member, file) in members(files) {
        for dependency in dependencies(file) {
            if let Some(why) = forbidden(member, &dependency) {
                offences.push(Offence::at(
                    file,
                    dependency.line,
                    format!("{member} → {}: {why}", dependency.name),
                ));
            }
        }
    }
    offences
}

fn forbidden(member: &str, dependency: &Dependency) -> Option<&'static str> {
    let allowed = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(name, _)| *name == member).map(|(_, allowed)| allowed.contains(&dependency.name))
    };
    let shipped = dependency.section != "dev-dependencies";
    if OURS.contains(&dependency.name) && allowed(&INSIDE) == Some(false) {
        Some("against the direction of the architecture")
    } else if shipped && allowed(&PURE_MAY) == Some(false) {
        Some("not among what this pure crate may be built from")
    } else if allowed(&PURE_MAY).is_some() && ACTING.contains(&dependency.name) {
        Some("a pure crate does not act, not even in its tests")
    } else if member == "app" && NOT_IN_APP.contains(&dependency.name) {
        Some("shared with the browser, which cannot have it")
    } else {
        None
    }
}

fn inheritance(files: &[SourceFile]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (_, file) in members(files) {
        if !file.text.contains("[lints]\nworkspace = true") {
            offences.push(Offence::at(file, 1, "does not inherit the lints of the workspace"));
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !file.text.contains(&format!("{key}.workspace = true")) {
                offences.push(Offence::at(file, 1, format!("does not inherit `{key}`")));
            }
        }
        let own = dependencies(file).into_iter().filter(|dependency| !dependency.value.contains("true"));
        offences.extend(own.map(|own| {
            Offence::at(file, own.line, format!("`{}`: its version belongs into the root", own.name))
        }));
    }
    offences
}

#[test]
fn each_kind_of_forbidden_dependency_is_found() {
    let cases = [
        ("crates/simulator", "[dependencies]\nengine = { workspace = true }", 1),
        ("crates/model", "[dev-dependencies]\nrand.workspace = true", 1),
        ("crates/engine", "[dependencies]\nchrono = { workspace = true }", 1),
        ("crates/model", "[dev-dependencies]\nproptest = { workspace = true }", 0),
        ("app", "[target.'cfg(unix)'.dependencies]\ntokio = { workspace = true }", 1),
        ("frontend", "[dependencies]\nmodel = { workspace = true }", 1),
        ("server", "[dependencies]\nengine = { workspace = true }\nsqlx = { workspace = true }", 0),
    ];
    for (folder, text, expected) in cases {
        let file = SourceFile::new(&format!("{folder}/Cargo.toml"), text);
        assert_eq!(dependency_table(&[file]).len(), expected, "{folder}: {text}");
    }
    let file = SourceFile::new("app/Cargo.toml", "[dependencies]\nserde = \"1\"\n");
    assert_eq!(inheritance(&[file]).len(), 7);
}
