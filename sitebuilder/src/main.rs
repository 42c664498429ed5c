//! `sitebuilder MODULE FOLDER quick|small`, called in the repository by `cargo xtask`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use sitebuilder::{Effort, Failure, Outcome, Plan, build};

fn main() -> ExitCode {
    let started = Instant::now();
    match plan(std::env::args().skip(1).collect()).and_then(|plan| Ok((build(&plan)?, plan.site))) {
        Ok((Outcome::Current, site)) => println!("{}: current", site.display()),
        Ok((Outcome::Built, site)) => {
            println!("{}: made in {:.1} s", site.display(), started.elapsed().as_secs_f32());
        }
        Err(sentence) => {
            eprintln!("sitebuilder: {sentence}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn plan(arguments: Vec<String>) -> Result<Plan, Failure> {
    let usage = || "usage: sitebuilder MODULE FOLDER quick|small".to_owned();
    let [module, site, effort]: [String; 3] = arguments.try_into().map_err(|_| usage())?;
    let root = std::env::current_dir().map_err(|error| format!("cannot tell where this is: {error}"))?;
    Ok(Plan {
        module: PathBuf::from(module),
        site: PathBuf::from(site),
        effort: Effort::named(&effort).ok_or_else(usage)?,
        root,
    })
}
