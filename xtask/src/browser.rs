//! The system's Chromium and its driver, which the browser suites need.

use std::path::PathBuf;

use crate::shell::{self, Failure};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// `CHROMIUM`, else the first known name on PATH.
pub fn chromium() -> Option<PathBuf> {
    from_environment("CHROMIUM").or_else(|| NAMES.iter().find_map(|name| shell::which(name)))
}

/// `CHROMEDRIVER`, else PATH, else where Debian's older packages put it.
pub fn driver() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/chromium/chromedriver");
    from_environment("CHROMEDRIVER")
        .or_else(|| shell::which("chromedriver"))
        .or_else(|| debian.is_file().then_some(debian))
}

fn from_environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|file| file.is_file())
}

/// Finds both, or installs Debian's packages where we may.
pub fn ensure() -> Result<(), Failure> {
    if chromium().is_some() && driver().is_some() {
        println!("  chromium and chromedriver: there");
        return Ok(());
    }
    println!("  chromium and chromedriver: about 2 minutes");
    shell::install(&["chromium", "chromium-driver"]).map_err(|why| {
        format!(
            "Chromium or chromedriver is missing: install both (Debian, Ubuntu: `sudo apt-get install chromium \
             chromium-driver`), or set CHROMIUM and CHROMEDRIVER to the programs ({why})"
        )
    })?;
    match (chromium(), driver()) {
        (Some(_), Some(_)) => Ok(()),
        _ => Err("apt-get installed Chromium, but it or its driver is still not on PATH".into()),
    }
}

pub fn is_root() -> bool {
    shell::capture(shell::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
