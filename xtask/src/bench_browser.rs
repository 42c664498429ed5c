//! In real Chromium: what a log call costs, ours beside others (the module as it ships with its benchmark's exports, and
//! npm packages that only this benchmark installs); and how long a person on a slow phone waits.

use crate::browser;
use crate::compile::{self, Build};
use crate::kind::Kind;
use crate::pins::WASM_TARGET;
use crate::shell::{self, Failure};

const FOLDER: &str = "end2end/bench";
const MADE: &str = "target/bench-browser";

pub fn run() -> Result<(), Failure> {
    println!("\nlog calls in Chromium");
    let chromium = browser::chromium().ok_or("Chromium is missing: `cargo xtask setup` installs it")?;
    module()?;
    let root = shell::root();
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    shell::run(shell::command("npm").args(install).current_dir(root.join(FOLDER)))?;
    let script = root.join(FOLDER).join("run.mjs");
    shell::run(shell::command("node").arg(script).arg(root.join(MADE).join("pkg")).env("CHROMIUM", chromium))
}

/// The release build as a user has it.
pub fn phone() -> Result<(), Failure> {
    println!("\nControl on a slow phone");
    let chromium = browser::chromium().ok_or("Chromium is missing: `cargo xtask setup` installs it")?;
    let arguments = ["playwright", "test", "-c", "end2end/phone/playwright.config.ts"];
    shell::run(shell::command("npx").args(arguments).env("CHROMIUM", chromium))
}

/// As the release is built: same profile, same site builder.
fn module() -> Result<(), Failure> {
    let kind = Kind::Release;
    let host = shell::host()?;
    let build = ["build", "-p", "frontend", "--features", "bench", "--profile", kind.module_profile()];
    shell::run(shell::cargo(&build).args(["--target", WASM_TARGET]))?;
    compile::run(&Build { packages: &["sitebuilder"], target: &host, profile: kind.profile() })?;
    let program = format!("target/{host}/{}/sitebuilder", kind.profile());
    compile::site_builder(&program, &[&kind.module(), MADE, kind.effort()])
}
