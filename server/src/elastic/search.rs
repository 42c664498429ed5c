//! Questions about records that the search engine answers: the same filters, the same answers as the local log gives.
//! What the engine does not have yet (it refreshes every few seconds) is not in them.

mod answer;
mod groups;
mod question;

use reqwest::Method;
use serde_json::{Value, json};
use telemetry::Micros;

use super::connection::{Connection, ConnectionError, reason};
use crate::config::ElasticsearchConfig;
use crate::store::telemetry::{Bucket, Cursor, ErrorGroup, Filter};

/// Most records of one trace: the most that an engine gives at once.
const TRACE_MOST: usize = 10_000;

/// Why the engine gave no answer; one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    #[error("The search engine cannot be asked: {0}")]
    Unreachable(String),
    #[error("The search engine refuses the question ({0})")]
    Refused(String),
}

/// Asks one engine; cheap to clone.
#[derive(Clone)]
pub struct Search {
    connection: Connection,
    namespace: String,
}

impl Search {
    /// For the engine of the settings. `None`: there is none.
    pub fn new(config: &ElasticsearchConfig) -> Result<Option<Self>, ConnectionError> {
        if config.url.is_none() {
            return Ok(None);
        }
        let connection = Connection::new(config)?;
        Ok(Some(Self { connection, namespace: config.namespace.clone() }))
    }

    /// A page of at most `limit` records as JSON lines, newest first, and the cursor of the next page.
    pub async fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<Cursor>), IndexError> {
        let body = json!({
            "size": limit + 1,
            "query": question::query(filter, after),
            "sort": question::newest_first(),
            "track_total_hits": false
        });
        let answer = self.ask(&body).await?;
        let mut hits = answer::hits(&answer);
        let more = hits.len() > limit;
        hits.truncate(limit);
        let next = hits.last().filter(|_| more).map(answer::Hit::cursor);
        Ok((hits.into_iter().map(|hit| hit.line).collect(), next))
    }

    /// Records of one correlation id as JSON lines, in order of time.
    pub async fn trace(&self, correlation_id: &str) -> Result<Vec<String>, IndexError> {
        let filter = Filter { correlation_id: Some(correlation_id.to_owned()), ..Filter::default() };
        let body = json!({
            "size": TRACE_MOST,
            "query": question::query(&filter, None),
            "sort": question::oldest_first(),
            "track_total_hits": false
        });
        Ok(answer::hits(&self.ask(&body).await?).into_iter().map(|hit| hit.line).collect())
    }

    /// Counts by level in steps of `step_us` from `from` to the filter's `to`; empty steps are left out.
    pub async fn histogram(
        &self,
        filter: &Filter,
        from: Micros,
        step_us: i64,
    ) -> Result<Vec<Bucket>, IndexError> {
        let to = filter.to.unwrap_or(Micros(from.0.saturating_add(step_us)));
        let steps = question::steps(from, to, step_us);
        let body = json!({
            "size": 0,
            "query": question::query(filter, None),
            "aggs": { "steps": {
                "filters": { "filters": steps.iter().map(question::step).collect::<Vec<_>>() },
                "aggs": { "levels": { "terms": { "field": "level", "size": 10 } } }
            } }
        });
        Ok(answer::buckets(&self.ask(&body).await?, &steps))
    }

    /// Errors and worse in groups, latest first.
    pub async fn errors(&self, filter: &Filter) -> Result<Vec<ErrorGroup>, IndexError> {
        let mut found = Vec::new();
        for by in [groups::By::Fingerprint, groups::By::Message] {
            let mut after = Value::Null;
            // Each turn brings up to a thousand; more than a few turns of errors nobody reads.
            for _ in 0..groups::TURNS {
                let answer = self.ask(&groups::question(filter, by, &after)).await?;
                found.extend(groups::read(&answer, by));
                after = answer["aggregations"]["groups"]["after_key"].clone();
                if after.is_null() {
                    break;
                }
            }
        }
        Ok(groups::latest_first(found))
    }

    async fn ask(&self, body: &Value) -> Result<Value, IndexError> {
        let path = format!("/logs-deltascope.*-{}/_search?ignore_unavailable=true", self.namespace);
        let asked = self.connection.call(Method::POST, &path, Some(body)).await;
        let (status, answer) = asked.map_err(IndexError::Unreachable)?;
        match status {
            // An answer of some shards only would pass for all there is.
            200 if answer["_shards"]["failed"].as_u64().unwrap_or(0) > 0 || answer["timed_out"] == true => {
                Err(IndexError::Unreachable("a part of its indices does not answer".to_owned()))
            }
            200 => Ok(answer),
            429 | 500.. => Err(IndexError::Unreachable(reason(status, &answer))),
            _ => Err(IndexError::Refused(reason(status, &answer))),
        }
    }
}

#[cfg(test)]
mod tests;
