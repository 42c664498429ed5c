//! What must be told is told: the whole program is run through everything that can happen to it, once, and the records
//! are asked for each happening with its context and its fields.

#[path = "../platform/support/mod.rs"]
#[allow(dead_code)]
mod console;
#[path = "../../../crates/engine/tests/support/mod.rs"]
mod support;
#[path = "../trading_support/venue.rs"]
mod venue;

mod contract;
mod flows;
mod session;
mod told;
