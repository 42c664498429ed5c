//! The forwarder: a pure machine beside an HTTP driver, from the telemetry store to Elasticsearch or OpenSearch.
//! At least once on the wire, exactly once in the index, through `create` with the record's own id.

mod backoff;
mod bulk;
mod client;
mod driver;
mod events;
pub mod machine;
mod setup;
mod status;
mod window;

pub use client::ClientError;
pub use driver::Driver;
pub use events::{ForwarderEvent, catalogue};
pub use status::{Snapshot, Status};

/// The answer to one bulk request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// One result for each record, in the order sent.
    Items(Vec<Item>),
    /// The request as a whole was not taken.
    Refused { status: u16, reason: String },
}

/// The result of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub status: u16,
    /// Type and reason of an error; empty when there is none.
    pub reason: String,
    /// The engine put the document into its failure store, behind a 201.
    pub failure_store: bool,
}
