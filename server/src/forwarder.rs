//! The forwarder: a pure machine beside an HTTP driver, from the telemetry store to Elasticsearch or OpenSearch.
//! At least once on the wire, exactly once in the index, through `create` with the record's own id.

mod backoff;
mod blame;
mod bulk;
mod client;
mod digest;
mod driver;
mod events;
mod fence;
pub mod machine;
mod setup;
mod status;
mod window;

pub use driver::Driver;
pub(crate) use driver::PART;
pub use events::{ForwarderEvent, catalogue};
pub use status::{LaneStatus, Snapshot, Status};
pub use window::{Form, Outgoing};

/// The answer to one bulk request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// One result for each record, in the order sent.
    Items(Vec<Item>),
    /// The request as a whole was not taken.
    Refused { status: u16, reason: String },
}

/// The result of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    pub status: u16,
    /// The index that took it; empty when it was not taken.
    pub index: String,
    /// Type and reason of an error; empty when there is none.
    pub reason: String,
    /// The engine put the document into its failure store, behind a 201.
    pub failure_store: bool,
}
