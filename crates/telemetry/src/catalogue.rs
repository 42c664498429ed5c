//! EVENTS.md: implementors give one sample of every event they can tell, the text is derived from the samples.

use std::collections::BTreeMap;

use crate::{Event, Level, Source};

/// One event name of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    pub name: &'static str,
    /// Levels that this name may have, lowest first.
    pub levels: Vec<Level>,
    pub source: Source,
    /// An example message.
    pub message: String,
    /// Keys of the payload, sorted; a key that not every sample has is optional.
    pub payload_keys: Vec<String>,
    /// When it is told, in a few words; may be empty.
    pub doc: &'static str,
}

impl CatalogueEntry {
    /// Derives an entry from a sample. Several samples of one name (other levels, optional keys) are merged
    /// by [`catalogue_markdown`].
    #[must_use]
    pub fn from_sample(event: &dyn Event) -> Self {
        let mut payload_keys: Vec<String> = event.payload().keys().cloned().collect();
        payload_keys.sort();
        Self {
            name: event.name(),
            levels: vec![event.level()],
            source: event.source(),
            message: event.message(),
            payload_keys,
            doc: "",
        }
    }

    /// Adds when the event is told.
    #[must_use]
    pub fn with_doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    fn family(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(family, _)| family)
    }

    fn merge(&mut self, other: &Self) {
        self.levels.extend(&other.levels);
        self.levels.sort_unstable();
        self.levels.dedup();
        self.payload_keys.extend(other.payload_keys.iter().cloned());
        self.payload_keys.sort();
        self.payload_keys.dedup();
        if self.doc.is_empty() {
            self.doc = other.doc;
        }
    }
}

/// Renders EVENTS.md: one section a family, one table row a name, both sorted. The same entries in any order
/// give the same text, as long as entries of one name stand in the same order among themselves.
#[must_use]
pub fn catalogue_markdown(entries: &[CatalogueEntry]) -> String {
    let mut by_name: BTreeMap<(&str, &str), CatalogueEntry> = BTreeMap::new();
    for entry in entries {
        by_name
            .entry((entry.family(), entry.name))
            .and_modify(|known| known.merge(entry))
            .or_insert_with(|| entry.clone());
    }
    let mut text = String::from(
        "# Events\n\nEvery event that Deltascope can tell. Written by a test from the `Event` implementations; do not edit.\n\
         Fields that every record has: `crates/telemetry/src/record.rs`.\n",
    );
    let mut family = "";
    for ((of_family, _), entry) in &by_name {
        if *of_family != family {
            family = of_family;
            push_all(&mut text, &["\n## ", family, "\n\n"]);
            text.push_str("| event | level | source | payload | example |\n|---|---|---|---|---|\n");
        }
        push_row(&mut text, entry);
    }
    text
}

fn push_row(text: &mut String, entry: &CatalogueEntry) {
    let levels: Vec<&str> = entry.levels.iter().map(|level| level.as_str()).collect();
    let keys: Vec<String> = entry.payload_keys.iter().map(|key| ["`", key, "`"].concat()).collect();
    let example = cell(&entry.message);
    let doc = cell(entry.doc);
    push_all(text, &["| `", entry.name, "` | ", &levels.join(", "), " | ", entry.source.as_str(), " | "]);
    push_all(text, &[&keys.join(" "), " | ", &example]);
    if !doc.is_empty() {
        push_all(text, &["<br>*", &doc, "*"]);
    }
    text.push_str(" |\n");
}

fn push_all(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
