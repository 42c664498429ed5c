//! The contract: every name of EVENTS.md occurs in a flow, with its context and its fields, or stands here with the
//! reason why no flow brings it about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use telemetry::CatalogueEntry;

use crate::told::{Told, has_context, told};

/// Names that occur in no flow here, each with the test that brings it about, or the reason why none can.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Families whose lines are always about a session, so that one with the whole context must be there.
const OF_SESSIONS: [&str; 7] = ["session.", "entry.", "cycle.", "rules.", "trailing.", "market.", "stream."];
/// The same for single names beyond them.
const ALSO_OF_SESSIONS: [&str; 12] = [
    "order.submitted",
    "order.acknowledged",
    "order.filled",
    "order.fill_booked",
    "order.ambiguous",
    "order.canceled",
    "exit.decided",
    "exit.evaluated",
    "exit.verified_flat",
    "position.read",
    "venue.request",
    "http.request",
];

/// What EVENTS.md says of a name: the fields that every sample has, and all levels.
#[derive(Default)]
struct Promise {
    fields: BTreeSet<String>,
    levels: BTreeSet<&'static str>,
    source: &'static str,
}

fn promises() -> BTreeMap<&'static str, Promise> {
    let mut promises: BTreeMap<&'static str, Promise> = BTreeMap::new();
    let everything: Vec<CatalogueEntry> =
        [model::catalogue::catalogue(), server::catalogue::catalogue(), app::ui_catalogue()].concat();
    for entry in everything {
        let fields: BTreeSet<String> = entry.payload_keys.into_iter().collect();
        let promise = promises.entry(entry.name).or_insert_with(|| Promise {
            fields: fields.clone(),
            levels: BTreeSet::new(),
            source: entry.source.as_str(),
        });
        promise.fields.retain(|field| fields.contains(field));
        promise.levels.extend(entry.levels.iter().map(|level| level.as_str()));
    }
    promises
}

fn by_name(told: &Told) -> BTreeMap<&str, Vec<&Value>> {
    let mut names: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in told.all() {
        names.entry(record["event"].as_str().unwrap_or_default()).or_default().push(record);
    }
    names
}

/// Names in EVENTS.md, as it stands in the repository.
fn listed() -> BTreeSet<String> {
    let text = include_str!("../../../EVENTS.md");
    let names = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_occurs_in_a_flow_or_has_a_reason() {
    let told = by_name(told().await);
    let excepted: BTreeMap<&str, &str> = EXCEPTIONS.iter().copied().collect();
    let listed = listed();
    let missing: Vec<&String> = listed
        .iter()
        .filter(|name| !told.contains_key(name.as_str()) && !excepted.contains_key(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{} of {} occur in no flow: {missing:#?}", missing.len(), listed.len());
    let needless: Vec<&&str> =
        excepted.keys().filter(|name| told.contains_key(*name) || !listed.contains(**name)).collect();
    assert!(needless.is_empty(), "they occur, or are no names any more: {needless:?}");
    assert!(excepted.values().all(|reason| reason.len() > 20), "each exception has its reason");
    let unknown: Vec<&&str> =
        told.keys().filter(|name| !listed.contains(**name) && **name != "cycle.noted").collect();
    assert!(unknown.is_empty(), "told and not in EVENTS.md: {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_has_the_fields_that_events_md_promises() {
    let promises = promises();
    let mut broken = Vec::new();
    for (name, records) in by_name(told().await) {
        let Some(promise) = promises.get(name) else { continue };
        for record in records {
            let held = |field: &&String| {
                let in_payload = record["payload"].get(field.as_str()).is_some();
                in_payload || record.get(field.as_str()).is_some_and(|value| !value.is_null())
            };
            let missing: Vec<&String> = promise.fields.iter().filter(|field| !held(field)).collect();
            let level = record["level"].as_str().unwrap_or_default();
            let told_so = promise.levels.contains(level) && record["source"] == promise.source;
            if !missing.is_empty() || !told_so {
                broken.push(format!("{name} ({level}) lacks {missing:?}: {record}"));
                break;
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_has_what_all_records_have() {
    for record in told().await.all() {
        for field in ["timestamp", "level", "service", "source", "event", "message"] {
            assert!(record[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {record:#}");
        }
        assert!(record["payload"].is_object() && record.get("correlation_id").is_some(), "{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_of_a_session_occurs_with_the_whole_context() {
    let excepted: BTreeSet<&str> = EXCEPTIONS.iter().map(|(name, _)| *name).collect();
    let told = by_name(told().await);
    let of_sessions = |name: &&str| {
        OF_SESSIONS.iter().any(|family| name.starts_with(family)) || ALSO_OF_SESSIONS.contains(name)
    };
    let bare: Vec<&str> = told
        .iter()
        .filter(|(name, _)| of_sessions(name) && !excepted.contains(*name))
        .filter(|(_, records)| !records.iter().any(|record| has_context(record)))
        .map(|(name, _)| *name)
        .collect();
    assert!(bare.is_empty(), "told, and never with strategy, session, configuration and mode: {bare:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_tells_says_which_browser_it_was() {
    let told = by_name(told().await);
    let browsers: Vec<(&&str, &Vec<&Value>)> =
        told.iter().filter(|(name, _)| name.starts_with("ui.")).collect();
    assert!(browsers.len() > 20, "{}", browsers.len());
    for (name, records) in browsers {
        for record in records {
            for field in ["client_session_id", "tab_id", "route", "user_id", "received_at", "correlation_id"]
            {
                assert!(record[field].is_string(), "{field} of {name}: {record:#}");
            }
        }
    }
}
