//! The typed settings. Each reader names what it allows, so that a wrong value can be explained.

use std::net::SocketAddr;
use std::path::PathBuf;

use telemetry::Level;

use super::layers::bad_value;
use super::{ConfigError, Layers, Origin, Secret};

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub http: HttpConfig,
    pub data: DataConfig,
    pub venue: super::VenueConfig,
    pub simulator: SimulatorConfig,
    pub auth: AuthConfig,
    pub log: LogConfig,
    pub database: DatabaseConfig,
    pub ingest: IngestConfig,
    pub elasticsearch: ElasticsearchConfig,
    pub notify: super::NotifyConfig,
}

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    /// Scheme and authority only, without a trailing slash.
    pub public_url: Option<String>,
    pub allow_insecure: bool,
    pub site_dir: Option<PathBuf>,
    pub metrics_token: Secret,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
}

/// `[data]`.
#[derive(Clone, Debug)]
pub struct DataConfig {
    pub dir: PathBuf,
}

/// `[simulator]`.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    pub tape: Option<PathBuf>,
    /// Market seconds in a second, 1 to 600.
    pub speed: u32,
    pub seed: u64,
    pub faults: Option<PathBuf>,
}

/// `[auth]`.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    pub bootstrap_password: Secret,
    pub session_idle_hours: u64,
    pub session_max_days: u64,
    pub step_up_minutes: u64,
    pub failures_per_minute: u64,
}

/// `[log]`.
#[derive(Clone, Debug)]
pub struct LogConfig {
    pub level: Level,
    pub stdout: bool,
    pub queue_records: usize,
    /// Records older than this are deleted.
    pub keep_days: u64,
    /// Days older than this have no index: they are searched line by line.
    pub index_days: u64,
    /// Megabytes of records; beyond it the oldest are deleted.
    pub keep_mb: u64,
}

/// `[database]`.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    pub slow_statement_ms: u64,
    pub slow_acquire_ms: u64,
}

/// `[ingest]`: budgets of `POST /api/logs`.
#[derive(Clone, Debug)]
pub struct IngestConfig {
    pub records_per_minute: u64,
    pub records_burst: u64,
    pub kib_per_minute: u64,
    pub kib_burst: u64,
    pub page_records_per_minute: u64,
    pub page_records_burst: u64,
    pub requests_per_minute: u64,
    /// `false`: browsers are told to stop.
    pub accept: bool,
    /// `None`: the level of the log.
    pub browser_level: Option<Level>,
    pub browser_info_percent: u64,
    pub browser_flush_ms: u64,
    pub browser_max_batch: u64,
}

/// `[elasticsearch]`.
#[derive(Clone, Debug)]
pub struct ElasticsearchConfig {
    /// Without a trailing slash and without credentials; `None` = forwarding is off.
    pub url: Option<String>,
    /// Of the Kibana beside it; `None` = only `elastic setup` and `check` would want it.
    pub kibana_url: Option<String>,
    pub api_key: Secret,
    pub username: String,
    pub password: Secret,
    pub namespace: String,
    pub ca_file: Option<PathBuf>,
    pub batch_records: usize,
    pub timeout_ms: u64,
    /// Days until an index becomes cold, and until it is deleted, from when it was written to last.
    pub hot_days: u64,
    pub delete_days: u64,
    /// Why the section cannot be used. That stops the forwarder and nothing else.
    pub problem: Option<String>,
}

