//! `elastic setup|check`: what the search engine and its Kibana are to have.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use telemetry::Secret;

use super::Outcome;
use crate::config::Config;
use crate::elastic::{self, KeyWish, Line};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Puts what is missing or differs: templates, lifecycle, key, and in Kibana data view, searches, rules, dashboards
    #[command(
        after_help = "Example: ELASTICSEARCH_URL=https://elastic:PASSWORD@127.0.0.1:9200 deltascope elastic setup"
    )]
    Setup {
        /// Writes a new key into this file (mode 0600) instead of to the terminal
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Makes another key though one is there
        #[arg(long)]
        new_key: bool,
    },
    /// Says of each asset whether it is there; exit status 0 only if nothing is missing and nothing differs
    #[command(
        after_help = "Example: ELASTICSEARCH_URL=https://elastic:PASSWORD@127.0.0.1:9200 deltascope elastic check"
    )]
    Check,
}

/// Works with the engine of the settings.
pub(super) async fn run(action: Action, config: Config) -> Outcome {
    let config = config.elasticsearch;
    let mut bad = 0_usize;
    let tell = |line: Line| {
        bad += usize::from(!line.standing.is_good());
        println!("{line}");
    };
    match action {
        Action::Check => elastic::check(&config, tell).await?,
        Action::Setup { key_file, new_key } => {
            let wish = KeyWish { file: key_file, another: new_key };
            if let Some(key) = elastic::set_up(&config, &wish, tell).await? {
                hand_out(&key, wish.file.as_deref())?;
            }
        }
    }
    if config.kibana_url.is_none() {
        eprintln!("Kibana was not looked at: elasticsearch.kibana_url is not set");
    }
    match bad {
        0 => Ok(()),
        1 => Err("one asset is not as it is to be".into()),
        n => Err(format!("{n} assets are not as they are to be").into()),
    }
}

/// The one time that the key is seen.
fn hand_out(key: &Secret, file: Option<&Path>) -> Outcome {
    let Some(path) = file else {
        eprintln!("The new key is shown this once; keep it as ELASTICSEARCH_API_KEY:\n{}", key.expose());
        return Ok(());
    };
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = opened.and_then(|mut file| writeln!(file, "{}", key.expose()));
    written.map_err(|error| {
        // It cannot be had again: better on the terminal than nowhere.
        eprintln!("The new key is shown this once:\n{}", key.expose());
        format!("{} cannot be written: {error}", path.display())
    })?;
    eprintln!("The new key was written to {}", path.display());
    Ok(())
}
