//! Trading: the driver that owns the engine, the executor that works the venue, the operator's handle, the live
//! feed. They act and wait; what is decided is decided in the engine.

mod answer;
mod asked;
mod clock_watch;
mod cycle_events;
mod dead_man;
mod decision_lines;
mod driver;
mod events;
mod executor;
mod feed;
mod history;
mod inbox;
mod journal_log;
mod keys;
mod latch_file;
mod lookup;
mod operator;
mod preview;
mod quota_watch;
mod runtime;
mod start;
mod truth;
mod venue_watch;
mod witness;

pub use answer::{Accepted, answer};
pub use asked::{Asked, Idempotency, RequestError};
pub use cycle_events::{CycleCompleted, LegSource};
pub use dead_man::{DeadMan, Entering, Pace};
pub use driver::{Driver, DriverParts};
pub use events::TradingEvent;
pub use executor::{Executor, Handed};
pub use feed::FeedHub;
pub use history::HistoryKeeper;
pub use inbox::{Inbox, Item};
pub use journal_log::JournalLog;
pub use keys::{Held, Keys};
pub use latch_file::LatchFile;
pub use lookup::Sought;
pub use operator::Operator;
pub use preview::Listed;
pub use start::{SimulatorNote, StartError, TRADING_THREADS, Trading, start};

/// Samples of what trading tells itself, for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<telemetry::CatalogueEntry> {
    [cycle_events::catalogue(), events::catalogue(), start::catalogue()].concat()
}

/// A new id of ten base-36 characters behind a prefix.
#[must_use]
pub fn new_id(prefix: &str) -> String {
    let bits = u64::from_str_radix(&crate::random::hex(8), 16).unwrap_or_default();
    format!("{prefix}{}", model::ids::base36(bits, 10))
}

/// A new id for one press of PANIC.
#[must_use]
pub fn new_panic_id() -> model::PanicId {
    model::PanicId(new_id("p-"))
}
