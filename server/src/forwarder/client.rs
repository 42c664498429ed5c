//! HTTP to the search engine: credentials, gzip, time limits.

use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::window::{Form, Outgoing};
use super::{Reply, bulk};
use crate::config::ElasticsearchConfig;

/// Only what is read: an answer for thousands of records stays small.
const FILTER: &str = "filter_path=errors,error,items.*.status,items.*._index,items.*.failure_store,\
                      items.*.error.type,items.*.error.reason";
/// Largest answer that is read.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// A client for one engine; cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    config: ElasticsearchConfig,
    url: String,
    manner: Arc<RwLock<Manner>>,
}

/// How the engine that was found wants to be spoken to.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    data_streams: bool,
    text: bool,
}

/// Why a client cannot be made; one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The settings of the section were refused.
    #[error("{0}")]
    Settings(String),
    /// Without the address itself, which may hold a password.
    #[error("elasticsearch.url cannot be used: {0}")]
    Url(String),
    #[error("elasticsearch.ca_file {path} cannot be used: {why}")]
    CaFile { path: String, why: String },
    #[error("no HTTP client for Elasticsearch: {0}")]
    Build(reqwest::Error),
}

impl Client {
    pub fn new(config: ElasticsearchConfig) -> Result<Self, ClientError> {
        if let Some(problem) = &config.problem {
            return Err(ClientError::Settings(problem.clone()));
        }
        let url = config.url.clone().unwrap_or_default();
        reqwest::Url::parse(&url).map_err(|error| ClientError::Url(error.to_string()))?;
        crate::tls::install();
        let shown = config.ca_file.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        let failed = |why: String| ClientError::CaFile { path: shown.clone(), why };
        let mut builder = reqwest::Client::builder()
            .timeout(Duration::from_millis(config.timeout_ms))
            .connect_timeout(Duration::from_millis(config.timeout_ms.min(5_000)))
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &config.ca_file {
            let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.to_string()))?;
            builder = builder.tls_certs_merge(certificates);
        }
        // Whether a certificate can be used is found out here.
        let http = builder.build().map_err(|error| match &config.ca_file {
            Some(_) => failed(words(&error)),
            None => ClientError::Build(error),
        })?;
        Ok(Self { http, config, url, manner: Arc::default() })
    }

    /// An engine that knows of data streams by name shall not make plain indices in their place.
    pub fn requires_data_streams(&self, knows: bool) {
        self.manner.write().unwrap_or_else(PoisonError::into_inner).data_streams = knows;
    }

    /// Whether payloads go as text.
    pub fn sends_text(&self, text: bool) {
        self.manner.write().unwrap_or_else(PoisonError::into_inner).text = text;
    }

    /// The name of a data stream.
    pub fn stream(&self, source: telemetry::Source) -> String {
        telemetry::data_stream(source, &self.config.namespace)
    }

    /// Whether the address says that nothing is encrypted.
    pub fn is_plain(&self) -> bool {
        self.url.starts_with("http://")
    }

    /// Sends records. `Err`: it is not known whether they were taken.
    pub async fn send(&self, mut records: Vec<Outgoing>) -> Result<Reply, String> {
        let manner = *self.manner.read().unwrap_or_else(PoisonError::into_inner);
        for outgoing in records.iter_mut().filter(|outgoing| manner.text && outgoing.form == Form::Full) {
            outgoing.form = Form::Text;
        }
        let namespace = self.config.namespace.clone();
        let build = move || gzip(bulk::body(&records, &namespace).as_bytes());
        // Megabytes of text: not on a thread that others wait for.
        let body = tokio::task::spawn_blocking(build).await.map_err(|error| error.to_string())?;
        let body = body.map_err(|error| error.to_string())?;
        let extra = if manner.data_streams { "&require_data_stream=true" } else { "" };
        let request = self
            .request(Method::POST, &format!("/_bulk?{FILTER}{extra}"))
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(CONTENT_ENCODING, "gzip")
            .body(body);
        let (status, answer) = perform(request).await?;
        bulk::read(status, &answer)
    }

    /// A JSON call: status and answer (when it is not JSON: its first words as a string).
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let (status, answer) = perform(request).await?;
        let text = || Value::String(String::from_utf8_lossy(&answer[..answer.len().min(300)]).into_owned());
        Ok((status, serde_json::from_slice(&answer).unwrap_or_else(|_| text())))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let config = &self.config;
        if !config.api_key.is_empty() {
            return request.header("authorization", format!("ApiKey {}", config.api_key.expose()));
        }
        if !config.username.is_empty() {
            return request.basic_auth(&config.username, Some(config.password.expose()));
        }
        request
    }
}

/// The library's: the browser's own is written to be small, not to be fast.
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

async fn perform(request: RequestBuilder) -> Result<(u16, Vec<u8>), String> {
    let mut response = request.send().await.map_err(|error| words(&error))?;
    let status = response.status().as_u16();
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| words(&error))? {
        if answer.len() + chunk.len() > ANSWER_BYTES {
            return Err("answer is too large".to_owned());
        }
        answer.extend_from_slice(&chunk);
    }
    Ok((status, answer))
}

/// The innermost cause; the outer ones repeat the address, which may carry credentials.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    telemetry::clean(&cause.to_string()).chars().take(300).collect()
}
