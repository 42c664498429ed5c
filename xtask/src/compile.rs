//! Cargo's builds, told as they go: how many of the crates are compiled and how long it took so far.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::shell::{self, Failure};

/// What is built: packages of the workspace, for which target, in which profile.
pub struct Build<'names> {
    pub packages: &'names [&'names str],
    pub target: &'names str,
    pub profile: &'names str,
}

/// A terminal's line is written over; elsewhere a line is added this often.
const TICK: Duration = Duration::from_secs(1);
const LINE_EVERY: Duration = Duration::from_secs(20);

/// Builds, and shows the compiler's own words only when there are any.
pub fn run(build: &Build) -> Result<(), Failure> {
    let total = crates_of(build)?;
    let mut cargo = shell::cargo(&["build", "--quiet", "--message-format=json-render-diagnostics"]);
    cargo.args(["--profile", build.profile, "--target", build.target]);
    for package in build.packages {
        cargo.args(["-p", package]);
    }
    let spawned = cargo.stdout(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| shell::cannot_start(&cargo, &error))?;
    if let Some(stdout) = child.stdout.take() {
        Progress::new(total).follow(&lines(stdout));
    }
    let status = child.wait().map_err(|error| format!("`{}`: {error}", shell::shown(&cargo)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", shell::shown(&cargo))) }
}

/// How many crates the build is made of, those for the compiler's own use among them.
fn crates_of(build: &Build) -> Result<usize, Failure> {
    let mut tree = shell::cargo(&["tree", "--quiet", "--edges", "normal,build", "--prefix", "none"]);
    tree.args(["--format", "{p}", "--target", build.target]);
    for package in build.packages {
        tree.args(["-p", package]);
    }
    Ok(crates_in(&shell::capture(&mut tree)?))
}

/// `name v1.2.3 (what else)`, once for each place in the tree.
fn crates_in(tree: &str) -> usize {
    let name = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    tree.lines().filter_map(name).collect::<BTreeSet<_>>().len()
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(stdout).split(b'\n').map_while(Result::ok);
        for line in lines.map(|line| String::from_utf8_lossy(&line).into_owned()) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

struct Progress {
    total: usize,
    compiled: BTreeSet<String>,
    started: Instant,
    told: Instant,
    terminal: bool,
}

impl Progress {
    fn new(total: usize) -> Self {
        let now = Instant::now();
        let terminal = std::io::stdout().is_terminal();
        Self { total, compiled: BTreeSet::new(), started: now, told: now, terminal }
    }

    fn follow(mut self, lines: &Receiver<String>) {
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => self.compiled.extend(compiled_crate(&line)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let due = if self.terminal { TICK } else { LINE_EVERY };
            if self.told.elapsed() >= due {
                self.tell();
            }
        }
        self.tell();
        if self.terminal {
            println!();
        }
    }

    /// A terminal that went away is no reason to stop building.
    fn tell(&mut self) {
        self.told = Instant::now();
        let line = told(self.compiled.len(), self.total, self.started.elapsed());
        let mut stdout = std::io::stdout();
        let written =
            if self.terminal { write!(stdout, "\r\x1b[K  {line}") } else { writeln!(stdout, "  {line}") };
        let _gone = written.and_then(|()| stdout.flush());
    }
}

fn told(compiled: usize, total: usize, elapsed: Duration) -> String {
    format!("{} of {total} crates compiled, {}", compiled.min(total), shell::duration(elapsed))
}

/// The package of a line that says that one was compiled, or needed no compiling.
fn compiled_crate(line: &str) -> Option<String> {
    let rest = line.strip_prefix("{\"reason\":\"compiler-artifact\",\"package_id\":\"")?;
    rest.split('"').next().map(str::to_owned)
}

/// Runs the site builder, which says itself what it does.
pub fn site_builder(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let mut command: Command = shell::command(&shell::root().join(program).to_string_lossy());
    command.args(arguments);
    let status = command.status().map_err(|error| shell::cannot_start(&command, &error))?;
    if status.success() { Ok(()) } else { Err("the site could not be made".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_counted_once() {
        let tree = "server v0.1.0 (/x/server)\nserde v1.0.2\nserde_derive v1.0.2 (proc-macro)\nserde v1.0.2 (*)\n\n\
                    syn v2.0.1\nsyn v3.0.1\n";
        assert_eq!(crates_in(tree), 5);
    }

    #[test]
    fn only_lines_about_a_compiled_crate_count() {
        let artifact = r#"{"reason":"compiler-artifact","package_id":"registry+x#serde@1.0.2","target":{}}"#;
        assert_eq!(compiled_crate(artifact).as_deref(), Some("registry+x#serde@1.0.2"));
        assert_eq!(compiled_crate(r#"{"reason":"build-script-executed","package_id":"a"}"#), None);
        assert_eq!(compiled_crate("warning: unused"), None);
    }

    #[test]
    fn progress_says_how_far_and_how_long() {
        assert_eq!(told(12, 340, Duration::from_secs(9)), "12 of 340 crates compiled, 9 s");
        assert_eq!(told(341, 340, Duration::from_secs(125)), "340 of 340 crates compiled, 2 min 5 s");
    }
}
