//! `config show`: every value with its origin, secrets as `***`.

use std::path::Path;

use clap::Subcommand;

use super::Outcome;
use crate::config::{self, Config, Environment, Layers};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Prints every value with its origin
    #[command(after_help = "Example: DELTASCOPE__LOG__LEVEL=debug deltascope config show")]
    Show,
}

/// Prints the merged settings, after checking them.
pub(super) fn run(action: &Action, file: Option<&Path>, environment: &Environment) -> Outcome {
    match action {
        Action::Show => {
            let layers = config::layers(file, environment)?;
            let config = Config::from_layers(&layers)?;
            for (key, entry) in layers.iter() {
                println!("{key} = {}  # {}", Layers::shown(key, &entry.value), entry.origin);
            }
            config.elasticsearch.problem.map_or(Ok(()), |problem| Err(problem.into()))
        }
    }
}
