//! Suites that need Chromium: wasm-bindgen tests, and Playwright on the release build.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser;
use crate::fingerprint;
use crate::kind::Kind;
use crate::pins::WASM_TARGET;
use crate::shell::{self, Failure};
use crate::suite::Verdict;
use crate::tee;

const MARK: &str = "#[wasm_bindgen_test]";

/// Only targets that hold such tests are built: the others are tested natively.
pub fn wasm() -> Verdict {
    let commands: Vec<Command> =
        [wasm_tests_of("app", &["--features", "hydrate"]), wasm_tests_of("frontend", &[])]
            .into_iter()
            .flatten()
            .collect();
    if commands.is_empty() {
        return Verdict::Skipped("no crate has wasm-bindgen tests yet".into());
    }
    let Some(driver) = browser::driver() else {
        return Verdict::Failed("chromedriver is missing: `cargo xtask setup` installs it".into());
    };
    let runner = match runner() {
        Ok(runner) => runner,
        Err(sentence) => return Verdict::Failed(sentence),
    };
    let run = |mut command: Command| {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner);
        command.env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", &driver);
        tee::run(&mut command)
    };
    Verdict::of_tests(commands.into_iter().map(run).collect())
}

/// The library behind `wasm-bindgen-test-runner`, as a program of ours.
fn runner() -> Result<PathBuf, Failure> {
    let program = ["build", "-p", "sitebuilder", "--features", "test-runner", "--bin", "wasm-tests"];
    shell::run(&mut shell::cargo(&program))?;
    Ok(shell::root().join("target/debug/wasm-tests"))
}

fn wasm_tests_of(name: &str, features: &[&str]) -> Option<Command> {
    let folder = shell::root().join(name);
    let mut test = shell::cargo(&["test", "-p", name, "--target", WASM_TARGET]);
    test.args(features);
    let mut found = false;
    if files(&folder.join("src"), "rs").iter().any(|file| holds(file, MARK)) {
        test.arg("--lib");
        found = true;
    }
    for file in files(&folder.join("tests"), "rs").iter().filter(|file| holds(file, MARK)) {
        if let Some(stem) = file.file_stem() {
            test.arg("--test").arg(stem);
            found = true;
        }
    }
    found.then_some(test)
}

pub fn end_to_end(full: bool) -> Verdict {
    let specs = files(&shell::root().join("end2end"), "ts");
    if !specs.iter().any(|file| file.to_string_lossy().ends_with(".spec.ts")) {
        return Verdict::Skipped("end2end has no spec yet".into());
    }
    match fingerprint::is_current(Kind::Release) {
        Ok(true) => Verdict::of_tests(playwright(full).map(|run| vec![run])),
        Ok(false) => {
            Verdict::Failed("not run: the release build is missing or stale (`cargo xtask build`)".into())
        }
        Err(sentence) => Verdict::Failed(sentence),
    }
}

fn playwright(full: bool) -> Result<tee::Counted, Failure> {
    let chromium = browser::chromium().ok_or("Chromium is missing: `cargo xtask setup` installs it")?;
    let mut playwright = shell::command("playwright");
    playwright.args(["test", "--config", "end2end/playwright.config.ts"]);
    playwright.env("CHROMIUM", chromium).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    if full {
        playwright.env("DELTASCOPE_FULL", "1");
    }
    tee::run(&mut playwright)
}

fn holds(file: &Path, text: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|content| content.contains(text))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|there| there == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
