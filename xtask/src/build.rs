//! The release build: `target/release/deltascope` and `target/site`, by cargo-leptos.

use std::path::Path;
use std::time::Instant;

use crate::fingerprint;
use crate::pins;
use crate::shell::{self, Failure};

/// Served as it is, so it is copied, not bundled; git does not keep it.
const CHART_FROM: &str = "node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.js";
const CHART_TO: &str = "public/vendor/lightweight-charts.js";

pub fn release() -> Result<(), Failure> {
    println!("build");
    copy_chart_library()?;
    if fingerprint::is_current()? {
        println!("  {} and {}: current", pins::BINARY, pins::SITE);
        return Ok(());
    }
    println!("  release build of server and browser module, 5 to 10 minutes on two cores from nothing");
    let started = Instant::now();
    let mut leptos = shell::cargo(&["leptos", "build", "--release", "--precompress"]);
    shell::run(&mut leptos)?;
    must_exist(pins::BINARY)?;
    must_exist(&format!("{}/pkg/{}.wasm", pins::SITE, pins::OUTPUT_NAME))?;
    fingerprint::keep()?;
    println!("  {} and {}: built in {} s", pins::BINARY, pins::SITE, started.elapsed().as_secs());
    Ok(())
}

fn copy_chart_library() -> Result<(), Failure> {
    let root = shell::root();
    let (from, to) = (root.join(CHART_FROM), root.join(CHART_TO));
    let library = std::fs::read(&from).map_err(|error| format!("cannot read {CHART_FROM}: {error}"))?;
    if std::fs::read(&to).is_ok_and(|there| there == library) {
        return Ok(());
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&to, library))
        .map_err(|error| format!("cannot write {CHART_TO}: {error}"))
}

/// cargo-leptos has ended with 0 after a failed step before; what counts is what lies there.
fn must_exist(file: &str) -> Result<(), Failure> {
    if shell::root().join(file).is_file() {
        return Ok(());
    }
    Err(format!("the build ended without an error, but {file} is not there"))
}
