//! Runs tests of the browser side: cargo calls it with the module that holds them, as it would call the tool
//! `wasm-bindgen-test-runner`, whose library this is.

use std::process::ExitCode;

fn main() -> ExitCode {
    match wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-tests: {error:#}");
            ExitCode::FAILURE
        }
    }
}
