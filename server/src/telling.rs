//! Telling: a bounded queue that callers never wait for, and the one writer that numbers, prints and stores.

mod events;
mod layer;
mod levels;
mod output;
mod panic;
mod queue;
mod sampler;
mod tap;
mod teller;
mod writer;

pub(crate) use events::{BATCH_NOTED, DROPPED};
pub use events::{TelemetryEvent, catalogue};
pub use layer::install as install_tracing;
pub use levels::TargetLevel;
pub(crate) use levels::family;
pub use output::{Output, say};
pub use panic::install_hook as install_panic_hook;
pub(crate) use panic::payload_text as panic_text;
pub use sampler::samples_away;
pub use tap::Tap;
pub use teller::{BatchOutcome, Refused, Teller, Told, VERSION};
pub use writer::Writer;
