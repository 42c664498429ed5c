//! The one place that knows what a record looks like in Elasticsearch or OpenSearch.

use serde_json::{Map, Value};

use crate::{LogRecord, Source};

/// The document of a record: its JSON plus `@timestamp`. The document id is `event_id`.
#[must_use]
pub fn index_document(record: &LogRecord) -> Map<String, Value> {
    // Cannot fail, see `LogRecord::to_line`.
    let value = serde_json::to_value(record).unwrap_or_default();
    let mut document = crate::record::as_object(value);
    document.insert("@timestamp".to_owned(), Value::String(record.timestamp.to_rfc3339()));
    document
}

/// The data stream of a source: `logs-deltascope.app-<namespace>`, `.web-` for browsers, `.audit-`.
#[must_use]
pub fn data_stream(source: Source, namespace: &str) -> String {
    let dataset = match source {
        Source::Backend => "app",
        Source::Frontend => "web",
        Source::Audit => "audit",
    };
    ["logs-deltascope.", dataset, "-", namespace].concat()
}
