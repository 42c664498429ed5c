//! Suites that need only cargo: format, lint, laws, tests on this machine.

use std::process::Command;

use crate::build;
use crate::kind::Kind;
use crate::pins::WASM_TARGET;
use crate::shell;
use crate::steps::Steps;
use crate::suite::Verdict;
use crate::tee;

pub fn format() -> Verdict {
    Verdict::of(shell::run(&mut shell::cargo(&["fmt", "--all", "--check"])))
}

/// `frontend` turns on leptos's browser half, which must not be mixed with the server half in one build.
pub fn lint() -> Verdict {
    let server = ["clippy", "--workspace", "--exclude", "frontend", "--all-targets", "--", "-D", "warnings"];
    let browser =
        ["clippy", "-p", "frontend", "--all-targets", "--target", WASM_TARGET, "--", "-D", "warnings"];
    Verdict::of(shell::run(&mut shell::cargo(&server)).and_then(|()| shell::run(&mut shell::cargo(&browser))))
}

pub fn laws() -> Verdict {
    Verdict::of_tests(tee::run(&mut shell::cargo(&["test", "-p", "xtask"])).map(|run| vec![run]))
}

pub fn build() -> Verdict {
    Verdict::of(build::all(Kind::Release, &mut Steps::new(build::STEPS)))
}

/// Tests of every crate but those with suites of their own. Whoever names the same crates compiles nothing twice.
pub fn of_all(more: &[&str]) -> Command {
    let mut tests = shell::cargo(&["test", "--workspace", "--exclude", "frontend", "--exclude", "xtask"]);
    tests.args(more);
    tests
}

/// Tests with more seeds read `DELTASCOPE_FULL`.
pub fn tests(full: bool) -> Verdict {
    docker_compose();
    let mut tests = of_all(&["--no-fail-fast"]);
    if full {
        tests.env("DELTASCOPE_FULL", "1");
    }
    Verdict::of_tests(tee::run(&mut tests).map(|run| vec![run]))
}

/// Reads the files of `deploy/elastic` as their users' will; no daemon is needed for it. Installed where we may.
fn docker_compose() {
    if shell::which("docker-compose").is_none()
        && let Err(why) = shell::install(&["docker-compose"])
    {
        println!("skipped: docker-compose does not look at its file: {why}");
    }
}
