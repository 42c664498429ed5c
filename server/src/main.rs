//! The binary: reads the command line and the settings, then does what was asked.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::run()
}
