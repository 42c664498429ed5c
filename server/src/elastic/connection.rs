//! HTTP to a search engine or a Kibana: credentials, certificates, time limits, answers of bounded size.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use telemetry::Secret;

use crate::config::ElasticsearchConfig;

/// Largest answer that is read.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// Of an answer that is not JSON.
const WORDS_BYTES: usize = 300;

/// A connection to one address; cheap to clone.
#[derive(Clone)]
pub(crate) struct Connection {
    http: reqwest::Client,
    url: String,
    api_key: Secret,
    username: String,
    password: Secret,
    /// Kibana takes changes only with a header that no form of a browser can send.
    kibana: bool,
}

/// Why there is no connection; one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
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

impl Connection {
    /// To the engine of the settings.
    pub fn new(config: &ElasticsearchConfig) -> Result<Self, ConnectionError> {
        if let Some(problem) = &config.problem {
            return Err(ConnectionError::Settings(problem.clone()));
        }
        let url = config.url.clone().unwrap_or_default();
        reqwest::Url::parse(&url).map_err(|error| ConnectionError::Url(error.to_string()))?;
        crate::tls::install();
        let shown = config.ca_file.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        let failed = |why: String| ConnectionError::CaFile { path: shown.clone(), why };
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
            None => ConnectionError::Build(error),
        })?;
        let ElasticsearchConfig { api_key, username, password, .. } = config.clone();
        Ok(Self { http, url, api_key, username, password, kibana: false })
    }

    /// To the Kibana beside it, with the same credentials. `None`: none is set.
    pub fn kibana(&self, config: &ElasticsearchConfig) -> Option<Self> {
        let url = config.kibana_url.clone()?;
        Some(Self { url, kibana: true, ..self.clone() })
    }

    /// Whether the address says that nothing is encrypted.
    pub fn is_plain(&self) -> bool {
        self.url.starts_with("http://")
    }

    /// A request with credentials.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if self.kibana {
            request = request.header("kbn-xsrf", "deltascope").header("elastic-api-version", "2023-10-31");
        }
        if !self.api_key.is_empty() {
            return request.header("authorization", format!("ApiKey {}", self.api_key.expose()));
        }
        if !self.username.is_empty() {
            return request.basic_auth(&self.username, Some(self.password.expose()));
        }
        request
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
        Ok((status, json_or_words(&answer)))
    }
}

/// The answer as JSON, else its first words.
pub(super) fn json_or_words(answer: &[u8]) -> Value {
    let text = || String::from_utf8_lossy(&answer[..answer.len().min(WORDS_BYTES)]).into_owned();
    serde_json::from_slice(answer).unwrap_or_else(|_| Value::String(text()))
}

/// Sends and reads all of the answer.
pub(crate) async fn perform(request: RequestBuilder) -> Result<(u16, Vec<u8>), String> {
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

/// What an engine or a Kibana says of an error, in one sentence.
pub(super) fn reason(status: u16, answer: &Value) -> String {
    let error = &answer["error"];
    let told = error["reason"].as_str().or_else(|| answer["message"].as_str()).or_else(|| error.as_str());
    let told = told.or_else(|| answer.as_str().filter(|text| !text.trim_start().starts_with('<')));
    let told = told.filter(|text| !text.is_empty()).unwrap_or("no reason given");
    format!("HTTP {status}: {}", telemetry::clean(told).chars().take(300).collect::<String>())
}
