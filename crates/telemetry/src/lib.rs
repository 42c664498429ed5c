//! The vocabulary of telling: what a log record is, what an event is, and the pure machinery that carries
//! records from a browser to the server without losing count. No clock, no I/O, no randomness: time, ids and
//! jitter are parameters. Builds for `wasm32-unknown-unknown`.

mod catalogue;
mod event;
mod index;
mod level;
mod promote;
mod record;
mod time;

pub use catalogue::{CatalogueEntry, catalogue_markdown};
pub use event::{Context, Event, Source};
pub use index::{data_stream, index_document};
pub use level::Level;
pub use promote::promote;
pub use record::{ErrorDetail, LogRecord, SERVICE};
pub use serde_json::{Map, Value};
pub use time::{Micros, rfc3339};
