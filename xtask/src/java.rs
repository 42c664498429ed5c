//! A JDK and Maven, which build and run the search engines of the tests: found, or installed where we may.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::{self, Failure};

/// The engines want no older one.
const LEAST: u32 = 21;
/// What Debian and Ubuntu have, depending on their age.
const PACKAGES: [&str; 2] = ["openjdk-21-jdk-headless", "openjdk-25-jdk-headless"];

/// The folder of a JDK that is new enough.
pub fn home() -> Option<PathBuf> {
    let from_environment = std::env::var_os("JAVA_HOME").map(PathBuf::from);
    let on_path = shell::which("javac")
        .and_then(|file| file.canonicalize().ok())
        .and_then(|file| file.parent().and_then(Path::parent).map(Path::to_path_buf));
    let installed =
        std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<(u32, PathBuf)> = from_environment
        .into_iter()
        .chain(on_path)
        .chain(installed)
        .filter(|folder| folder.join("bin/javac").is_file())
        .filter_map(|folder| version(&folder).map(|version| (version, folder)))
        .filter(|(version, _)| *version >= LEAST)
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

/// `openjdk version "25.0.1" …` goes to stderr.
fn version(home: &Path) -> Option<u32> {
    let output = Command::new(home.join("bin/java")).arg("-version").stdin(Stdio::null()).output().ok()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let number = told.split('"').nth(1)?;
    number.split('.').next()?.parse().ok()
}

/// Both, installed with Debian's packages when they are missing and we are root. `Err`: what is missing, in one line.
pub fn ensure() -> Result<(PathBuf, PathBuf), Failure> {
    if home().is_none() {
        for package in PACKAGES {
            if shell::install(&[package]).is_ok() && home().is_some() {
                break;
            }
        }
    }
    let home = home().ok_or_else(|| {
        format!("a JDK {LEAST} or newer is missing (JAVA_HOME, /usr/lib/jvm, Debian's {})", PACKAGES[0])
    })?;
    if shell::which("mvn").is_none() {
        // What comes of it is looked at next.
        let _ = shell::install(&["maven"]);
    }
    let maven = shell::which("mvn").ok_or("Maven is missing (`mvn` on PATH, Debian's maven)")?;
    Ok((home, maven))
}
