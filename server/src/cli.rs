//! The command line: one binary, `serve` when nothing else is asked for.

mod config_show;
mod elastic;
mod logs;
mod panic_all;
mod replay;
mod serve;
mod simulator;
mod stop;
mod tape;
mod users;
mod venue;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Config};

/// What any command may fail with; one sentence for the person at the terminal.
type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(
    name = "deltascope",
    version,
    about = "Trades Bitcoin option strategies and tells everything it does.",
    after_help = "Example: deltascope            (starts the console on http://127.0.0.1:3000)"
)]
struct Cli {
    /// Settings file, instead of config/$DELTASCOPE_PROFILE.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server (the default)
    #[command(after_help = "Example: DELTASCOPE__HTTP__LISTEN=127.0.0.1:8080 deltascope serve")]
    Serve,
    /// Serves the simulated venue alone, fresh and in memory; one JSON line with its URLs on stdout when ready
    #[command(
        after_help = "Example: deltascope simulator --listen 127.0.0.1:4000 --tape 2022-01-05 --speed 60"
    )]
    Simulator(simulator::Arguments),
    /// Manages accounts
    #[command(after_help = "Example: deltascope user list")]
    User {
        #[command(subcommand)]
        action: users::Action,
    },
    /// Shows settings
    #[command(after_help = "Example: deltascope config show")]
    Config {
        #[command(subcommand)]
        action: config_show::Action,
    },
    /// Closes everything when the server is dead: works the venue with the same keys until verified flat
    #[command(after_help = "Example: deltascope panic --all")]
    Panic(panic_all::Arguments),
    /// Runs a session's recorded inputs through the engine and compares every decision
    #[command(after_help = "Example: deltascope replay s-01jf3k9x2m")]
    Replay { session: String },
    /// Runs a whole simulated session with every fault, and says of each checkpoint which record shows it
    #[command(after_help = "Example: deltascope verify --elastic http://127.0.0.1:9200")]
    Verify(verify::Arguments),
    /// Reads records of the data directory
    #[command(after_help = "Example: deltascope logs query --level error --limit 20")]
    Logs {
        #[command(subcommand)]
        action: logs::Action,
    },
    /// Looks at a venue before it is traded on
    #[command(after_help = "Example: deltascope venue check")]
    Venue {
        #[command(subcommand)]
        action: venue::Action,
    },
    /// Records a venue's public feed, to be played by the simulator, and compares fills with such a recording
    #[command(after_help = "Example: deltascope simulator --tape day.ndjson")]
    Tape {
        #[command(subcommand)]
        action: tape::Action,
    },
    /// Prepares Elasticsearch or OpenSearch, and Kibana, or says what they lack
    #[command(after_help = "Example: deltascope elastic check")]
    Elastic {
        #[command(subcommand)]
        action: elastic::Action,
    },
}

/// Parses the command line and runs the command.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(execute(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("deltascope: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(cli: Cli) -> Outcome {
    let environment = config::process_environment();
    let file = cli.config.as_deref();
    let load = || -> Result<Config, config::ConfigError> { config::load(file, &environment) };
    match cli.command {
        None | Some(Command::Serve) => serve::run(load()?).await,
        Some(Command::Simulator(arguments)) => simulator::run(arguments).await,
        Some(Command::User { action }) => users::run(action, load()?).await,
        Some(Command::Config { action }) => config_show::run(&action, file, &environment),
        Some(Command::Panic(arguments)) => panic_all::run(arguments, load()?).await,
        Some(Command::Replay { session }) => replay::run(&session, load()?).await,
        Some(Command::Verify(arguments)) => verify::run(arguments, environment.clone()).await,
        Some(Command::Logs { action }) => logs::run(action, load()?).await,
        Some(Command::Venue { action }) => venue::run(action, load()?, cli.config.clone()).await,
        Some(Command::Tape { action }) => tape::run(action).await,
        Some(Command::Elastic { action }) => elastic::run(action, load()?).await,
    }
}
