//! The run itself: a server in this process on free ports and a fresh data directory, people and a browser over HTTP,
//! two sessions, a panic, and everything that is made to go wrong.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use telemetry::{Level, LogRecord};

use super::checkpoints;
use super::house::TRACE;
use super::lines::Lines;
use super::report::Report;
use super::shapes::text;
use super::{browser, index};
use crate::config::{self, Config, Environment};
use crate::startup::{self, Running};
use crate::tasks::Restart;
use crate::telling::Output;
use crate::{clock, random};

/// A step is waited for so long.
const STEP: Duration = Duration::from_secs(60);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// Who signs in.
const USER: &str = "admin";

/// What is to be verified, and with which settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Ask this search engine, which the records are forwarded to; `None`: the local log.
    pub elastic: Option<String>,
    /// Settings of the search engine, as environment variables.
    pub environment: Environment,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("the temporary data directory cannot be made: {0}")]
    Folder(std::io::Error),
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    #[error(transparent)]
    Start(#[from] startup::StartError),
    #[error("{0}")]
    Index(String),
    #[error("the server of the run cannot be reached: {0}")]
    Http(reqwest::Error),
}

/// Runs it and looks every checkpoint up; gives the records beside.
pub async fn verify(settings: &Settings) -> Result<(Report, Vec<Value>), VerifyError> {
    let begun = Instant::now();
    let folder = Folder::make()?;
    let config = folder.config(settings)?;
    let elastic = config.elasticsearch.clone();
    if settings.elastic.is_some() {
        index::reach(&elastic).await.map_err(VerifyError::Index)?;
    }
    let lines = Lines::default();
    let running = startup::start(config, Output::to(lines.clone())).await?;
    crate::telling::install_panic_hook(running.app.teller.clone());
    let boot_id = running.app.teller.boot_id().to_owned();
    let mut run = Run::new(running, lines.clone(), folder.password.clone())?;
    run.everything().await;
    let delivered = match settings.elastic {
        Some(_) => Some(run.delivered().await),
        None => None,
    };
    run.running.stop().await;
    let (records, place) = match delivered {
        Some(true) => (index::records(&elastic, &boot_id).await.map_err(VerifyError::Index)?, "the index"),
        Some(false) => {
            run.missed.push("every record delivered to the search engine".to_owned());
            (index::records(&elastic, &boot_id).await.map_err(VerifyError::Index)?, "the index")
        }
        None => (lines.records(), "the log"),
    };
    let mut report = Report::of(&checkpoints::all(), &records);
    (report.seconds, report.place) = (begun.elapsed().as_secs(), place.to_owned());
    report.missed = run.missed;
    Ok((report, records))
}

/// A data directory that is gone when the run is over.
struct Folder {
    path: PathBuf,
    password: String,
}

impl Folder {
    fn make() -> Result<Self, VerifyError> {
        let path = std::env::temp_dir().join(format!("deltascope-verify-{}", random::hex(6)));
        std::fs::create_dir(&path).map_err(VerifyError::Folder)?;
        let faults = include_str!("faults.toml");
        std::fs::write(path.join("faults.toml"), faults).map_err(VerifyError::Folder)?;
        Ok(Self { path, password: random::hex(16) })
    }

