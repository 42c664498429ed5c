//! Flat settings with their origin, and the rules of overlaying: only keys of the default file exist, and a
//! value has the type that its default has.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Environment;
use crate::brief::{short, truncated};

/// Shortcut variables and the keys that they set.
const SHORTCUTS: [(&str, &str); 7] = [
    ("LOG_LEVEL", "log.level"),
    ("ELASTICSEARCH_URL", "elasticsearch.url"),
    ("ELASTICSEARCH_API_KEY", "elasticsearch.api_key"),
    ("DELTA_API_KEY", "venue.api_key"),
    ("DELTA_API_SECRET", "venue.api_secret"),
    ("DELTASCOPE_LIVE_ACCOUNT", "venue.live_account"),
    ("TELEGRAM_BOT_TOKEN", "notify.telegram_bot_token"),
];

/// Keys that `config show` prints as `***`.
const SECRETS: [&str; 10] = [
    "auth.bootstrap_password",
    "elasticsearch.api_key",
    "elasticsearch.password",
    "http.metrics_token",
    "notify.smtp_url",
    "notify.telegram_bot_token",
    "notify.webhook_secret",
    "notify.webhook_url",
    "venue.api_key",
    "venue.api_secret",
];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// What is wrong with a setting, in one sentence for the person who starts the server.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("cannot read configuration {path}: {why}")]
    Unreadable { path: String, why: String },
    #[error("{origin} sets the unknown key `{key}` to {value}; allowed are {allowed}")]
    UnknownKey { origin: String, key: String, value: String, allowed: String },
    #[error("{origin} sets `{key}` to {value}; allowed is {allowed}")]
    BadValue { origin: String, key: String, value: String, allowed: String },
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Entry {
    pub value: toml::Value,
    pub origin: Origin,
}

/// All settings by `section.key`.
#[derive(Clone, Debug)]
pub struct Layers {
    entries: BTreeMap<String, Entry>,
}

impl Layers {
    /// The lowest layer, which also says which keys exist and of which type they are.
    pub fn default_layer(text: &str) -> Result<Self, ConfigError> {
        let flat = flatten(text, "config/default.toml")?;
        let entries =
            flat.into_iter().map(|(k, value)| (k, Entry { value, origin: Origin::Default })).collect();
        Ok(Self { entries })
    }

