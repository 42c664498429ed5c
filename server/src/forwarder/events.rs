//! What the forwarder has to tell. Deliveries that go well are told once per change of state, never per request:
//! each line is itself a record to be forwarded.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// Happenings of the forwarder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwarderEvent {
    Started {
        url: String,
        namespace: String,
        held: i64,
    },
    /// It cannot be set up; nothing is forwarded until that is put right.
    Unusable {
        reason: String,
    },
    TemplateInstalled {
        engine: String,
        /// The version that stood there before; `None`: there was none.
        replaced: Option<u64>,
    },
    /// A template of that name stands there, and it is not one of ours.
    TemplateForeign,
    /// Which template is there cannot be seen with these credentials: payloads are sent as text, which fits any.
    TemplateUnseen {
        status: u16,
    },
    TemplateRefused {
        status: u16,
        reason: String,
    },
    /// The engine cannot be reached or asks to wait; told at the first failure of an outage.
    Resting {
        reason: String,
        backoff_ms: u64,
    },
    /// Credentials or index are refused: everything is kept, tried again with back-off.
    Held {
        status: u16,
        reason: String,
    },
    /// Deliveries go on after an outage.
    Recovered,
    /// Records were refused for good; told at most once a minute, with one of them.
    Quarantined {
        /// Dead letters.
        count: u64,
        /// Put aside by the engine itself.
        failure_store: u64,
        record: String,
        status: u16,
        reason: String,
    },
}

impl Event for ForwarderEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "forwarder.started",
            Self::Unusable { .. } => "forwarder.unusable",
            Self::TemplateInstalled { .. } => "forwarder.template_installed",
            Self::TemplateForeign => "forwarder.template_foreign",
            Self::TemplateUnseen { .. } => "forwarder.template_unseen",
            Self::TemplateRefused { .. } => "forwarder.template_refused",
            Self::Resting { .. } => "forwarder.resting",
            Self::Held { .. } => "forwarder.held",
            Self::Recovered => "forwarder.recovered",
            Self::Quarantined { .. } => "forwarder.quarantined",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Started { .. } | Self::TemplateInstalled { .. } | Self::Recovered => Level::Info,
            Self::TemplateRefused { .. }
            | Self::TemplateForeign
            | Self::TemplateUnseen { .. }
            | Self::Resting { .. } => Level::Warn,
            Self::Unusable { .. } | Self::Held { .. } | Self::Quarantined { .. } => Level::Error,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Started { url, namespace, held } => {
                format!("Forwarding to {url}, namespace {namespace}; {held} records wait")
            }
            Self::Unusable { reason } => format!("Nothing is forwarded: {reason}"),
            Self::TemplateInstalled { engine, replaced: None } => {
                format!("Index template deltascope-logs was put into {engine}")
            }
            Self::TemplateInstalled { engine, replaced: Some(version) } => format!(
                "Index template deltascope-logs of version {version} was replaced in {engine}; it counts from the next rollover on"
            ),
            Self::TemplateForeign => {
                "An index template deltascope-logs that we did not write stands there; it is left as it is"
                    .to_owned()
            }
            Self::TemplateUnseen { status } => format!(
                "The credentials may not look at index templates ({status}): payloads are sent as text, which any mapping takes"
            ),
            Self::TemplateRefused { status, reason } => {
                format!(
                    "Index template deltascope-logs was refused ({status}): {reason}; records are kept until one is there"
                )
            }
            Self::Resting { reason, backoff_ms } => {
                format!("Forwarding rests for {backoff_ms} ms: {reason}; records are kept")
            }
            Self::Held { status, reason } => {
                format!("Forwarding is held ({status}): {reason}; records are kept")
            }
            Self::Recovered => "Forwarding goes on; what waited is being delivered".to_owned(),
            Self::Quarantined { count: 0, failure_store, .. } => {
                format!("{failure_store} records went into the engine's failure store; look at it there")
            }
            Self::Quarantined { count, failure_store, record, status, reason } => {
                let beside = match failure_store {
                    0 => String::new(),
                    n => format!(", and {n} went into the engine's failure store"),
                };
                format!(
                    "{count} records were refused for good and are kept as dead letters{beside}; the first is {record} ({status}): {reason}"
                )
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::Started { url, namespace, held } => vec![
                ("url", Value::from(url.as_str())),
                ("namespace", Value::from(namespace.as_str())),
                ("held", Value::from(*held)),
            ],
            Self::Unusable { reason } => vec![("reason", Value::from(reason.as_str()))],
            Self::TemplateInstalled { engine, replaced } => {
                vec![("engine", Value::from(engine.as_str())), ("replaced", Value::from(*replaced))]
            }
            Self::TemplateForeign => Vec::new(),
            Self::TemplateUnseen { status } => vec![("status_code", Value::from(*status))],
            Self::TemplateRefused { status, reason } | Self::Held { status, reason } => {
                vec![("status_code", Value::from(*status)), ("reason", Value::from(reason.as_str()))]
            }
            Self::Resting { reason, backoff_ms } => {
                vec![("reason", Value::from(reason.as_str())), ("backoff_ms", Value::from(*backoff_ms))]
            }
            Self::Recovered => Vec::new(),
            Self::Quarantined { count, failure_store, record, status, reason } => vec![
                ("count", Value::from(*count)),
                ("failure_store", Value::from(*failure_store)),
                ("record", Value::from(record.as_str())),
                ("status_code", Value::from(*status)),
                ("reason", Value::from(reason.as_str())),
            ],
        };
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let reason = "security_exception: action is unauthorized".to_owned();
    [
        ForwarderEvent::Started {
            url: "http://127.0.0.1:9200".to_owned(),
            namespace: "default".to_owned(),
            held: 0,
        },
        ForwarderEvent::Unusable {
            reason: "elasticsearch.ca_file ca.pem cannot be used: No such file or directory".to_owned(),
        },
        ForwarderEvent::TemplateInstalled { engine: "Elasticsearch 9.5.3".to_owned(), replaced: None },
        ForwarderEvent::TemplateForeign,
        ForwarderEvent::TemplateUnseen { status: 403 },
        ForwarderEvent::TemplateRefused { status: 403, reason: reason.clone() },
        ForwarderEvent::Resting { reason: "connection refused".to_owned(), backoff_ms: 800 },
        ForwarderEvent::Held { status: 401, reason },
        ForwarderEvent::Recovered,
        ForwarderEvent::Quarantined {
            count: 1,
            failure_store: 0,
            record: "0198c1d2e3f40011a2b3c4d5e6f70819-512".to_owned(),
            status: 400,
            reason: "document_parsing_exception: failed to parse field [payload]".to_owned(),
        },
    ]
    .iter()
    .map(|event| CatalogueEntry::from_sample(event))
    .collect()
}
