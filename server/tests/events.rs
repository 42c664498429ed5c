//! EVENTS.md is what the code can tell: engine, server, venue, browser. The file is compared with the samples;
//! `UPDATE_EVENTS=1 cargo test -p server --test events` writes it anew.

use std::collections::BTreeMap;
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
