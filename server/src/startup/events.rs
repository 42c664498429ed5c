//! What the server has to tell about itself as a whole.

use std::net::SocketAddr;

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

use crate::config::Config;

/// Starting and stopping.
#[derive(Clone, Debug)]
pub enum ServerEvent {
    Started {
        address: String,
        data_dir: String,
        forwarding: bool,
    },
    Stopping,
    Stopped,
    /// The file of the page tokens' key held none.
    PageKeyReplaced,
    /// The key of the page tokens lives in memory only.
    PageKeyUnusable {
        failure: String,
    },
}

impl ServerEvent {
    pub(super) fn started(config: &Config, address: SocketAddr) -> Self {
        Self::Started {
            address: address.to_string(),
            data_dir: config.data.dir.display().to_string(),
            forwarding: config.elasticsearch.url.is_some(),
        }
    }
}

impl Event for ServerEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "server.started",
            Self::Stopping => "server.stopping",
            Self::Stopped => "server.stopped",
            Self::PageKeyReplaced => "server.page_key_replaced",
            Self::PageKeyUnusable { .. } => "server.page_key_unusable",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Started { .. } | Self::Stopping | Self::Stopped => Level::Info,
            Self::PageKeyReplaced | Self::PageKeyUnusable { .. } => Level::Warn,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Started { address, data_dir, .. } => {
                format!("Deltascope listens on {address}, data in {data_dir}")
            }
            Self::Stopping => "Deltascope stops: intake is shut, records are flushed".to_owned(),
            Self::Stopped => "Deltascope stopped".to_owned(),
            Self::PageKeyReplaced => {
                "The file of the page tokens' key held none; it has a new one, and open pages must be reloaded"
                    .to_owned()
            }
            Self::PageKeyUnusable { failure } => {
                format!("The page tokens have a key until the next start only: {failure}")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            Self::Started { address, data_dir, forwarding } => Map::from_iter([
                ("address".to_owned(), Value::from(address.as_str())),
                ("data_dir".to_owned(), Value::from(data_dir.as_str())),
                ("forwarding".to_owned(), Value::from(*forwarding)),
            ]),
            Self::PageKeyUnusable { failure } => {
                Map::from_iter([("error".to_owned(), Value::from(failure.as_str()))])
            }
            Self::Stopping | Self::Stopped | Self::PageKeyReplaced => Map::new(),
        }
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let started = ServerEvent::Started {
        address: "127.0.0.1:3000".to_owned(),
        data_dir: "./data".to_owned(),
        forwarding: false,
    };
    let failure = "page-token.key cannot be written: No space left on device".to_owned();
    let unusable = ServerEvent::PageKeyUnusable { failure };
    [started, ServerEvent::Stopping, ServerEvent::Stopped, ServerEvent::PageKeyReplaced, unusable]
        .iter()
        .map(|event| CatalogueEntry::from_sample(event))
        .collect()
}
