//! The vocabulary of telling: what a log record is, what an event is, and the pure machinery that carries records
//! from a browser to the server without losing count. No clock, no I/O, no randomness: time, ids and jitter are
//! parameters. Builds for `wasm32-unknown-unknown`.
//!
//! | what | where |
//! |---|---|
//! | something that can be told | [`Event`], with the [`Context`] it belongs to, its [`Level`] and [`Source`] |
//! | one JSON object a line | [`LogRecord`] (`build`, `number`, `to_line`, `from_line`), [`promote`] |
//! | a moment | [`Micros`]: RFC 3339 in JSON |
//! | EVENTS.md | [`CatalogueEntry::from_sample`], [`catalogue_markdown`] |
//! | the same error again | [`fingerprint`] |
//! | the index | [`index_document`], [`data_stream`]: nothing else knows its field names |
//! | one id per intent | [`CorrelationId`]: W3C trace id, `traceparent` in and out |
//! | nothing secret, nothing tricky | [`clean`] = [`hygiene`] then [`scrub`]; [`redact`] for payloads; [`Secret`] |
//! | browser side | [`client::Logger`]: `log`, `on(Input)`, `poll() -> Effect`, `books()` |
//! | server side of `POST /api/logs` | [`inflate`], [`ingest::admit`], `Admitted::receipt` → [`Receipt`] |
//! | sizes and counts of both | [`limits`] |

mod catalogue;
pub mod client;
mod correlation;
mod denylist;
mod event;
mod fingerprint;
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
mod squeeze;
mod time;
#[cfg(not(target_arch = "wasm32"))]
mod tokens;
mod wire;

pub use catalogue::{CatalogueEntry, catalogue_markdown};
pub use correlation::{CorrelationId, is_identifier};
pub use denylist::{MASK, is_secret_key};
pub use event::{Context, Event, Source};
pub use fingerprint::fingerprint;
pub use gzip::{InflateError, Inflater, deflate, inflate};
pub use hygiene::hygiene;
pub use index::{data_stream, index_document};
pub use level::Level;
pub use promote::promote;
pub use record::{BatchBooks, ErrorDetail, LogRecord, SERVICE};
use scrub::is_plain;
pub use scrub::{clean, redact, scrub};
pub use secret::Secret;
pub use serde_json::{Map, Value};
pub use time::{Micros, rfc3339};
pub use wire::{DropReason, LoggerSettings, REFUSALS_LISTED, Receipt, Refusal, WIRE_VERSION};
