//! Running other programs: where the repository is, where tools are looked for, what a child inherits.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// One sentence for the person at the terminal.
pub type Failure = String;

/// The repository: cargo tells where xtask's manifest lies, its parent is the root.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let xtask = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    xtask.parent().map(Path::to_path_buf).unwrap_or(xtask)
}

/// Folders that hold our own tools; they come before the rest of PATH.
fn tool_folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cargo_home =
        std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| home.map(|home| home.join(".cargo")));
    let mut folders = vec![root().join("node_modules/.bin")];
    folders.extend(cargo_home.map(|home| home.join("bin")));
    folders
}

fn search_path() -> Vec<PathBuf> {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    tool_folders().into_iter().chain(std::env::split_paths(&inherited)).collect()
}

/// The first file of that name on our search path.
pub fn which(name: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A command in the repository root that finds our tools. What `cargo run` told *us* about our own package is
/// taken away again: build scripts watch these variables and would run anew each time.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("PATH", std::env::join_paths(search_path()).unwrap_or_else(|_| inherited()));
    for (name, _) in std::env::vars_os() {
        if is_ours(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    command
}

fn inherited() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn is_ours(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

pub fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command("cargo");
    cargo.args(arguments);
    cargo
}

/// This machine's target, in the compiler's words. Builds name it: then what the compiler uses itself is built the
/// same for the program and for the browser module, and only once.
pub fn host() -> Result<String, Failure> {
    let told = capture(command("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "`rustc -vV` names no host".to_owned())
}

/// `9 s`, `2 min 5 s`.
pub fn duration(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs with our terminal; an exit status other than 0 is a failure.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    println!("    $ {}", shown(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", shown(command))) }
}

/// What the command printed on stdout, if it could be run and succeeded.
pub fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command.stderr(Stdio::piped()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{}` ended with {}: {}", shown(command), output.status, told.trim()))
}

/// Installs Debian's packages. `Err`: we may not, or there are none of that name.
pub fn install(packages: &[&str]) -> Result<(), Failure> {
    if which("apt-get").is_none() || !crate::browser::is_root() {
        return Err(format!("{} cannot be installed here: that takes root and apt-get", packages.join(", ")));
    }
    println!("  {}: installing with apt-get", packages.join(", "));
    run(command("apt-get").args(["update", "-qq"]))?;
    let mut install = command("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args([
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
    ]);
    run(install.args(packages))
}

pub fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    format!("cannot start `{}`: {error}", command.get_program().to_string_lossy())
}
