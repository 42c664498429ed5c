//! Installs what is missing, at its pinned version, and says what it does and what it costs. No tool is built: what
//! the site is made with are libraries of `sitebuilder`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::browser;
use crate::build;
use crate::pins::WASM_TARGET;
use crate::shell::{self, Failure};

/// What `build` and `run` need.
pub fn for_build() -> Result<(), Failure> {
    c_compiler()?;
    wasm_target()?;
    npm_packages()?;
    build::bundle_chart_library()
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
    println!(
        "  npm packages: installing (wasm-opt, esbuild, chart library, Playwright, axe), under a minute"
    );
    shell::run(shell::command("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
}

fn is_newer(made: &Path, source: &Path) -> bool {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let (made, source): (Option<SystemTime>, Option<SystemTime>) = (modified(made), modified(source));
    matches!((made, source), (Some(made), Some(source)) if made >= source)
}
