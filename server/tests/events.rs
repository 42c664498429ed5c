//! EVENTS.md is what the code can tell: engine, server, venue, browser. The file is compared with the samples;
//! `UPDATE_EVENTS=1 cargo test -p server --test events` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

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

/// The simulator has no `Event`s of ours: what it names in its sources must stand in the catalogue.
#[test]
fn every_note_that_the_simulator_names_is_in_the_catalogue() {
    let known: BTreeSet<&str> = everything().iter().map(|entry| entry.name).collect();
    let mut named = BTreeSet::new();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/simulator/src");
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        named.extend(
            text.split("name: \"simulator.")
                .skip(1)
                .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
        );
    }
    assert!(named.len() >= 7, "{named:?}");
    for name in named {
        assert!(known.contains(["simulator.", &name].concat().as_str()), "simulator.{name}");
    }
}
