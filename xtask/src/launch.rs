//! Starts the console that was built, in place of this process: terminal, signals and exit status are its own.

use crate::kind::Kind;
use crate::shell::{self, Failure};

/// Extra arguments go to `deltascope`; a leading `--` is dropped.
pub fn console(arguments: &[String]) -> Result<(), Failure> {
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    let binary = shell::root().join(Kind::Quick.binary());
    let mut server = shell::command(&binary.to_string_lossy());
    server.args(arguments);
    become_it(server)
}

/// Ctrl-C then reaches the server alone, which has a journal to flush before it ends.
#[cfg(unix)]
fn become_it(mut server: std::process::Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let error = server.exec();
    Err(shell::cannot_start(&server, &error))
}

#[cfg(not(unix))]
fn become_it(mut server: std::process::Command) -> Result<(), Failure> {
    let status = server.status().map_err(|error| shell::cannot_start(&server, &error))?;
    std::process::exit(status.code().unwrap_or(1))
}