    /// Overlays a file.
    pub fn overlay_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|e| ConfigError::Unreadable { path: name.clone(), why: e.to_string() })?;
        for (key, value) in flatten(&text, &name)? {
            self.set(&key, value, Origin::File(path.to_owned()))?;
        }
        Ok(())
    }

    /// Overlays shortcuts, then `DELTASCOPE__SECTION__KEY` variables (which win over shortcuts).
    pub fn overlay_environment(&mut self, environment: &Environment) -> Result<(), ConfigError> {
        for (name, text) in environment.iter().filter(|(_, text)| !text.is_empty()) {
            if let Some((_, key)) = SHORTCUTS.iter().find(|(shortcut, _)| shortcut == name) {
                self.set_text(key, text, name)?;
            }
            if name == "DATABASE_URL" {
                return Err(ConfigError::BadValue {
                    origin: Origin::Variable(name.clone()).to_string(),
                    key: "database".to_owned(),
                    value: "***".to_owned(),
                    allowed: "nothing in this version: data is kept in SQLite files under data.dir, unset it"
                        .to_owned(),
                });
            }
        }
        for (name, text) in environment {
            if let Some(path) = name.strip_prefix("DELTASCOPE__") {
                self.set_text(&path.to_ascii_lowercase().replace("__", "."), text, name)?;
            }
        }
        Ok(())
    }

    /// Every key with its value and origin, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The setting of a key; `None` when the default file does not list it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Whether the value must not be shown.
    #[must_use]
    pub fn is_secret(key: &str) -> bool {
        SECRETS.contains(&key)
    }

    /// The value as text for people: secrets that are set as `***`.
    #[must_use]
    pub fn shown(key: &str, value: &toml::Value) -> String {
        match value {
            toml::Value::String(text) if Self::is_secret(key) && !text.is_empty() => "***".to_owned(),
            toml::Value::String(text) if key.ends_with("url") => {
                toml::Value::String(super::userinfo::masked(text)).to_string()
            }
            other => other.to_string(),
        }
    }

    fn set_text(&mut self, key: &str, text: &str, variable: &str) -> Result<(), ConfigError> {
        let origin = Origin::Variable(variable.to_owned());
        let wanted = self.known(key, &toml::Value::String(text.to_owned()), &origin)?;
        let value = match wanted {
            toml::Value::Integer(_) => text.parse().ok().map(toml::Value::Integer),
            toml::Value::Float(_) => text.parse().ok().map(toml::Value::Float),
            toml::Value::Boolean(_) => text.parse().ok().map(toml::Value::Boolean),
            _ => None,
        };
        self.set(key, value.unwrap_or_else(|| toml::Value::String(text.to_owned())), origin)
    }

    fn set(&mut self, key: &str, value: toml::Value, origin: Origin) -> Result<(), ConfigError> {
        let wanted = self.known(key, &value, &origin)?;
        let value = match (wanted, value) {
            (toml::Value::Float(_), toml::Value::Integer(whole)) => toml::Value::Float(whole as f64),
            (_, value) => value,
        };
        if std::mem::discriminant(wanted) != std::mem::discriminant(&value) {
            return Err(bad_value(key, &value, &origin, type_words(wanted)));
        }
        self.entries.insert(key.to_owned(), Entry { value, origin });
        Ok(())
    }

    fn known(&self, key: &str, value: &toml::Value, origin: &Origin) -> Result<&toml::Value, ConfigError> {
        match self.entries.get(key) {
            Some(entry) => Ok(&entry.value),
            None => Err(ConfigError::UnknownKey {
                origin: capitalised(origin),
                key: short(key),
                // The value of an unknown key may be a mistyped secret.
                value: if matches!(value, toml::Value::String(_)) {
                    "a text".to_owned()
                } else {
                    truncated(&value.to_string())
                },
                allowed: self.allowed_beside(key),
            }),
        }
    }

    /// The keys of the section, or the sections when that is unknown too.
    fn allowed_beside(&self, key: &str) -> String {
        let section = key.split_once('.').map_or(key, |(section, _)| section);
        let mut names: Vec<&str> = self
            .entries
            .keys()
            .filter_map(|known| known.split_once('.').filter(|(s, _)| *s == section).map(|_| known.as_str()))
            .collect();
        if names.is_empty() {
            names = self.entries.keys().filter_map(|known| known.split_once('.').map(|(s, _)| s)).collect();
            names.dedup();
            return format!("the sections {}", names.join(", "));
        }
        names.join(", ")
    }
}

/// The error of a value that its reader refuses.
pub(super) fn bad_value(key: &str, value: &toml::Value, origin: &Origin, allowed: &str) -> ConfigError {
    ConfigError::BadValue {
        origin: capitalised(origin),
        key: key.to_owned(),
        value: truncated(&Layers::shown(key, value)),
        allowed: allowed.to_owned(),
    }
}

fn capitalised(origin: &Origin) -> String {
    let text = origin.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn type_words(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::Integer(_) => "a whole number",
        toml::Value::Float(_) => "a number",
        toml::Value::Boolean(_) => "true or false",
        toml::Value::String(_) => "a text in quotes",
        toml::Value::Datetime(_) => "a time",
        toml::Value::Array(_) => "a list",
        toml::Value::Table(_) => "a section",
    }
}

fn flatten(text: &str, name: &str) -> Result<BTreeMap<String, toml::Value>, ConfigError> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| ConfigError::Unreadable {
        path: name.to_owned(),
        why: truncated(&e.to_string()),
    })?;
    let mut flat = BTreeMap::new();
    for (section, value) in table {
        match value {
            toml::Value::Table(keys) => {
                flat.extend(keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)));
            }
            scalar => {
                flat.insert(section, scalar);
            }
        }
    }
    Ok(flat)
}
