//! The commands of the README: `cargo xtask setup | build | run | test | bench`.

mod bench;
mod bench_browser;
mod browser;
mod build;
mod compile;
mod fingerprint;
mod java;
mod kind;
mod launch;
mod nodes;
mod pins;
mod setup;
mod shell;
mod steps;
mod suite;
mod suites;
mod tee;

use std::process::ExitCode;

use kind::Kind;
use steps::Steps;

const HELP: &str = "\
cargo xtask COMMAND

  setup              install what the build needs, pinned; skips what is there
  build              release build: target/release/deltascope and target/release/site
  run [ARGUMENTS]    set up, build quickly, start the console; ARGUMENTS go to deltascope
  test [OPTIONS]     set up, then every suite; exit status 0 only if all passed
      --only A,B       only these suites
      --skip A,B       all but these suites
      --full           also the slow drills and cargo-deny
  test elastic --url URL
                     the tests against real search engines, against yours: puts the templates, cleans up its records
  bench              benchmarks beside their baselines, and the size of the first load

suites: ";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => return help(),
    };
    let outcome = match name {
        "setup" => no_arguments(rest).and_then(|()| setup::everything()),
        "build" => no_arguments(rest).and_then(|()| made(Kind::Release, 0).map(drop)),
        "run" => made(Kind::Quick, 1).and_then(|mut steps| {
            steps.begin("starting the console");
            launch::console(rest)
        }),
        "test" if rest.first().is_some_and(|what| what == "elastic") => suites::of_an_engine(&rest[1..]),
        "test" => suites::choose(rest).and_then(suites::run),
        "bench" => no_arguments(rest).and_then(|()| made(Kind::Release, 0)).and_then(|_steps| bench::run()),
        "help" | "--help" | "-h" => return help(),
        unknown => Err(format!("there is no command `{unknown}`; `cargo xtask help` lists them")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("xtask: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Sets up and builds; `more` steps follow.
fn made(kind: Kind, more: usize) -> Result<Steps, shell::Failure> {
    let mut steps = Steps::new(1 + build::STEPS + more);
    steps.begin("set-up");
    setup::for_build()?;
    build::all(kind, &mut steps)?;
    Ok(steps)
}

fn help() -> ExitCode {
    println!("{HELP}{}", suites::names());
    ExitCode::SUCCESS
}

fn no_arguments(rest: &[String]) -> Result<(), shell::Failure> {
    match rest.first() {
        None => Ok(()),
        Some(extra) => Err(format!("`{extra}` is not understood; `cargo xtask help` lists the commands")),
    }
}
