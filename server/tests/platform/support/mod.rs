//! Harness: a whole server on a port of its own with a data directory of its own, and a browser's view of it.

pub mod fake_engine;
pub mod receivers;
pub mod small_disk;
pub mod told;

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::config;
use server::startup::{self, Running};
use server::telling::Output;
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse";

/// A running server and a client of it.
pub struct Console {
    pub running: Running,
    pub lines: Lines,
    pub http: reqwest::Client,
    pub cookie: Option<String>,
    dir: Arc<TempDir>,
    settings: Vec<(String, String)>,
}

/// What went to stdout.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>, Arc<(Mutex<bool>, Condvar)>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let (held, let_go) = &*self.1;
        drop(let_go.wait_while(held.lock().unwrap(), |held| *held).unwrap());
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// A reader that stands still from now on, or goes on. For the flows of `tests/told`.
    #[allow(dead_code)]
    pub fn hold(&self, held: bool) {
        *self.1.0.lock().unwrap() = held;
        self.1.1.notify_all();
    }

    /// Every line, read as JSON: a line that is none fails the test.
    pub fn records(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
    }
}

impl Console {
    /// Signed out, with a password set.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let mut all = vec![("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", PASSWORD)];
        all.extend(settings);
        Self::start_bare(&all).await
    }

    /// With these settings only.
    pub async fn start_bare(settings: &[(&str, &str)]) -> Self {
        let dir = Arc::new(tempfile::tempdir().expect("a folder"));
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self::open(dir, settings).await
    }

    async fn open(dir: Arc<TempDir>, settings: Vec<(String, String)>) -> Self {
        server::tls::install();
        let lines = Lines::default();
        let config = config(&dir, &settings);
        let running = startup::start(config, Output::to(lines.clone())).await.expect("the server starts");
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { running, lines, http, cookie: None, dir, settings }
    }

    /// What a command of the program prints on this data directory, with the same settings.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .args(arguments)
            .env("DELTASCOPE__DATA__DIR", self.dir.path().join("data"))
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .output()
            .await
            .expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The same on a data directory without a server.
    pub async fn command_on(data: &std::path::Path, arguments: &[&str]) -> String {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .args(arguments)
            .env("DELTASCOPE__DATA__DIR", data)
            .output()
            .await
            .expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Stops and starts on the same data directory; the client keeps its cookie.
    pub async fn restart(self) -> Self {
        let Self { running, cookie, dir, settings, .. } = self;
        running.stop().await;
        Self { cookie, ..Self::open(dir, settings).await }
    }

    /// The same, with something done to the files of the data directory in between.
    pub async fn restart_after(self, harm: impl AsyncFnOnce(&std::path::Path)) -> Self {
        let Self { running, cookie, dir, settings, .. } = self;
        running.stop().await;
        harm(&dir.path().join("data")).await;
        Self { cookie, ..Self::open(dir, settings).await }
    }

    /// Stops; gives the last words and everything that went to stdout.
    pub async fn stop(self) -> (String, Vec<Value>) {
        let words = self.running.stop().await;
        (words, self.lines.records())
    }

    /// Given when the server stops.
    pub fn stop_signal(&self) -> server::tasks::Stop {
        self.running.app.tasks.stop_signal()
    }

    pub fn data_dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    /// A request with the cookie, if signed in.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("__Host-session={cookie}")),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.expect("an answer")
    }

    /// A GET that must succeed, read as JSON.
    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("JSON")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.expect("an answer")
    }

    /// Tries to sign in; keeps the cookie when that works.
    pub async fn sign_in(&mut self, password: &str) -> Response {
        let body = json!({ "username": "admin", "password": password });
        let response = self.post("/api/v1/sign-in", &body).await;
        self.cookie = cookie_of(&response).or(self.cookie.take());
        response
    }

    /// The page token that the server renders into its pages.
    pub async fn page_token(&self) -> String {
        let page = self.get("/login").await.text().await.expect("a page");
        let (_, rest) = page.split_once("name=\"log-token\" content=\"").expect("a page token");
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Recovery is complete and everything that trading needs does its work.
    pub async fn ready(&self) {
        let ready = self.running.app.health.until(server::health::Health::ready);
        tokio::time::timeout(std::time::Duration::from_secs(60), ready).await.expect("it becomes ready");
        assert_eq!(self.get("/health/ready").await.status(), StatusCode::OK);
    }

    /// The store has every record that was told so far.
    pub async fn settled(&self) {
        let teller = self.running.app.teller.clone();
        tokio::task::spawn_blocking(move || teller.flush_blocking(std::time::Duration::from_secs(10)))
            .await
            .unwrap();
    }
}

/// The settings of a test: its own folder, any free port.
pub fn config(dir: &TempDir, settings: &[(String, String)]) -> config::Config {
    let mut environment = vec![
        ("DELTASCOPE__DATA__DIR".to_owned(), dir.path().join("data").display().to_string()),
        ("DELTASCOPE__HTTP__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
    ];
    environment.extend_from_slice(settings);
    config::load(None, &environment).expect("valid settings")
}

pub fn cookie_of(response: &Response) -> Option<String> {
    let header = response.headers().get("set-cookie")?.to_str().ok()?;
    let value = header.strip_prefix("__Host-session=")?.split(';').next()?;
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

/// Header of a response as text; empty when it has none.
pub fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// A browser batch; `records` are `(severity, event, message)`.
pub fn batch(bid: &str, t0_ms: i64, records: &[(u64, &str, String)]) -> Value {
    let recs: Vec<Value> = records
        .iter()
        .enumerate()
        .map(|(n, (level, event, message))| json!({ "d": n, "n": n + 1, "l": level, "ev": event, "m": message }))
        .collect();
    json!({ "v": 1, "bid": bid, "bseq": 1, "sid": "0af7651916cd43dd8448eb211c80319c", "tid": "tab-1", "t0": t0_ms,
            "n0": 1, "recs": recs })
}

pub fn now_ms() -> i64 {
    server::clock::now().as_millis()
}
