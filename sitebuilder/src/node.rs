//! Tools from npm: `wasm-opt` makes the module small, `esbuild` bundles style and scripts and takes out what only
//! people read.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

/// Without its inlining passes it leaves code that is longer and travels shorter: repeats compress. The same list stands
/// in `[[workspace.metadata.leptos]]`.
const FOR_SIZE: [&str; 5] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--skip-pass=inlining-optimizing",
    "--skip-pass=inlining",
];
/// Browsers of the last two years; the same as `browserquery` in `[[workspace.metadata.leptos]]`.
const BROWSERS: &str = "--target=chrome131,edge131,firefox133,safari18.2";

pub fn optimise(root: &Path, module: &Path, to: &Path) -> Result<(), Failure> {
    let mut tool = tool(root, "wasm-opt", "binaryen")?;
    // The names are needed once more; they are taken out afterwards.
    run(tool.args(FOR_SIZE).arg("-g").arg(module).arg("-o").arg(to)).map(drop)
}

/// One file with all that it imports, without comments and blanks.
pub fn bundle(root: &Path, file: &Path) -> Result<Vec<u8>, Failure> {
    let mut tool = tool(root, "esbuild", "esbuild")?;
    run(tool.arg(file).args(["--bundle", "--format=esm", "--minify", "--log-level=warning", BROWSERS]))
}

/// A script as it is, only shorter: its addresses are those of the site, not of files here.
pub fn shorten(root: &Path, script: &Path) -> Result<Vec<u8>, Failure> {
    let mut tool = tool(root, "esbuild", "esbuild")?;
    run(tool.arg(script).args(["--minify", "--log-level=warning", BROWSERS]))
}

fn tool(root: &Path, name: &str, package: &str) -> Result<Command, Failure> {
    let program: PathBuf = root.join("node_modules/.bin").join(name);
    if program.exists() {
        let mut command = Command::new(program);
        command.current_dir(root);
        return Ok(command);
    }
    Err(format!(
        "{name} is missing: it comes with the npm package `{package}`; `cargo xtask setup` installs it, or `npm ci \
         --ignore-scripts` in the repository"
    ))
}

/// What it printed on stdout.
fn run(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot start {name}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} ended with {}: {}", output.status, told.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = include_str!("../../Cargo.toml");

    #[test]
    fn cargo_leptos_would_optimise_in_the_same_way() {
        let line = WORKSPACE.lines().find(|line| line.starts_with("wasm-opt-features = ")).expect("its list");
        let listed = FOR_SIZE.map(|word| format!("\"{word}\"")).join(", ");
        assert_eq!(line, format!("wasm-opt-features = [{listed}]"));
    }

    #[test]
    fn a_tool_that_is_missing_is_named_with_what_brings_it() {
        let empty = tempfile::tempdir().expect("a folder");
        let told =
            optimise(empty.path(), Path::new("a.wasm"), Path::new("b.wasm")).expect_err("no tool there");
        assert!(told.contains("wasm-opt is missing") && told.contains("`binaryen`"), "{told}");
        assert!(told.contains("`cargo xtask setup`") && told.contains("`npm ci --ignore-scripts`"), "{told}");
    }
}
