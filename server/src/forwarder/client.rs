//! What the forwarder says to the search engine: `_bulk`, packed, in the manner that the engine wants.

use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::Value;

use super::window::{Form, Outgoing};
use super::{Reply, bulk};
use crate::config::ElasticsearchConfig;
use crate::elastic::{Connection, ConnectionError, perform};

/// Only what is read: an answer for thousands of records stays small.
const FILTER: &str = "filter_path=errors,error,items.*.status,items.*._index,items.*.failure_store,\
                      items.*.error.type,items.*.error.reason";

/// A client for one engine; cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    connection: Connection,
    namespace: String,
    manner: Arc<RwLock<Manner>>,
}

/// How the engine that was found wants to be spoken to.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    data_streams: bool,
    text: bool,
}

impl Client {
    pub fn new(config: &ElasticsearchConfig) -> Result<Self, ConnectionError> {
        let connection = Connection::new(config)?;
        Ok(Self { connection, namespace: config.namespace.clone(), manner: Arc::default() })
    }

    /// For calls that are none of a delivery.
    pub fn connection(&self) -> &Connection {
        &self.connection
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
        telemetry::data_stream(source, &self.namespace)
    }

    /// Sends records. `Err`: it is not known whether they were taken.
    pub async fn send(&self, mut records: Vec<Outgoing>) -> Result<Reply, String> {
        let manner = *self.manner.read().unwrap_or_else(PoisonError::into_inner);
        for outgoing in records.iter_mut().filter(|outgoing| manner.text && outgoing.form == Form::Full) {
            outgoing.form = Form::Text;
        }
        let namespace = self.namespace.clone();
        let build = move || gzip(bulk::body(&records, &namespace).as_bytes());
        // Megabytes of text: not on a thread that others wait for.
        let body = tokio::task::spawn_blocking(build).await.map_err(|error| error.to_string())?;
        let body = body.map_err(|error| error.to_string())?;
        let extra = if manner.data_streams { "&require_data_stream=true" } else { "" };
        let request = self
            .connection
            .request(Method::POST, &format!("/_bulk?{FILTER}{extra}"))
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(CONTENT_ENCODING, "gzip")
            .body(body);
        let (status, answer) = perform(request).await?;
        bulk::read(status, &answer)
    }

    /// A JSON call: status and answer.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        self.connection.call(method, path, body).await
    }
}

/// The library's: the browser's own is written to be small, not to be fast.
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
