//! Laws of the pure crates: what decides sees no clock, no chance, no log, no network and no floating money.
//! And of the simulator's pure rooms: what answers back sees no clock, no socket and no disk either.

use crate::files::SourceFile;
use crate::lexer::lines_with;
use crate::{Offence, enforce};

const DECIDING: [&str; 2] = ["crates/model/src/", "crates/engine/src/"];
const PURE: [&str; 3] = ["crates/telemetry/src/", DECIDING[0], DECIDING[1]];

/// Rooms of the simulator in which nothing waits; its chance is seeded, its prices may float.
const ANSWERING: [&str; 3] =
    ["crates/simulator/src/exchange", "crates/simulator/src/dialect", "crates/simulator/src/faults"];

/// Of all pure crates.
const ACTING: [(&str, &str); 16] = [
    ("SystemTime", "time comes with the input's stamp"),
    ("Instant", "time comes with the input's stamp"),
    ("std::fs", "no I/O"),
    ("std::net", "no I/O"),
    ("std::env", "no I/O"),
    ("std::process", "no I/O"),
    ("std::thread", "one owner, no threads"),
    ("async", "no waiting"),
    ("println!", "a decision is told by its record"),
    ("print!", "a decision is told by its record"),
    ("eprintln!", "a decision is told by its record"),
    ("eprint!", "a decision is told by its record"),
    ("tracing", "a decision is told by its record"),
    ("log::", "a decision is told by its record"),
    ("rand", "chance comes with the input"),
    ("RandomState", "chance comes with the input"),
];

/// Of model and engine also.
const DECIDING_ONLY: [(&str, &str); 4] = [
    ("HashMap", "its order differs from run to run: BTreeMap"),
    ("HashSet", "its order differs from run to run: BTreeSet"),
    ("f64", "money and quantities are Decimal or integers"),
    ("f32", "money and quantities are Decimal or integers"),
];

/// Of the simulator's pure rooms also.
const SERVING: [(&str, &str); 5] = [
    ("tokio", "sockets and waiting are in serve"),
    ("axum", "sockets and waiting are in serve"),
    ("serve", "the pure rooms do not know who serves them"),
    ("HashMap", "its order differs from run to run: BTreeMap"),
    ("HashSet", "its order differs from run to run: BTreeSet"),
];

/// Of the exchange itself also.
const EXCHANGE_ONLY: [(&str, &str); 2] = [
    ("dialect", "the exchange speaks values, not the wire's dialect"),
    ("faults", "the exchange is right; what goes wrong is put around it"),
];

#[test]
fn the_simulated_exchange_and_its_dialect_do_not_act() {
    enforce("purity of the simulator", |files| {
        let of_all = [judge(files, &ANSWERING, &ACTING), judge(files, &ANSWERING, &SERVING)].concat();
        [of_all, judge(files, &ANSWERING[..1], &EXCHANGE_ONLY)].concat()
    });
}

#[test]
fn pure_crates_do_not_act() {
    enforce("purity", |files| judge(files, &PURE, &ACTING));
}

#[test]
fn deciding_crates_have_one_outcome_for_one_input() {
    enforce("determinism", |files| judge(files, &DECIDING, &DECIDING_ONLY));
}

fn judge(files: &[SourceFile], folders: &[&str], words: &[(&str, &str)]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.is_in(folders)) {
        for (word, why) in words {
            let lines = lines_with(&file.code, word);
            offences
                .extend(lines.into_iter().map(|line| Offence::at(file, line, format!("`{word}`: {why}"))));
        }
    }
    offences
}

#[test]
fn each_forbidden_word_is_found_in_code_only() {
    let all: Vec<_> =
        ACTING.iter().chain(&DECIDING_ONLY).chain(&SERVING).chain(&EXCHANGE_ONLY).copied().collect();
    for (word, _) in &all {
        let text = format!("//! {word}\nlet x = \"{word}\";\nlet y = {word};\n");
        let file = SourceFile::new("crates/engine/src/a.rs", &text);
        assert!(judge(&[file], &DECIDING, &all).iter().all(|offence| offence.line == 3), "{word}");
        let file = SourceFile::new("crates/engine/src/a.rs", &text);
        assert!(!judge(&[file], &DECIDING, &all).is_empty(), "{word}");
    }
}
