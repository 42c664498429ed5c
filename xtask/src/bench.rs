//! Benchmarks with their baselines, then the size of what a browser loads first.

use std::path::{Path, PathBuf};

use crate::kind::Kind;
use crate::nodes::{Node, Trouble};
use crate::shell::{self, Failure};
use crate::suites;

/// Measured once with the same framework versions and flags: a page that says hello and nothing else.
const SKELETON_RAW: u64 = 411_000;
const SKELETON_BROTLI: u64 = 137_000;
/// What the first load of Control may weigh in all, compressed.
const BUDGET_BROTLI: u64 = 250_000;

/// Needs engines, which are not to run beside the others.
const FORWARDER: &str = "forwarder";
/// What several use.
const SHARED: &str = "support";

pub fn run() -> Result<(), Failure> {
    println!("bench");
    let cargo = |names: &[String]| -> Result<_, Failure> {
        let mut cargo = shell::cargo(&["bench", "-p", "server", "--target", &shell::host()?]);
        names.iter().for_each(|name| {
            cargo.args(["--bench", name]);
        });
        Ok(cargo)
    };
    let (last, others) = names()?.into_iter().partition::<Vec<_>, _>(|name| name == FORWARDER);
    shell::run(&mut cargo(&others)?)?;
    let nodes = engines();
    let urls: Vec<String> = nodes.iter().map(Node::url).collect();
    shell::run(cargo(&last)?.env("DELTASCOPE_BENCH_ENGINES", urls.join(",")))?;
    drop(nodes);
    crate::bench_browser::run()?;
    crate::bench_browser::phone()?;
    first_load()
}

/// The benchmarks of the server: a file or a folder each.
fn names() -> Result<Vec<String>, Failure> {
    let folder = shell::root().join("server/benches");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| stem(entry.path())).collect();
    names.retain(|name| name != SHARED);
    names.sort();
    Ok(names)
}

/// Search engines without the limits of the tests, and rsyslog where it can be had.
fn engines() -> Vec<Node> {
    let _ = suites::rsyslog();
    match suites::engines(false) {
        Ok(nodes) => nodes,
        Err(Trouble::Missing(why) | Trouble::Broken(why)) => {
            println!("  no real search engine: {why}");
            Vec::new()
        }
    }
}

struct Asset {
    name: String,
    raw: u64,
    brotli: Option<u64>,
}

fn first_load() -> Result<(), Failure> {
    let folder = Kind::Release.site();
    let site = shell::root().join(&folder);
    let assets = assets(&site, &site).map_err(|error| format!("cannot read {folder}: {error}"))?;
    println!("\nfirst load ({folder})\n{:<48} {:>10} {:>10}", "file", "raw kB", "brotli kB");
    for asset in &assets {
        println!(
            "{:<48} {:>10} {:>10}",
            asset.name,
            kilobytes(asset.raw),
            asset.brotli.map_or("-".into(), kilobytes)
        );
    }
    let raw = assets.iter().map(|asset| asset.raw).sum();
    let brotli = assets.iter().filter_map(|asset| asset.brotli).sum();
    println!("{:<48} {:>10} {:>10}", "all", kilobytes(raw), kilobytes(brotli));
    if let Some(module) = assets.iter().find(|asset| asset.name.ends_with(".wasm")) {
        compare("WASM, raw", module.raw, "hello-world skeleton", SKELETON_RAW);
        compare("WASM, brotli", module.brotli.unwrap_or(module.raw), "hello-world skeleton", SKELETON_BROTLI);
    }
    compare("all, brotli", brotli, "budget", BUDGET_BROTLI);
    Ok(())
}

fn compare(what: &str, bytes: u64, baseline: &str, base: u64) {
    let ratio = bytes as f64 / base as f64;
    println!("{what}: {} kB beside {} kB ({baseline}), {ratio:.2} x", kilobytes(bytes), kilobytes(base));
}

fn assets(folder: &Path, site: &Path) -> std::io::Result<Vec<Asset>> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(assets(&path, site)?);
        } else if path.extension().is_some_and(|kind| kind == "wasm" || kind == "js" || kind == "css") {
            found.push(asset(&path, site)?);
        }
    }
    Ok(found)
}

fn asset(path: &Path, site: &Path) -> std::io::Result<Asset> {
    let compressed = PathBuf::from(format!("{}.br", path.display()));
    Ok(Asset {
        name: path.strip_prefix(site).unwrap_or(path).display().to_string(),
        raw: std::fs::metadata(path)?.len(),
        brotli: std::fs::metadata(compressed).map(|meta| meta.len()).ok(),
    })
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}
