//! Conformance by code that is not ours: the venue's own Python client and ccxt, at pinned versions, against the
//! simulated venue. What cannot be had here (no Python, no package index) is said and skipped: then nothing was shown.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::browser;
use crate::fingerprint;
use crate::kind::Kind;
use crate::shell::{self, Failure};
use crate::suite::Verdict;

const FOLDER: &str = "end2end/clients";
const SCRIPTS: [&str; 2] = ["official.py", "with_ccxt.py"];
const NO_PYTHON: &str =
    "Python 3 with venv is not installed (Debian, Ubuntu: `apt-get install python3-venv`)";
const NO_INDEX: &str =
    "NOT SHOWN: pip could not install the clients, see above; the package index may be out of reach";

pub fn run() -> Verdict {
    let current = |kind: &Kind| fingerprint::is_current(*kind).unwrap_or(false);
    let Some(kind) = [Kind::Release, Kind::Quick].into_iter().find(current) else {
        return Verdict::Failed("not run: no build is current (`cargo xtask build`)".into());
    };
    let Some(environment) = environment() else { return Verdict::Skipped(NO_PYTHON.into()) };
    if let Err(sentence) = install(&environment) {
        println!("    {sentence}");
        return Verdict::Skipped(NO_INDEX.into());
    }
    let outcome = Venue::start(kind).and_then(|venue| {
        let run = |script: &'static str| run_script(&environment, &venue.url, script);
        SCRIPTS.into_iter().map(run).collect::<Result<Vec<Told>, Failure>>()
    });
    match outcome {
        Err(sentence) => Verdict::Failed(sentence),
        Ok(told) => verdict(&told),
    }
}

/// The virtual environment; made when it is not there, with Python installed where we may.
fn environment() -> Option<PathBuf> {
    let folder = shell::root().join("target/clients-venv");
    if make(&folder).is_some() {
        return Some(folder);
    }
    // On the build machine a missing Python is installed, as Chromium is.
    let may = std::env::var_os("CI").is_some_and(|ci| ci == "true") && browser::is_root();
    if !may || shell::which("apt-get").is_none() {
        return None;
    }
    println!("    Python: installing with apt-get");
    let packages = ["install", "-y", "-qq", "--no-install-recommends", "python3-venv"];
    let installed = shell::run(shell::command("apt-get").args(["update", "-qq"])).and_then(|()| {
        shell::run(shell::command("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(packages))
    });
    if let Err(sentence) = installed {
        println!("    {sentence}");
    }
    make(&folder).map(|()| folder)
}

fn make(folder: &Path) -> Option<()> {
    if folder.join("bin/pip").is_file() {
        return Some(());
    }
    let python = shell::which("python3")?;
    let mut venv = shell::command(&python.to_string_lossy());
    venv.args(["-m", "venv", "--clear"]).arg(folder);
    match shell::run(&mut venv) {
        Ok(()) => Some(()),
        Err(sentence) => {
            println!("    {sentence}");
            None
        }
    }
}

/// Installs the pinned versions, unless these very ones are there.
fn install(environment: &Path) -> Result<(), Failure> {
    let wanted = shell::root().join(FOLDER).join("requirements.txt");
    let stamp = environment.join("installed.txt");
    let text = std::fs::read_to_string(&wanted).map_err(|error| format!("{}: {error}", wanted.display()))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let mut pip = program(environment, "pip");
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--timeout",
        "20",
        "--retries",
        "2",
        "-r",
    ]);
    shell::run(pip.arg(&wanted))?;
    std::fs::write(&stamp, text).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn program(environment: &Path, name: &str) -> Command {
    shell::command(&environment.join("bin").join(name).to_string_lossy())
}

/// A simulated venue that ends with this value.
struct Venue {
    child: Child,
    url: String,
}

impl Venue {
    fn start(kind: Kind) -> Result<Venue, Failure> {
        let mut command = shell::command(&shell::root().join(kind.binary()).to_string_lossy());
        command.args(["simulator", "--tape", "2022-01-05", "--listen", "127.0.0.1:0"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| shell::cannot_start(&command, &error))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let mut venue = Venue { child, url: String::new() };
        venue.url = field(&line, "rest_url").ok_or("the simulated venue did not say where it is")?.to_owned();
        Ok(venue)
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        // It is gone already if this fails.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// What a script said at its end.
struct Told {
    script: &'static str,
    calls: u64,
    checks: u64,
    succeeded: bool,
}

fn run_script(environment: &Path, url: &str, script: &'static str) -> Result<Told, Failure> {
    let mut python = program(environment, "python");
    python.arg(Path::new(FOLDER).join(script)).env("SIMULATOR_URL", url).env("PYTHONDONTWRITEBYTECODE", "1");
    // The address is this machine's own; no proxy stands before it.
    python.env("NO_PROXY", "127.0.0.1").stderr(Stdio::inherit());
    println!("    $ {}", shell::shown(&python));
    let output = python.output().map_err(|error| shell::cannot_start(&python, &error))?;
    let told = String::from_utf8_lossy(&output.stdout);
    told.lines().for_each(|line| println!("    {line}"));
    let last = told.lines().last().unwrap_or_default();
    let number = |name: &str| field(last, name).and_then(|text| text.parse().ok()).unwrap_or(0);
    let (calls, checks) = (number("calls"), number("checks"));
    Ok(Told { script, calls, checks, succeeded: output.status.success() && checks > 0 })
}

fn verdict(told: &[Told]) -> Verdict {
    let each =
        told.iter().map(|told| format!("{} {} calls, {} checks", told.script, told.calls, told.checks));
    let each = each.collect::<Vec<_>>().join("; ");
    if told.iter().all(|told| told.succeeded) { Verdict::Passed(each) } else { Verdict::Failed(each) }
}

/// A field of a JSON object of one line whose values are numbers and texts without quotes in them.
fn field<'line>(line: &'line str, name: &str) -> Option<&'line str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
    let value = rest.trim_start().trim_start_matches('"');
    value.split(['"', ',', '}']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_one_line_are_found() {
        let line = r#"{"rest_url":"http://127.0.0.1:4","calls": 80, "checks": 97}"#;
        assert_eq!(field(line, "rest_url"), Some("http://127.0.0.1:4"));
        assert_eq!((field(line, "calls"), field(line, "checks")), (Some("80"), Some("97")));
        assert_eq!(field(line, "failures"), None);
    }

    #[test]
    fn a_script_that_fails_or_checks_nothing_fails_the_suite() {
        let told = |succeeded| Told { script: "a.py", calls: 1, checks: 1, succeeded };
        assert!(matches!(verdict(&[told(true)]), Verdict::Passed(_)));
        assert!(matches!(verdict(&[told(true), told(false)]), Verdict::Failed(_)));
    }

    /// A version that floats would make the suite fail by itself one day.
    #[test]
    fn versions_are_pinned() {
        let text = std::fs::read_to_string(shell::root().join(FOLDER).join("requirements.txt")).unwrap();
        assert!(text.lines().all(|line| line.contains("==")), "{text}");
    }
}
