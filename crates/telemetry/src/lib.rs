//! The vocabulary of telling: what a log record is, what an event is, and the pure machinery that carries
//! records from a browser to the server without losing count. No clock, no I/O, no randomness: time, ids and
//! jitter are parameters. Builds for `wasm32-unknown-unknown`.

mod catalogue;
pub mod client;
mod correlation;
mod event;
mod gzip;
mod hygiene;
mod index;
pub mod ingest;
mod level;
pub mod limits;
mod promote;
mod record;
mod scrub;
mod secret;
mod shapes;
mod time;
mod wire;

pub use catalogue::{CatalogueEntry, catalogue_markdown};
pub use correlation::CorrelationId;
pub use event::{Context, Event, Source};
pub use gzip::{InflateError, deflate, inflate};
pub use hygiene::hygiene;
pub use index::{data_stream, index_document};
pub use level::Level;
pub use promote::promote;
pub use record::{ErrorDetail, LogRecord, SERVICE};
pub use scrub::{MASK, clean, is_secret_key, redact, scrub};
pub use secret::Secret;
pub use serde_json::{Map, Value};
pub use time::{Micros, rfc3339};
pub use wire::{DropReason, LoggerSettings, REFUSALS_LISTED, Receipt, Refusal, WIRE_VERSION};
