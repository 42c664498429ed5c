//! The pure crates build for the browser's target, and nothing that acts is among what they are built from.

use crate::pins::WASM_TARGET;
use crate::shell::{self, Failure};
use crate::suite::Verdict;

const PURE: [&str; 3] = ["telemetry", "model", "engine"];

/// Crates that wait, draw lots, log or read the clock.
const FORBIDDEN: [&str; 9] =
    ["tokio", "tracing", "tracing-subscriber", "sqlx", "rand", "reqwest", "axum", "chrono", "getrandom"];

const HARNESS: &str = "proptest";

pub fn check() -> Verdict {
    match builds_for_wasm().and_then(|()| carries_none()) {
        Ok(crates) => Verdict::Passed(format!("{crates} crates looked at")),
        Err(sentence) => Verdict::Failed(sentence),
    }
}

fn builds_for_wasm() -> Result<(), Failure> {
    let mut check = shell::cargo(&["check", "--target", WASM_TARGET]);
    for pure in PURE {
        check.args(["-p", pure]);
    }
    shell::run(&mut check)
}

/// To any depth, tests included. Only the property-test harness is not looked into: its randomness makes inputs
/// and is never seen by what it tests.
fn carries_none() -> Result<usize, Failure> {
    let mut looked_at = 0;
    for pure in PURE {
        let question = [
            "tree",
            "-p",
            pure,
            "--edges",
            "normal,build,dev",
            "--prune",
            HARNESS,
            "--target",
            "all",
            "--prefix",
            "none",
        ];
        let tree = shell::capture(&mut shell::cargo(&question))?;
        let found = forbidden_in(&tree);
        if !found.is_empty() {
            return Err(format!("{pure} is built from {}", found.join(", ")));
        }
        looked_at += tree.lines().count();
    }
    Ok(looked_at)
}

fn forbidden_in(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| FORBIDDEN.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_crate_anywhere_in_the_tree_is_found() {
        let tree = "model v0.1.0 (/x)\nserde v1.0.0\nrand v0.10.1\nrand_core v0.10.0\n";
        assert_eq!(forbidden_in(tree), ["rand"]);
        assert!(forbidden_in("model v0.1.0\nserde v1.0.0\n").is_empty());
    }
}
