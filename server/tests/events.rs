//! EVENTS.md is what the code can tell: engine, server, venue, browser. The file is compared with the samples;
//! `UPDATE_EVENTS=1 cargo test -p server --test events` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use telemetry::{CatalogueEntry, catalogue_markdown};

fn everything() -> Vec<CatalogueEntry> {
    [model::catalogue::catalogue(), server::catalogue::catalogue(), app::ui_catalogue()].concat()
}

#[test]
fn the_catalogue_in_the_repository_is_what_the_code_can_tell() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../EVENTS.md");
    let expected = catalogue_markdown(&everything());
    if std::env::var_os("UPDATE_EVENTS").is_some() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "EVENTS.md is out of date; UPDATE_EVENTS=1 cargo test -p server --test events writes it. First difference:\n{differs:#?}"
    );
}

/// A name that two families of the code share would be one row with the words of only one of them.
#[test]
fn no_event_name_is_told_by_two_parts_of_the_program() {
    let mut tellers: BTreeMap<&str, &str> = BTreeMap::new();
    for (part, entries) in [
        ("engine", model::catalogue::catalogue()),
        ("server", server::catalogue::catalogue()),
        ("browser", app::ui_catalogue()),
    ] {
        for entry in entries {
            let first = tellers.insert(entry.name, part);
            assert!(
                first.is_none_or(|first| first == part),
                "{} is told by {first:?} and {part}",
                entry.name
            );
        }
    }
}

/// Every name that an `Event` gives itself, and every note that the simulator names, stands in the catalogue.
#[test]
fn no_name_in_the_sources_is_missing() {
    let known: BTreeSet<&str> = everything().iter().map(|entry| entry.name).collect();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut named = BTreeSet::new();
    for folder in ["server/src", "app/src", "crates/model/src", "crates/simulator/src"] {
        for text in sources(&root.join(folder)) {
            let events = text.split("fn name(&self)").skip(1).map(|rest| before(rest, "fn level("));
            named.extend(events.flat_map(literals));
            named.extend(
                text.split("name: \"simulator.").skip(1).map(|rest| before(rest, "\"")).map(in_simulator),
            );
        }
    }
    assert!(named.len() > 100, "{named:?}");
    let missing: Vec<&String> = named.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "no sample tells {missing:?}");
}

fn in_simulator(note: &str) -> String {
    ["simulator.", note].concat()
}

/// String literals that look like `family.event`.
fn literals(code: &str) -> Vec<String> {
    let texts = code.split('"').skip(1).step_by(2);
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte));
    texts.filter(|text| text.contains('.') && is_name(text)).map(str::to_owned).collect()
}

fn before<'text>(text: &'text str, end: &str) -> &'text str {
    text.split_once(end).map_or(text, |(inside, _)| inside)
}

fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
    found
}
