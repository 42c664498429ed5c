//! The contract: every name of EVENTS.md occurs in a flow, with its context and its fields, or stands here with the
//! reason why no flow brings it about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use telemetry::CatalogueEntry;

use crate::told::{Told, has_context, told};

/// Names that occur in no flow here, each with the reason and the test that brings it about and asks for it by its name.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("account.live_opened", "needs a real venue's profile: server/tests/live_guard.rs"),
    ("auth.step_up_missing", "needs a real venue's profile: server/tests/live_guard.rs"),
    ("auth.step_up_used", "needs a real venue's profile: server/tests/live_guard.rs"),
    ("auth.stepped_up", "only a real venue's profile asks for it: server/tests/live_guard.rs"),
    ("live.account_contradicted", "needs keys that change their account: server/tests/live_guard.rs"),
    ("live.account_unverified", "needs a real venue's profile: server/tests/live_guard.rs"),
    ("live.account_verified", "needs a real venue's profile: server/tests/live_guard.rs"),
    ("alert.escalated", "needs a minute without acknowledgement: server/src/alerts/machine/tests.rs"),
    (
        "auth.carried_over",
        "the file of accounts must go while the server runs: server/tests/platform/shut_out.rs",
    ),
    ("db.unusable", "needs a file that can neither be opened nor begun: server/tests/platform/full_disk.rs"),
    ("db.usable_again", "needs room that comes back on a full disk: server/tests/platform/full_disk.rs"),
    (
        "engine.begun_without_journal",
        "needs three recoveries in a row that fail: server/tests/trading_lost.rs",
    ),
    (
        "engine.judge_failed",
        "needs a mistake in a judge of the account, and none is known: crates/engine/src/judges/tests.rs",
    ),
    ("engine.journal_torn", "a row must be changed between two processes: server/tests/trading_lost.rs"),
    ("simulator.expiry_settled", "needs a position over a daily expiry: crates/simulator/tests/ether.rs"),
    ("simulator.funding_paid", "needs a perpetual over eight hours: crates/simulator/tests/ether.rs"),
    (
        "simulator.margin_topped_up",
        "needs a short position near its liquidation: crates/simulator/tests/liquidation.rs",
    ),
    (
        "simulator.position_liquidated",
        "needs a margin that is used up: crates/simulator/tests/liquidation.rs",
    ),
    ("simulator.state_saving_changed", "needs a disk that is full: crates/simulator/tests/full_disk.rs"),
    (
        "stream.connection_limited",
        "needs 150 connections in five minutes from this address: server/src/venue/talk/tests/status.rs",
    ),
    (
        "stream.frames_missed",
        "needs a frame about the account to be lost and another to follow it: server/src/venue/talk/tests/status.rs",
    ),
    (
        "stream.subscription_unconfirmed",
        "needs a venue that answers subscriptions by halves: server/src/venue/talk/tests/status.rs",
    ),
    ("telemetry.store_failed", "needs a store that refuses records: server/tests/platform/durability.rs"),
    ("telemetry.store_recovered", "needs a store that refuses records: server/tests/platform/durability.rs"),
];

/// Told or not, as it comes: an entry may be over before the switch's watch looks (every 200 ms). The switch itself is
/// tested in `server/tests/venue_desk/switch.rs`.
const BY_CHANCE: [&str; 3] = ["venue.switch_armed", "venue.switch_disarmed", "venue.switch_failed"];

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

/// Before there is any session.
const BEFORE_SESSIONS: [&str; 1] = ["stream.sign_in_refused"];

/// What EVENTS.md says of a name: the fields that every sample has, and all levels.
#[derive(Default)]
struct Promise {
    /// Fields that every sample has, and those that any has.
    always: BTreeSet<String>,
    ever: BTreeSet<String>,
    levels: BTreeSet<&'static str>,
    sources: BTreeSet<&'static str>,
}

