//! A whole server in this process, on a free port and a data directory of its own.

use std::path::Path;

use server::config::{self, Environment};
use server::startup::{self, Running};
use server::telling::Output;

use super::console::{Console, PASSWORD};

/// Settings of a test server; `more` overrides.
pub fn environment(dir: &Path, more: &[(&str, &str)]) -> Environment {
    let dir = dir.to_str().unwrap();
    let base = [
        ("DELTASCOPE__DATA__DIR", dir),
        ("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0"),
        ("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", PASSWORD),
        ("DELTASCOPE__LOG__STDOUT", "false"),
        ("LOG_LEVEL", "debug"),
    ];
    base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[allow(dead_code)]
pub async fn start(dir: &Path, more: &[(&str, &str)]) -> (Running, Console) {
    let config = config::load(None, &environment(dir, more)).unwrap();
    let running = startup::start(config, Output::none()).await.unwrap_or_else(|error| panic!("{error}"));
    let console = Console::sign_in(&running.address.to_string()).await;
    (running, console)
}
