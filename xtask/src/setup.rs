//! Installs what is missing, each tool at its pinned version, and says what it does and what it costs.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::browser;
use crate::pins::{CARGO_LEPTOS, WASM_BINDGEN, WASM_TARGET};
use crate::shell::{self, Failure};

/// What `build` and `run` need.
pub fn for_build() -> Result<(), Failure> {
    println!("setup");
    c_compiler()?;
    wasm_target()?;
    npm_packages()?;
    wasm_bindgen()?;
    cargo_leptos()
}

/// What `test` needs: the same and a browser.
pub fn everything() -> Result<(), Failure> {
    for_build()?;
    browser::ensure()
}

/// SQLite and the TLS library are built from C sources.
fn c_compiler() -> Result<(), Failure> {
    let there = ["cc", "gcc", "clang"].iter().any(|name| shell::which(name).is_some());
    if there || std::env::var_os("CC").is_some() {
        return Ok(());
    }
    Err("a C compiler is missing: install one (Debian, Ubuntu: `sudo apt-get install build-essential`)"
        .into())
}

fn wasm_target() -> Result<(), Failure> {
    let mut question = shell::command("rustc");
    question.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let folder = PathBuf::from(shell::capture(&mut question)?.trim());
    if folder.is_dir() {
        println!("  rust target {WASM_TARGET}: there");
        return Ok(());
    }
    println!("  rust target {WASM_TARGET}: adding, under a minute");
    shell::run(shell::command("rustup").args(["target", "add", WASM_TARGET])).map_err(|error| {
        format!("{error}; add the target {WASM_TARGET} to your Rust toolchain and try again")
    })
}

/// The crate's own lock file may name a withdrawn version, hence the second try without it.
fn wasm_bindgen() -> Result<(), Failure> {
    let version = version_of(&["wasm-bindgen"]);
    let runner = shell::which("wasm-bindgen-test-runner").is_some();
    match version {
        Some(found) if found == WASM_BINDGEN && runner => {
            println!("  wasm-bindgen {found}: there");
            return Ok(());
        }
        Some(found) => println!("  wasm-bindgen: replacing {found} by {WASM_BINDGEN}, about 3 minutes"),
        None => println!("  wasm-bindgen {WASM_BINDGEN}: installing, about 3 minutes on two cores"),
    }
    let install = ["install", "wasm-bindgen-cli", "--version", WASM_BINDGEN, "--force"];
    shell::run(shell::cargo(&install).arg("--locked")).or_else(|error| {
        println!("    {error}; trying without its lock file");
        shell::run(&mut shell::cargo(&install))
    })
}

/// Any version that runs will do. Its release profile optimises for size at great cost in time; a build tool
/// used a few times a day does not need that.
fn cargo_leptos() -> Result<(), Failure> {
    if let Some(found) = version_of(&["cargo-leptos", "leptos"]) {
        let note = if found == CARGO_LEPTOS {
            ""
        } else {
            " (pinned is another version; a build tells whether it fits)"
        };
        println!("  cargo-leptos {found}: there{note}");
        return Ok(());
    }
    println!("  cargo-leptos {CARGO_LEPTOS}: installing, 10 to 15 minutes on two cores, this once");
    let mut install = shell::cargo(&["install", "cargo-leptos", "--version", CARGO_LEPTOS, "--locked"]);
    install.args(["--features", "no_downloads"]);
    install.env("CARGO_PROFILE_RELEASE_LTO", "off");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    shell::run(&mut install)
}

/// The last word of what `--version` prints, if the program runs.
fn version_of(program: &[&str]) -> Option<String> {
    let mut question = shell::command(program[0]);
    let told = shell::capture(question.args(&program[1..]).arg("--version")).ok()?;
    told.split_whitespace().last().map(str::to_owned)
}

/// No package runs a script of its own: what we use needs none.
fn npm_packages() -> Result<(), Failure> {
    let root = shell::root();
    if is_newer(&root.join("node_modules/.package-lock.json"), &root.join("package-lock.json")) {
        println!("  npm packages: there");
        return Ok(());
    }
    if shell::which("npm").is_none() || shell::which("node").is_none() {
        return Err(
            "npm is missing: install Node.js 20 or newer with npm (Debian, Ubuntu: `sudo apt-get install \
                    nodejs npm`)"
                .into(),
        );
    }
    println!("  npm packages: installing (wasm-opt, chart library, Playwright, axe), about a minute");
    shell::run(shell::command("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
}

fn is_newer(made: &Path, source: &Path) -> bool {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let (made, source): (Option<SystemTime>, Option<SystemTime>) = (modified(made), modified(source));
    matches!((made, source), (Some(made), Some(source)) if made >= source)
}
