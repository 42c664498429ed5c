//! The pure half: market, option chain, matching, account, settlement. Every method takes wall time in
//! microseconds; nothing in this room sleeps, reads a clock, does I/O or speaks the wire's dialect.

pub mod account;
mod booking;
mod brackets;
mod editing;
pub mod event;
mod fill;
mod heartbeat;
mod ledger;
mod liquidation;
mod makers;
pub mod market;
mod matching;
pub mod order;
pub mod pattern;
mod position;
mod prints;
pub mod profile;
mod publication;
mod published;
pub mod quirks;
pub mod random;
mod reading;
mod requests;
mod resting;
mod running;
mod settlement;
mod state;
pub mod status;
mod stops;
mod terms;
pub mod time;
mod trigger;
mod updates;

pub use editing::Edit;
pub use heartbeat::Heartbeat;
pub use ledger::{Entry, Movement};
pub use market::{book, chain, pricing, quote, tape};
pub use prints::{Bar, Day, Print, Series};
pub(crate) use state::State;
pub use state::{Exchange, Setup};
