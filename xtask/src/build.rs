//! A build: the browser module, the program with its site builder, then the site beside the program.

use std::path::Path;
use std::time::Instant;

use crate::compile::{self, Build};
use crate::fingerprint;
use crate::kind::Kind;
use crate::pins::{BINARY, WASM_TARGET};
use crate::shell::{self, Failure};
use crate::steps::Steps;

/// What the chart needs of its library, bundled; git does not keep it.
const CHART_FROM: &str = "xtask/chart-library.js";
const BUNDLER: &str = "node_modules/.bin/esbuild";
const CHART_TO: &str = "public/vendor/lightweight-charts.js";

/// Steps that `all` takes.
pub const STEPS: usize = 4;

/// Nothing is done when nothing changed.
pub fn all(kind: Kind, steps: &mut Steps) -> Result<(), Failure> {
    if fingerprint::is_current(kind)? {
        steps.skip(STEPS, &format!("{} and {}: current", kind.binary(), kind.site()));
        return Ok(());
    }
    let started = Instant::now();
    let host = shell::host()?;
    steps.begin("fetching the crates of Cargo.lock that are not there");
    shell::run(&mut shell::cargo(&["fetch", "--target", &host, "--target", WASM_TARGET]))?;
    steps.begin("compiling the browser module");
    compile::run(&Build { packages: &["frontend"], target: WASM_TARGET, profile: kind.module_profile() })?;
    steps.begin("compiling the server and the site builder");
    compile::run(&Build { packages: &["server", "sitebuilder"], target: &host, profile: kind.profile() })?;
    steps.begin("making the site");
    let made = format!("target/{host}/{}", kind.profile());
    compile::site_builder(&format!("{made}/sitebuilder"), &[&kind.module(), &kind.site(), kind.effort()])?;
    put_program(&format!("{made}/{BINARY}"), &kind.binary())?;
    fingerprint::keep(kind)?;
    println!("  {} and {}: built in {}", kind.binary(), kind.site(), shell::duration(started.elapsed()));
    Ok(())
}

/// From npm into the public files, where `cargo leptos watch` looks for it too.
pub fn bundle_chart_library() -> Result<(), Failure> {
    let root = shell::root();
    let to = root.join(CHART_TO);
    let mut bundler = shell::command(&root.join(BUNDLER).to_string_lossy());
    bundler.arg(CHART_FROM).args(["--bundle", "--format=esm", "--minify", "--conditions=production"]);
    // The library's notice stays with it.
    let library = shell::capture(bundler.args(["--legal-comments=eof", "--log-level=warning"]))?;
    if std::fs::read(&to).is_ok_and(|there| there == library.as_bytes()) {
        return Ok(());
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&to, library))
        .map_err(|error| format!("cannot write {CHART_TO}: {error}"))
}

/// A file of its own under the name that people know: cargo goes on writing to its own. A program that runs keeps
/// the file it was started from.
fn put_program(from: &str, to: &str) -> Result<(), Failure> {
    let root = shell::root();
    let (from, to) = (root.join(from), root.join(to));
    let beside = to.with_extension("new");
    let folder = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(&from, &beside).map(drop))
        .and_then(|()| std::fs::rename(&beside, &to))
        .map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}