const LEVELS: &str = "trace, debug, info, warn, error or fatal";
impl Config {
    /// Reads and checks every value.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let read = Reader(layers);
        Ok(Self {
            http: http(read)?,
            data: DataConfig {
                dir: read.parsed("data.dir", "a folder", |t| (!t.is_empty()).then(|| t.into()))?,
            },
            venue: super::venue::venue(read)?,
            simulator: SimulatorConfig {
                tape: read.optional("simulator.tape").map(PathBuf::from),
                speed: u32::try_from(read.number("simulator.speed", 1, 600)?).unwrap_or(u32::MAX),
                seed: read.number("simulator.seed", 0, i64::MAX)?,
                faults: read.optional("simulator.faults").map(PathBuf::from),
            },
            auth: AuthConfig {
                bootstrap_password: read.secret("auth.bootstrap_password"),
                session_idle_hours: read.number("auth.session_idle_hours", 1, 720)?,
                session_max_days: read.number("auth.session_max_days", 1, 365)?,
                step_up_minutes: read.number("auth.step_up_minutes", 1, 60)?,
                failures_per_minute: read.number("auth.failures_per_minute", 1, 1_000)?,
            },
            log: LogConfig {
                level: read.parsed("log.level", LEVELS, Level::parse)?,
                stdout: read.truth("log.stdout"),
                queue_records: read.number("log.queue_records", 1_024, 16_000_000)? as usize,
                keep_days: read.number("log.keep_days", 1, 36_500)?,
                index_days: read.number("log.index_days", 1, 36_500)?,
                keep_mb: read.number("log.keep_mb", 16, 1_000_000)?,
            },
            database: DatabaseConfig {
                slow_statement_ms: read.number("database.slow_statement_ms", 0, 600_000)?,
                slow_acquire_ms: read.number("database.slow_acquire_ms", 0, 600_000)?,
            },
            ingest: ingest(read)?,
            elasticsearch: elasticsearch(read).unwrap_or_else(|error| unusable(read, &error)),
            notify: super::notify::notify(read),
        })
    }
}

fn http(read: Reader<'_>) -> Result<HttpConfig, ConfigError> {
    let config = HttpConfig {
        listen: read
            .parsed("http.listen", "an address and port such as 127.0.0.1:3000", |t| t.parse().ok())?,
        public_url: read.url("http.public_url")?,
        allow_insecure: read.truth("http.allow_insecure"),
        site_dir: read.optional("http.site_dir").map(PathBuf::from),
        metrics_token: read.secret("http.metrics_token"),
        trusted_proxies: read.parsed(
            "http.trusted_proxies",
            "addresses or networks such as 127.0.0.1, 10.0.0.0/8, parted by commas",
            super::networks,
        )?,
    };
    let secure = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if !config.listen.ip().is_loopback() && !secure && !config.allow_insecure {
        return Err(read.refuse(
            "http.listen",
            "a loopback address, unless http.public_url is https or http.allow_insecure is true",
        ));
    }
    Ok(config)
}

fn ingest(read: Reader<'_>) -> Result<IngestConfig, ConfigError> {
    let most = 1_000_000_000;
    Ok(IngestConfig {
        records_per_minute: read.number("ingest.records_per_minute", 1, most)?,
        records_burst: read.number("ingest.records_burst", 1, most)?,
        kib_per_minute: read.number("ingest.kib_per_minute", 1, most)?,
        kib_burst: read.number("ingest.kib_burst", 1, most)?,
        page_records_per_minute: read.number("ingest.page_records_per_minute", 1, most)?,
        page_records_burst: read.number("ingest.page_records_burst", 1, most)?,
        requests_per_minute: read.number("ingest.requests_per_minute", 1, most)?,
        accept: read.truth("ingest.accept"),
        browser_level: match read.optional("ingest.browser_level") {
            None => None,
            Some(_) => Some(read.parsed("ingest.browser_level", LEVELS, Level::parse)?),
        },
        browser_info_percent: read.number("ingest.browser_info_percent", 0, 100)?,
        browser_flush_ms: read.number("ingest.browser_flush_ms", 100, 600_000)?,
        browser_max_batch: read.number("ingest.browser_max_batch", 1, 2_000)?,
    })
}

