//! The suites of `cargo xtask test`, in the order in which they run, and the choice among them.

mod browser_tests;
mod clients;
mod engines;
mod native;
mod purity;

use crate::setup;
use crate::shell::{self, Failure};
use crate::suite::{self, Suite, Verdict};

const ALL: [Suite; 11] = [
    Suite { name: "format", about: "rustfmt would change nothing", run: |_| native::format() },
    Suite {
        name: "lint",
        about: "clippy is silent, for the server's target and for the browser's",
        run: |_| native::lint(),
    },
    Suite { name: "laws", about: "the laws of the house", run: |_| native::laws() },
    Suite { name: "native", about: "tests of every crate on this machine", run: native::tests },
    Suite { name: "engines", about: "real search engines, from Maven's artifacts", run: engines::ours },
    Suite {
        name: "purity",
        about: "telemetry, model and engine build for WASM without forbidden crates",
        run: |_| purity::check(),
    },
    Suite { name: "wasm", about: "tests of the browser side in Chromium", run: |_| browser_tests::wasm() },
    Suite { name: "build", about: "the release build", run: |_| native::build() },
    Suite { name: "clients", about: "third-party clients on the simulated venue", run: |_| clients::run() },
    Suite { name: "end2end", about: "Playwright on the release build", run: browser_tests::end_to_end },
    Suite { name: "deny", about: "licences, bans and sources of every dependency (--full)", run: deny },
];

pub struct Choice {
    suites: Vec<&'static Suite>,
    full: bool,
}

pub fn names() -> String {
    ALL.iter().map(|suite| suite.name).collect::<Vec<_>>().join(", ")
}

/// Tests against somebody's own search engine.
pub use engines::theirs as of_an_engine;

/// What tests and benchmarks of the forwarder meet.
pub use engines::{rsyslog, started as engines};

/// Reads `--only`, `--skip` and `--full`.
pub fn choose(arguments: &[String]) -> Result<Choice, Failure> {
    let mut choice = Choice { suites: ALL.iter().collect(), full: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--full" => choice.full = true,
            "--only" => {
                let wanted = listed(argument, rest.next())?;
                choice.suites.retain(|suite| wanted.contains(&suite.name));
            }
            "--skip" => {
                let unwanted = listed(argument, rest.next())?;
                choice.suites.retain(|suite| !unwanted.contains(&suite.name));
            }
            unknown => {
                return Err(format!("`test` does not know `{unknown}`; it takes --only, --skip and --full"));
            }
        }
    }
    Ok(choice)
}

fn listed<'list>(option: &str, list: Option<&'list String>) -> Result<Vec<&'list str>, Failure> {
    let list = list.ok_or_else(|| format!("`{option}` needs suites, separated by commas: {}", names()))?;
    let wanted: Vec<&str> = list.split(',').collect();
    match wanted.iter().find(|name| !ALL.iter().any(|suite| suite.name == **name)) {
        Some(unknown) => Err(format!("there is no suite `{unknown}`; there are {}", names())),
        None => Ok(wanted),
    }
}

/// Set-up is as small as the chosen suites allow.
pub fn run(choice: Choice) -> Result<(), Failure> {
    let chosen = |names: &[&str]| choice.suites.iter().any(|suite| names.contains(&suite.name));
    println!("set-up");
    if chosen(&["wasm", "end2end"]) {
        setup::everything()?;
    } else if chosen(&["build", "lint", "purity", "native", "engines"]) {
        setup::for_build()?;
    }
    suite::run_all(&choice.suites, choice.full)
}

fn deny(full: bool) -> Verdict {
    if !full {
        return Verdict::Skipped("runs with --full".into());
    }
    if shell::which("cargo-deny").is_none() {
        return Verdict::Skipped("cargo-deny is not installed: `cargo install cargo-deny --locked`".into());
    }
    Verdict::of(shell::run(&mut shell::cargo(&["deny", "check", "bans", "licenses", "sources"])))
}
