//! HTTP to the search engine: credentials, gzip, time limits.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::window::Outgoing;
use super::{Reply, bulk};
use crate::config::ElasticsearchConfig;

/// Only what is read: an answer for thousands of records stays small.
const FILTER: &str =
    "filter_path=errors,error,items.*.status,items.*.failure_store,items.*.error.type,items.*.error.reason";
/// Largest answer that is read.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// A client for one engine; cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    config: ElasticsearchConfig,
    url: String,
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
        Ok(Self { http, config, url })
    }

    /// Sends records. `Err`: it is not known whether they were taken.
    pub async fn send(&self, records: &[Outgoing]) -> Result<Reply, String> {
        let body = telemetry::deflate(bulk::body(records, &self.config.namespace).as_bytes());
        let request = self
            .request(Method::POST, &format!("/_bulk?{FILTER}"))
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(CONTENT_ENCODING, "gzip")
            .body(body);
        let (status, answer) = perform(request).await?;
        bulk::read(status, &answer)
    }

    /// A JSON call: status and answer (`null` when it is not JSON).
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
        Ok((status, serde_json::from_slice(&answer).unwrap_or_default()))
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
