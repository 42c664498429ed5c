//! The real program as a process of its own, so that it can be killed.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::console::Console;
use super::server_support::environment;

/// Starts the real program and waits until it says where it listens.
#[allow(dead_code)]
pub async fn spawn(dir: &Path, more: &[(&str, &str)]) -> (Child, Console) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deltascope"))
        .env_clear()
        .envs(environment(dir, more))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().expect("a ready line");
        if let Some(address) = line.strip_prefix("deltascope: ready on http://") {
            break address.to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, Console::sign_in(&address).await)
}

/// Asks it to end, and waits until it has.
#[allow(dead_code)]
pub async fn stop(mut child: Child) {
    let id = child.id().expect("it runs").to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    assert!(asked.success());
    child.wait().await.unwrap();
}

/// `deltascope panic --all` on a data directory, with these arguments more: whether it succeeded, and what it said.
#[allow(dead_code)]
pub async fn panic_all(dir: &Path, settings: &[(&str, &str)], more: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_deltascope"))
        .args(["panic", "--all"])
        .args(more)
        .env_clear()
        .envs(environment(dir, settings))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}