    /// Settings of nobody's but this run; of the environment only what the search engine needs.
    fn config(&self, settings: &Settings) -> Result<Config, VerifyError> {
        let shown = |path: &Path| path.display().to_string();
        let mut environment = vec![
            ("DELTASCOPE__DATA__DIR".to_owned(), shown(&self.path.join("data"))),
            ("DELTASCOPE__SIMULATOR__FAULTS".to_owned(), shown(&self.path.join("faults.toml"))),
        ];
        let fixed = [
            ("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0"),
            ("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", self.password.as_str()),
            ("DELTASCOPE__SIMULATOR__SPEED", "300"),
            ("DELTASCOPE__SIMULATOR__SEED", "4"),
            ("DELTASCOPE__DATABASE__SLOW_STATEMENT_MS", "0"),
            ("DELTASCOPE__DATABASE__SLOW_ACQUIRE_MS", "0"),
            ("LOG_LEVEL", "debug"),
        ];
        environment.extend(fixed.map(|(key, value)| (key.to_owned(), value.to_owned())));
        if let Some(url) = &settings.elastic {
            environment.push(("ELASTICSEARCH_URL".to_owned(), url.clone()));
            let of_it = |name: &str| {
                name.starts_with("DELTASCOPE__ELASTICSEARCH__") || name == "ELASTICSEARCH_API_KEY"
            };
            environment.extend(settings.environment.iter().filter(|(name, _)| of_it(name)).cloned());
        }
        Ok(config::load(None, &environment)?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A run under way.
struct Run {
    running: Running,
    lines: Lines,
    http: reqwest::Client,
    cookie: String,
    password: String,
    missed: Vec<String>,
}

impl Run {
    fn new(running: Running, lines: Lines, password: String) -> Result<Self, VerifyError> {
        crate::tls::install();
        let http = reqwest::Client::builder().no_proxy().timeout(STEP).build().map_err(VerifyError::Http)?;
        Ok(Self { running, lines, http, cookie: String::new(), password, missed: Vec::new() })
    }

    async fn everything(&mut self) {
        self.people().await;
        self.browser().await;
        let first = self.start(&strangle()).await;
        self.house().await;
        if let Some(id) = &first {
            self.session(id).await;
        }
        let second = self.start(&json!({ "preset": "quick-strangle" })).await;
        self.until(
            "the second session is in the market or has given up",
            |record| {
                let event = text(record, "event");
                event == "entry.completed" || event == "entry.failed"
            },
            second.as_deref(),
        )
        .await;
        self.panic().await;
        self.until("commits are summed up", |record| text(record, "event") == "db.commit_latency", None)
            .await;
    }

    async fn people(&mut self) {
        self.post("/api/v1/sign-in", &json!({ "username": USER, "password": "not this one" })).await;
        let body = json!({ "username": USER, "password": self.password });
        let url = self.url("/api/v1/sign-in");
        if let Ok(response) = self.http.post(url).json(&body).send().await {
            let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
            self.cookie = cookie.and_then(|text| text.split(';').next()).unwrap_or_default().to_owned();
        }
        self.post("/api/v1/sessions", &json!({ "preset": "of nobody" })).await;
    }

    /// A batch as a page sends it, with the token of a page that the server made.
    async fn browser(&mut self) {
        let page = self.get("/login").await;
        let token =
            page.split_once("name=\"log-token\" content=\"").and_then(|(_, rest)| rest.split('"').next());
        let request = self
            .http
            .post(self.url("/api/logs"))
            .header("cookie", &self.cookie)
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("x-log-token", token.unwrap_or_default())
            .header("x-sent-at", clock::now().as_millis().to_string())
            .body(browser::batch(clock::now().as_millis()));
        if !request.send().await.is_ok_and(|response| response.status() == 202) {
            self.missed.push("the browser's batch is taken".to_owned());
        }
    }

    /// Starts a session under the trace of the run; gives its id.
    async fn start(&mut self, body: &Value) -> Option<String> {
        let answer = self.post("/api/v1/sessions", body).await;
        let id = answer["session_id"].as_str().map(str::to_owned);
        if id.is_none() {
            self.missed.push(format!("a session starts: {answer}"));
        }
        id
    }

    /// From the entry to the third look after its end.
    async fn session(&mut self, id: &str) {
        let of = |event: &'static str| move |record: &Value| text(record, "event") == event;
        self.until("both legs are sold", of("entry.completed"), Some(id)).await;
        // There is nothing to resolve: it is refused.
        self.post(&format!("/api/v1/sessions/{id}/resolve"), &json!({})).await;
        self.get(&format!("/api/v1/sessions/{id}")).await;
        for (what, event) in [
            ("a leg falls back", "market.leg_fallback_entered"),
            ("and returns", "market.leg_fallback_left"),
            ("polling ends", "stream.fallback_left"),
            ("the price stream is silent", "stream.heartbeat_missed"),
            ("the trailing floor is armed", "trailing.armed"),
            ("it is raised", "trailing.floor_raised"),
        ] {
            self.until(what, of(event), Some(id)).await;
        }
        if !self.lines.any(|record| record["session_id"] == id && text(record, "event") == "exit.decided") {
            self.post(&format!("/api/v1/sessions/{id}/stop"), &json!({})).await;
        }
        self.until("it is STOPPED", |record| text(record, "to") == "STOPPED", Some(id)).await;
        self.until("a third read", of("exit.audited"), Some(id)).await;
    }

    async fn panic(&mut self) {
        self.post("/api/v1/panic", &json!({})).await;
        let flat =
            |record: &Value| text(record, "event") == "panic.verified_flat" && record["session_id"].is_null();
        self.until("the account is flat", flat, None).await;
        self.post("/api/v1/panic/acknowledge", &json!({ "reason": "verification run" })).await;
        let cleared = |record: &Value| text(record, "event") == "panic.acknowledged";
        self.until("the latch is cleared", cleared, None).await;
    }

    /// A task that panics, a pool without a connection, a storm of debug records.
    async fn house(&mut self) {
        let (app, mut runs) = (&self.running.app, 0);
        let soon = Restart::Backoff { first: Duration::from_millis(10), most: Duration::from_millis(10) };
        let session = app.teller.sessions().under(TRACE);
        app.tasks.supervise("verification", session, soon, move || {
            runs += 1;
            async move {
                assert!(runs > 1, "a panic that was asked for");
                Ok::<(), String>(())
            }
        });
        if let Ok(db) = app.accounts.db() {
            let mut held = Vec::new();
            // The last one finds none free.
            while let Ok(connection) = db.read().await {
                held.push(connection);
            }
        }
        for number in 0..400 {
            app.teller.tell_record(LogRecord {
                level: Level::Debug,
                event: "market.watching".into(),
                service: telemetry::SERVICE.into(),
                timestamp: clock::now(),
                message: format!("Record {number} of a storm that is sampled."),
                ..LogRecord::default()
            });
        }
    }

    /// Whether all that was told is in the index.
    async fn delivered(&mut self) -> bool {
        let books = async {
            loop {
                let books: Value =
                    serde_json::from_str(&self.get("/api/v1/pipeline").await).unwrap_or_default();
                if books["held"].as_i64().is_some_and(|held| held <= 2) {
                    return;
                }
                tokio::time::sleep(LOOK * 5).await;
            }
        };
        tokio::time::timeout(STEP, books).await.is_ok()
    }

    /// Waits for a record, of a session if one is named.
    async fn until(&mut self, what: &str, holds: impl Fn(&Value) -> bool, session: Option<&str>) {
        let of_it = |record: &Value| session.is_none_or(|id| record["session_id"] == id) && holds(record);
        let look = async {
            while !self.lines.any(of_it) {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(STEP, look).await.is_err() {
            self.missed.push(what.to_owned());
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    /// The text of an answer; empty when there is none.
    async fn get(&self, path: &str) -> String {
        match self.http.get(self.url(path)).header("cookie", &self.cookie).send().await {
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The JSON of an answer; null when there is none.
    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self
            .http
            .post(self.url(path))
            .header("cookie", &self.cookie)
            .header("origin", format!("http://{}", self.running.address))
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
            .header("idempotency-key", uuid::Uuid::new_v4().to_string());
        match request.json(body).send().await {
            Ok(response) => response.json().await.unwrap_or_default(),
            Err(_) => Value::Null,
        }
    }
}

/// The default strangle with a floor that is armed soon.
fn strangle() -> Value {
    let preset = model::preset::preset("quick-strangle").map(|preset| preset.configuration);
    let mut configuration = json!(preset);
    configuration["name"] = json!("verification");
    configuration["max_profit"] = Value::Null;
    configuration["trailing"] = json!({
        "activation": "1", "distance": "0.5", "step": "0.25", "minimum_lock": "0.25", "gap_override": "20",
        "confirmations": 10, "confirmation_gap_ms": 10_000,
    });
    json!({ "configuration": configuration, "execution_mode": "simulated" })
}
