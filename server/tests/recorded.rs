//! Sessions that were recorded once, each in the format of its time, replay identically in every later version: byte for
//! byte. What people read about a decision may be worded anew at any time; no word of it stands in these files.
//!
//! A mend of what the engine decides changes what a session replays to that met the fault (ADR 40). Its file is moved to
//! `recorded/folded`: what it decided is still taken in as it was, by every later version.
//!
//! `RECORD_SESSION=1 cargo test -p server --test recorded` writes the file of the present format, once for each format
//! and after such a mend.

#[path = "tape_day/world.rs"]
#[allow(dead_code)]
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use engine::Engine;
use model::decision::MarketDecision;
use model::input::{OperatorAction, OperatorRequest};
use model::record::FORMAT;
use model::{Decision, DecisionRecord, Input, Lifecycle, Stamp, TradingState};
use serde::{Deserialize, Serialize};
use telemetry::CorrelationId;
use world::World;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

/// An input as the journal keeps it. Each stands on a line of its own, and after it the decisions on it, as they were
/// written.
#[derive(Serialize, Deserialize)]
struct Heard {
    stamp: Stamp,
    input: Input,
}

/// A session that enters, is evaluated for a while and is stopped.
fn recorded() -> Vec<String> {
    let mut world = World::new(120, 7);
    world.run_ms(1_000);
    let preset = model::preset::preset("quick-strangle").expect("the default preset");
    let session_id = world.start(&preset.configuration);
    world.run_ms(12_000);
    let action = OperatorAction::Stop { session_id };
    let correlation_id = CorrelationId::from_bits(0xC11C);
    world.input(Input::Operator(OperatorRequest { who: "admin".to_owned(), correlation_id, action }));
    while !world.is_stopped() {
        world.run_ms(100);
    }
    let mut records = world.records.iter().peekable();
    let mut lines = Vec::new();
    for (stamp, input) in &world.inputs {
        let heard = Heard { stamp: stamp.clone(), input: input.clone() };
        lines.push(serde_json::to_string(&heard).expect("it serialises"));
        while let Some(record) = records.next_if(|record| record.input_seq == stamp.input_seq) {
            lines.push(serde_json::to_string(record).expect("it serialises"));
        }
    }
    lines
}

/// The inputs of a file, each with the texts of the decisions on it.
fn steps(text: &str) -> Vec<(Heard, Vec<&str>)> {
    let mut steps: Vec<(Heard, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match serde_json::from_str::<Heard>(line) {
            Ok(heard) => steps.push((heard, Vec::new())),
            Err(_no_input) => steps.last_mut().expect("an input first").1.push(line),
        }
    }
    steps
}

#[test]
fn recorded_sessions_replay_byte_for_byte() {
    let present = folder().join(format!("session-format-{FORMAT}.ndjson"));
    if std::env::var_os("RECORD_SESSION").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&present, recorded().join("\n") + "\n").unwrap();
    }
    assert!(present.is_file(), "the present format has a recorded session");
    for path in files(&folder()) {
        let text = fs::read_to_string(&path).unwrap();
        let mut engine = Engine::new(TradingState::default(), 1);
        for (Heard { stamp, input }, recorded) in steps(&text) {
            let first: Option<DecisionRecord> =
                recorded.first().map(|text| serde_json::from_str(text).expect("a decision"));
            if let Some(Decision::Market(MarketDecision::Seen { events, .. })) =
                first.map(|record| record.decision)
            {
                engine.take_in(events);
            }
            let replayed: Vec<String> = engine
                .step(stamp, input)
                .iter()
                .map(|record| serde_json::to_string(record).expect("it serialises"))
                .collect();
            assert_eq!(replayed, recorded, "{}", path.display());
        }
        let session = engine.state().latest_session().expect("a session");
        assert_eq!(session.lifecycle, Lifecycle::Stopped, "{}", path.display());
        assert!(session.fills.len() >= 4 && session.summary.is_some(), "{}", path.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|ending| ending == "ndjson")).collect()
}

/// Catches: a version that cannot read what an earlier one wrote, or that makes another state of the same decisions.
#[test]
fn sessions_of_before_a_mend_are_folded_as_they_were_decided() {
    let files = files(&folder().join("folded"));
    assert!(!files.is_empty());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let mut state = TradingState::default();
        for text in steps(&text).iter().flat_map(|(_, decisions)| decisions) {
            let record: DecisionRecord = serde_json::from_str(text).expect("a decision");
            state.apply(&record);
        }
        let session = state.latest_session().expect("a session");
        assert_eq!(session.lifecycle, Lifecycle::Stopped, "{}", path.display());
        assert!(session.ledger.is_flat() && session.fills.len() >= 4, "{}", path.display());
        assert!(session.summary.as_ref().is_some_and(|summary| summary.net.is_some()), "{}", path.display());
    }
}

/// No sentence stands in the journal: whatever people read is made when a decision is told.
#[test]
fn no_word_of_a_sentence_is_in_a_recorded_session() {
    let text = fs::read_to_string(folder().join(format!("session-format-{FORMAT}.ndjson"))).unwrap();
    for (_, decisions) in steps(&text) {
        for text in decisions {
            let record: DecisionRecord = serde_json::from_str(text).unwrap();
            let sentence = telemetry::Event::message(&record.decision);
            assert!(sentence.contains(' '), "{sentence}");
            let beginning: String = sentence.split_inclusive(' ').take(3).collect();
            assert!(!text.contains(beginning.trim_end()), "{sentence} in {text}");
        }
    }
}