fn promises() -> BTreeMap<&'static str, Promise> {
    let mut promises: BTreeMap<&'static str, Promise> = BTreeMap::new();
    let everything: Vec<CatalogueEntry> =
        [model::catalogue::catalogue(), server::catalogue::catalogue(), app::ui_catalogue()].concat();
    for entry in everything {
        let fields: BTreeSet<String> = entry.payload_keys.into_iter().collect();
        let fresh = || Promise { always: fields.clone(), ..Promise::default() };
        let promise = promises.entry(entry.name).or_insert_with(fresh);
        promise.always.retain(|field| fields.contains(field));
        promise.ever.extend(fields);
        promise.sources.insert(entry.source.as_str());
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
        .filter(|name| !BY_CHANCE.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{} of {} occur in no flow: {missing:#?}", missing.len(), listed.len());
    let needless: Vec<&&str> =
        excepted.keys().filter(|name| told.contains_key(*name) || !listed.contains(**name)).collect();
    assert!(needless.is_empty(), "they occur, or are no names any more: {needless:?}");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (name, reason) in excepted {
        // A reason without a test that brings it about is none.
        let file = reason.rsplit(' ').next().filter(|word| word.ends_with(".rs")).unwrap_or_default();
        let test = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(test.contains(name), "{name}: {reason}, where nothing speaks of it");
    }
    let unknown: Vec<&&str> =
        told.keys().filter(|name| !listed.contains(**name) && **name != "cycle.noted").collect();
    assert!(unknown.is_empty(), "told and not in EVENTS.md: {unknown:?}");
}

/// Fields of a promise that a record does not have.
fn lacks<'a>(promise: &'a Promise, record: &Value) -> Vec<&'a String> {
    let held = |field: &&String| {
        let in_payload = record["payload"].get(field.as_str()).is_some();
        in_payload || record.get(field.as_str()).is_some_and(|value| !value.is_null())
    };
    promise.always.iter().filter(|field| !held(field)).collect()
}

/// At least one record of each name has every field that its samples have in common: what is not known at times is
/// absent then.
#[tokio::test(flavor = "multi_thread")]
async fn every_name_is_told_with_the_fields_that_events_md_promises() {
    let promises = promises();
    let mut broken = Vec::new();
    for (name, records) in by_name(told().await) {
        let Some(promise) = promises.get(name) else { continue };
        let least =
            records.iter().map(|record| lacks(promise, record)).min_by_key(Vec::len).unwrap_or_default();
        if !least.is_empty() {
            broken.push(format!("{name} never has {least:?}, as in {}", records[0]));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_that_events_md_does_not_say() {
    let promises = promises();
    let mut broken = BTreeSet::new();
    for (name, records) in by_name(told().await) {
        let Some(promise) = promises.get(name) else { continue };
        for record in records {
            let level = record["level"].as_str().unwrap_or_default();
            if !promise.levels.contains(level)
                || !promise.sources.contains(record["source"].as_str().unwrap_or_default())
            {
                broken.insert(format!("{name} at {level} from {}", record["source"]));
            }
            // Fields of a browser's record and of libraries' lines are theirs.
            let free = name.starts_with("ui.") || name == "task.log" || OF_THE_JOURNAL.contains(&name);
            let keys = record["payload"].as_object().into_iter().flat_map(serde_json::Map::keys);
            let unknown: Vec<&String> = keys.filter(|key| !free && !promise.ever.contains(*key)).collect();
            if !unknown.is_empty() {
                broken.insert(format!("{name} has {unknown:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Lines to which more is added than stands in the decision; EVENTS.md says so in words.
const OF_THE_JOURNAL: [&str; 1] = ["session.summarised"];

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
        let of_family = OF_SESSIONS.iter().any(|family| name.starts_with(family)) && *name != "cycle.noted";
        (of_family || ALSO_OF_SESSIONS.contains(name)) && !BEFORE_SESSIONS.contains(name)
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
