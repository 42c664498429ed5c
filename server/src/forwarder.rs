//! The forwarder: a pure machine beside an HTTP driver, from the telemetry store to Elasticsearch.

mod events;
mod status;

pub use events::{ForwarderEvent, catalogue};
pub use status::{Snapshot, Status};
