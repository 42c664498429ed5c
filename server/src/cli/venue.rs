//! `venue check`: the checklist before live as commands. Lines go to stdout, words about the run to stderr; the exit status
//! is not 0 when a line failed. Ctrl-C ends it, and nothing is left then either.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use telemetry::Secret;

use super::Outcome;
use super::stop::Signals;
use crate::config::{Config, VenueKind};
use crate::data_dir::DataDir;
use crate::live::identify;
use crate::telling::{Teller, say};
use crate::venue::profile::DELTA_INDIA_TESTNET;
use crate::venue_check::{Guard, Ledger, Line, PATIENCE, Place, check, clean_up, keep_watch, open};

/// Records that a run may tell; it has no log.
const QUEUE: usize = 1_024;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Tries what the venue's sources leave open; prints each line passed, failed or not tried
    #[command(
        after_help = "Example: DELTASCOPE__VENUE__KIND=delta-india-testnet DELTASCOPE__VENUE__LIVE_ACCOUNT=123 deltascope venue check"
    )]
    Check(Arguments),
}

#[derive(Args)]
pub(super) struct Arguments {
    /// Only takes away what a run that was killed has left
    #[arg(long)]
    clean: bool,
    /// Waits beside a run and cleans up after it; started by the run itself
    #[arg(long, hide = true)]
    guard: bool,
}

/// Runs it against the venue of the settings. Without one, against a simulator of its own.
pub(super) async fn run(action: Action, config: Config, file: Option<PathBuf>) -> Outcome {
    let Action::Check(arguments) = action;
    if config.venue.kind == VenueKind::Simulator && config.venue.rest_url.is_none() {
        return rehearse(config).await;
    }
    let place = place(with_keys(config.clone())).await?;
    let dir = config.data.dir.as_path();
    if arguments.guard {
        return Ok(keep_watch(&place.rest, place.profile, dir).await?);
    }
    let _held = DataDir::open(dir)?;
    if arguments.clean {
        return clean(&place, dir).await;
    }
    let guard = Guard::start(&guard_arguments(file))?;
    shown(watched(&place, dir, guard).await?)
}

fn shown(failed: usize) -> Outcome {
    match failed {
        0 => Ok(()),
        1 => Err("one line failed".into()),
        n => Err(format!("{n} lines failed").into()),
    }
}

/// What a simulator holds that lives no longer than the run needs nobody to take it away.
async fn rehearse(config: Config) -> Outcome {
    let mut config = with_keys(config);
    let options = simulator::Options {
        api_key: config.venue.api_key.expose().to_owned(),
        api_secret: config.venue.api_secret.expose().to_owned(),
        ..simulator::Options::new(config.simulator.seed)
    };
    let running = simulator::start(options, |_| {}).await?;
    say("no venue is set: this is a rehearsal with a simulator of its own");
    (config.venue.rest_url, config.venue.ws_url) =
        (Some(running.rest_url.clone()), Some(running.ws_url.clone()));
    let dir = std::env::temp_dir().join(format!("deltascope-rehearsal-{}", crate::random::hex(6)));
    std::fs::create_dir(&dir)?;
    let report = check(&place(config).await?, &dir, &print).await;
    // A folder that stays is empty.
    let _ = std::fs::remove_dir_all(&dir);
    running.shutdown().await;
    shown(report?.failed())
}

fn print(line: &Line) {
    println!("{line}");
}

/// Of a simulator, which is tried as the testnet that it plays, every account is the right one.
async fn place(config: Config) -> Result<Place, Box<dyn std::error::Error + Send + Sync>> {
    let teller = Teller::new(config.log.level, QUEUE);
    let profile = config.venue.kind.profile().unwrap_or(&DELTA_INDIA_TESTNET);
    let place = open(profile, &config.venue, &teller)?;
    if config.venue.kind != VenueKind::Simulator {
        return Ok(place);
    }
    let whose = identify(profile.name, &place.rest).await;
    Ok(Place { named: whose.ok().map(|whose| whose.account), ..place })
}

/// A simulator has keys that everybody knows.
fn with_keys(mut config: Config) -> Config {
    let venue = &mut config.venue;
    if venue.kind == VenueKind::Simulator {
        let known = simulator::Options::new(0);
        for (given, known) in [(&mut venue.api_key, known.api_key), (&mut venue.api_secret, known.api_secret)]
        {
            if given.is_empty() {
                *given = Secret::new(known);
            }
        }
    }
    config
}

async fn clean(place: &Place, dir: &Path) -> Outcome {
    let Some(ledger) = Ledger::read(dir)? else {
        say("no run has left anything");
        return Ok(());
    };
    clean_up(&place.rest, place.profile, &ledger, PATIENCE).await?;
    Ledger::remove(dir)?;
    say("nothing of the check is left at the venue");
    Ok(())
}

/// Runs until the end, a signal, or the end of the guard; lines that failed.
async fn watched(
    place: &Place,
    dir: &Path,
    mut guard: Guard,
) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let signals = Signals::new()?;
    let ended = tokio::select! {
        report = check(place, dir, &print) => report.map(|report| report.failed()),
        asked = signals.asked() => {
            asked?;
            Err("it was asked to stop".to_owned())
        }
        () = guard.gone() => Err("the process that watches over it has ended".to_owned()),
    };
    if let Err(why) = &ended
        && let Some(ledger) = Ledger::read(dir)?
    {
        say(&format!("{why}: cleaning up"));
        clean_up(&place.rest, place.profile, &ledger, PATIENCE).await?;
        Ledger::remove(dir)?;
        say("nothing of the check is left at the venue");
    }
    guard.dismiss().await;
    Ok(ended?)
}

fn guard_arguments(file: Option<PathBuf>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["venue", "check", "--guard"].map(OsString::from).into();
    arguments.extend(file.map(|file| ["--config".into(), file.into_os_string()]).into_iter().flatten());
    arguments
}
