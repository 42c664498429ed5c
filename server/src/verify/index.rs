//! The records of the run as the search engine has them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::ElasticsearchConfig;

/// Documents of one answer.
const PAGE: usize = 1_000;
/// More than any run tells.
const PAGES_MOST: usize = 100;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Fails with one sentence when nobody answers there.
pub(super) async fn reach(config: &ElasticsearchConfig) -> Result<(), String> {
    let base = config.url.clone().ok_or("no address of a search engine is set")?;
    let url =
        reqwest::Url::parse(&base).map_err(|error| format!("elasticsearch.url cannot be used: {error}"))?;
    let response = signed(config, client(config)?.get(url)).send().await.map_err(failed)?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("the search engine answered {status}")) }
}

/// Without the address, which may hold what is nobody's business.
fn failed(error: reqwest::Error) -> String {
    format!("the search engine cannot be asked: {}", error.without_url())
}

fn signed(config: &ElasticsearchConfig, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    if !config.api_key.expose().is_empty() {
        request.header("authorization", format!("ApiKey {}", config.api_key.expose()))
    } else if config.username.is_empty() {
        request
    } else {
        request.basic_auth(&config.username, Some(config.password.expose()))
    }
}

/// Every document of a process, in the order in which it told them.
pub(super) async fn records(config: &ElasticsearchConfig, boot_id: &str) -> Result<Vec<Value>, String> {
    let base = config.url.clone().ok_or("no address of a search engine is set")?;
    let http = client(config)?;
    let indices = format!("logs-deltascope.*-{}", config.namespace);
    // Without a body: engines refuse one here.
    answered(signed(config, http.post(format!("{base}/{indices}/_refresh")))).await?;
    let (mut records, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MOST {
        let mut body = json!({
            "size": PAGE,
            "query": { "bool": { "should": [
                { "term": { "boot_id": boot_id } },
                { "term": { "boot_id.keyword": boot_id } },
            ] } },
            "sort": [{ "seq": "asc" }],
        });
        if let Some(after) = after.take() {
            body["search_after"] = after;
        }
        let answer = post(&http, config, &format!("{base}/{indices}/_search"), &body).await?;
        let hits = answer["hits"]["hits"].as_array().cloned().unwrap_or_default();
        after = hits.last().map(|hit| hit["sort"].clone());
        let full = hits.len() == PAGE;
        records.extend(hits.into_iter().map(|hit| document(hit["_source"].clone())));
        if !full {
            break;
        }
    }
    Ok(records)
}

/// A payload that was sent as text is read again.
fn document(mut source: Value) -> Value {
    let text = source["payload"].as_str().and_then(|text| serde_json::from_str(text).ok());
    if let Some(payload) = text {
        source["payload"] = payload;
    }
    source
}

fn client(config: &ElasticsearchConfig) -> Result<reqwest::Client, String> {
    if let Some(problem) = &config.problem {
        return Err(problem.clone());
    }
    crate::tls::install();
    let mut builder =
        reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    if let Some(path) = &config.ca_file {
        let unusable =
            |why: String| format!("elasticsearch.ca_file {} cannot be used: {why}", path.display());
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let known =
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
        builder = builder.tls_certs_merge(known);
    }
    builder.build().map_err(|error| error.to_string())
}

async fn post(
    http: &reqwest::Client,
    config: &ElasticsearchConfig,
    url: &str,
    body: &Value,
) -> Result<Value, String> {
    answered(signed(config, http.post(url)).json(body)).await
}

async fn answered(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    let answer: Value = response.json().await.map_err(failed)?;
    if status.is_success() {
        Ok(answer)
    } else {
        Err(format!("the search engine answered {status}: {answer}"))
    }
}