fn elasticsearch(read: Reader<'_>) -> Result<ElasticsearchConfig, ConfigError> {
    let (url, given) = read.url("elasticsearch.url")?.map(|url| super::userinfo::split(&url)).unzip();
    // What stands in the address counts where nothing is set beside it.
    let (username, password) =
        given.flatten().filter(|_| read.text("elasticsearch.username").is_empty()).unwrap_or_else(|| {
            (read.text("elasticsearch.username").to_owned(), read.secret("elasticsearch.password"))
        });
    let (hot_days, delete_days) = (
        read.number("elasticsearch.hot_days", 1, 36_500)?,
        read.number("elasticsearch.delete_days", 2, 36_500)?,
    );
    if delete_days <= hot_days {
        return Err(read.refuse("elasticsearch.delete_days", "more than elasticsearch.hot_days"));
    }
    Ok(ElasticsearchConfig {
        url,
        kibana_url: read.url("elasticsearch.kibana_url")?.map(|url| super::userinfo::split(&url).0),
        api_key: read.secret("elasticsearch.api_key"),
        username,
        password,
        namespace: read.parsed("elasticsearch.namespace", "1 to 100 of a-z, 0-9, _ and .", namespace)?,
        ca_file: read.optional("elasticsearch.ca_file").map(PathBuf::from),
        batch_records: read.number("elasticsearch.batch_records", 1, 10_000)? as usize,
        timeout_ms: read.number("elasticsearch.timeout_ms", 100, 600_000)?,
        hot_days,
        delete_days,
        problem: None,
    })
}

/// Trading must start over a mistake in a section that it does without.
fn unusable(read: Reader<'_>, error: &ConfigError) -> ElasticsearchConfig {
    let url = read.text("elasticsearch.url");
    // The sentence is recorded, and an address may hold a password.
    let problem = error.to_string().replace(url, &super::userinfo::masked(url));
    ElasticsearchConfig {
        url: Some(super::userinfo::masked(url)),
        kibana_url: None,
        api_key: Secret::new(""),
        username: String::new(),
        password: Secret::new(""),
        namespace: String::new(),
        ca_file: None,
        batch_records: 1,
        timeout_ms: 100,
        hot_days: 1,
        delete_days: 2,
        problem: Some(problem),
    }
}

fn namespace(text: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    ((1..=100).contains(&text.len()) && text.bytes().all(allowed)).then(|| text.to_owned())
}

/// Reads values by key; the default file guarantees that every key exists with the right type.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a Layers);

impl<'a> Reader<'a> {
    pub(super) fn text(self, key: &str) -> &'a str {
        self.0.get(key).and_then(|entry| entry.value.as_str()).unwrap_or_default()
    }

    pub(super) fn optional(self, key: &str) -> Option<&'a str> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    pub(super) fn secret(self, key: &str) -> Secret {
        Secret::new(self.text(key))
    }

    fn truth(self, key: &str) -> bool {
        self.0.get(key).and_then(|entry| entry.value.as_bool()).unwrap_or_default()
    }

    pub(super) fn parsed<T>(
        self,
        key: &str,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        read(self.text(key)).ok_or_else(|| self.refuse(key, allowed))
    }

    pub(super) fn url(self, key: &str) -> Result<Option<String>, ConfigError> {
        let Some(text) = self.optional(key) else { return Ok(None) };
        let schemes = if key == "venue.ws_url" { ["ws://", "wss://"] } else { ["http://", "https://"] };
        let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
        match rest {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => {
                Ok(Some(text.trim_end_matches('/').to_owned()))
            }
            Some(_) | None => {
                Err(self.refuse(key, &format!("an address that begins with {}", schemes.join(" or "))))
            }
        }
    }

    fn number(self, key: &str, least: i64, most: i64) -> Result<u64, ConfigError> {
        let value = self.0.get(key).and_then(|entry| entry.value.as_integer()).unwrap_or_default();
        match u64::try_from(value) {
            Ok(number) if (least..=most).contains(&value) => Ok(number),
            Ok(_) | Err(_) => Err(self.refuse(key, &format!("{least} to {most}"))),
        }
    }

    pub(super) fn refuse(self, key: &str, allowed: &str) -> ConfigError {
        let empty = toml::Value::String(String::new());
        let (value, origin) =
            self.0.get(key).map_or((&empty, &Origin::Default), |entry| (&entry.value, &entry.origin));
        bad_value(key, value, origin, allowed)
    }
}
