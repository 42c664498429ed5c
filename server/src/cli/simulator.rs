//! `simulator`: the venue alone. It reads no settings and touches no data directory; stdout gets exactly one JSON
//! line with its URLs, its records go to stderr.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use clap::{Args, ValueEnum};
use serde_json::json;
use simulator::{Faults, Options, Profile, TapeEnd, TapeSource, Telling, list_quirks};
use telemetry::{Context, Event, Level, LogRecord};

use super::Outcome;
use super::stop::Signals;
use crate::clock;
use crate::telling::VERSION;
use crate::trading::SimulatorNote;

/// The tape that is compiled in, by its name.
const EMBEDDED_TAPE: &str = "2022-01-05";

#[derive(Args)]
pub(super) struct Arguments {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Seed of everything that is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A tape of real prices, or 2022-01-05 for the compiled-in one; without, a seeded market
    #[arg(long, value_name = "FILE")]
    tape: Option<PathBuf>,
    /// What follows the last row of the tape
    #[arg(long, value_enum, default_value = "mirror")]
    tape_end: End,
    /// Market seconds in one second
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: u32,
    /// What the venue does wrong, and when
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    #[arg(long, default_value = "simulator-key")]
    api_key: String,
    #[arg(long, default_value = "simulator-secret")]
    api_secret: String,
    /// Which environment of the venue it plays: its currency and its tax on fees
    #[arg(long, default_value = "delta-india", value_name = "PROFILE", value_parser = Profile::named)]
    profile: Profile,
    /// Turns a switch, before those of the fault file: NAME, NAME=true or NAME=false; may be repeated
    #[arg(long = "quirk", value_name = "NAME=VALUE")]
    quirks: Vec<String>,
    /// Lists the switches and ends
    #[arg(long)]
    list_quirks: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum End {
    Mirror,
    Hold,
}

/// Serves until SIGTERM or Ctrl-C.
pub(super) async fn run(arguments: Arguments) -> Outcome {
    if arguments.list_quirks {
        for quirk in list_quirks() {
            println!("{}=true  {}", quirk.name, quirk.about);
        }
        return Ok(());
    }
    let signals = Signals::new()?;
    let recorder = Recorder::new();
    let running = simulator::start(options(arguments)?, move |telling| recorder.tell(telling)).await?;
    let ready = json!({
        "rest_url": running.rest_url,
        "ws_url": running.ws_url,
        "tape": running.tape,
        "speed": running.speed,
        "seed": running.seed,
    });
    println!("{ready}");
    signals.asked().await?;
    running.shutdown().await;
    Ok(())
}

fn options(arguments: Arguments) -> Result<Options, String> {
    let mut faults = arguments.faults.as_deref().map(faults).transpose()?;
    let of_file = faults.as_mut().and_then(|faults| faults.quirks.take());
    let mut quirks = of_file.unwrap_or_default();
    arguments.quirks.iter().try_for_each(|text| quirks.turn(text))?;
    Ok(Options {
        listen: arguments.listen,
        tape: match arguments.tape {
            None => TapeSource::Walk,
            Some(name) if name == Path::new(EMBEDDED_TAPE) => TapeSource::Embedded,
            Some(path) => TapeSource::File(path),
        },
        tape_end: match arguments.tape_end {
            End::Mirror => TapeEnd::Mirror,
            End::Hold => TapeEnd::Hold,
        },
        speed: arguments.speed,
        faults,
        quirks,
        profile: arguments.profile,
        api_key: arguments.api_key,
        api_secret: arguments.api_secret,
        ..Options::new(arguments.seed)
    })
}

fn faults(path: &Path) -> Result<Faults, String> {
    let wrong = |why: String| format!("fault file {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Faults::parse(&text).map_err(wrong)
}

/// Numbers and prints records; there is no store behind them.
struct Recorder {
    boot_id: String,
    next: AtomicU64,
    level: Level,
}

impl Recorder {
    fn new() -> Self {
        let level = std::env::var("LOG_LEVEL").ok().and_then(|word| Level::parse(&word)).unwrap_or_default();
        Self { boot_id: uuid::Uuid::now_v7().simple().to_string(), next: AtomicU64::new(1), level }
    }

    fn tell(&self, telling: Telling) {
        let note = SimulatorNote(telling);
        if note.level() >= self.level {
            let seq = self.next.fetch_add(1, Ordering::Relaxed);
            let record =
                LogRecord::build(&note, &Context::default(), clock::now(), &self.boot_id, seq, VERSION);
            eprintln!("{}", record.to_line());
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn read(words: &[&str]) -> Result<Options, String> {
        let words = std::iter::once("simulator").chain(words.iter().copied());
        options(Program::try_parse_from(words).map_err(|error| error.to_string())?.arguments)
    }

    #[test]
    fn switches_are_turned_on_the_command_line_over_those_of_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[quirks]\nlegacy_channels = true\nerrors_as_text = true\n").unwrap();
        let path = file.path().to_str().unwrap();
        let read_with = |words: &[&str]| read(&[&["--faults", path], words].concat());
        let options = read_with(&["--quirk", "quota_is_20000", "--quirk", "legacy_channels=false"]).unwrap();
        let quirks = options.quirks;
        assert!(quirks.quota_is_20000 && quirks.errors_as_text && !quirks.legacy_channels);
        assert_eq!(options.faults.and_then(|faults| faults.quirks), None, "they stand in one place");
        let unknown = read(&["--quirk", "nonsense"]).map(|_| ()).unwrap_err();
        assert!(unknown.contains("there is no quirk nonsense"), "{unknown}");
    }
}
