//! Settings: layers of origin (compiled-in default, profile, environment) folded into one typed `Config`.
//! A wrong key or value stops the start with a sentence that names where it stands and what is allowed.

mod layers;
mod networks;
mod notify;
mod typed;
mod userinfo;
mod venue;

pub use layers::{ConfigError, Entry, Layers, Origin};
pub(crate) use networks::networks;
pub use notify::{MailConfig, MailSecurity, NotifyConfig, TelegramConfig, WebhookConfig};
pub use telemetry::Secret;
pub use typed::{
    AuthConfig, Config, DataConfig, DatabaseConfig, ElasticsearchConfig, HttpConfig, IngestConfig, LogConfig,
    SimulatorConfig,
};
pub use venue::{VenueConfig, VenueKind};

/// The file that lists every setting, compiled in.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// Environment variables, as pairs; a parameter so that tests need not change the process's own.
pub type Environment = Vec<(String, String)>;

/// Reads default, profile or `--config` file, and environment.
pub fn load(file: Option<&std::path::Path>, environment: &Environment) -> Result<Config, ConfigError> {
    Config::from_layers(&layers(file, environment)?)
}

/// The merged settings with the origin of each.
pub fn layers(file: Option<&std::path::Path>, environment: &Environment) -> Result<Layers, ConfigError> {
    let mut layers = Layers::default_layer(DEFAULT_TOML)?;
    match (file, environment.iter().find(|(name, _)| name == "DELTASCOPE_PROFILE")) {
        (Some(path), _) => layers.overlay_file(path)?,
        (None, Some((_, profile))) if !profile.is_empty() => {
            layers.overlay_file(&std::path::Path::new("config").join(format!("{profile}.toml")))?;
        }
        (None, _) => {}
    }
    layers.overlay_environment(environment)?;
    Ok(layers)
}

/// The environment of this process, names and values that are not Unicode left out.
#[must_use]
pub fn process_environment() -> Environment {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

#[cfg(test)]
mod tests;
