//! The pure half: market, option chain, matching, account, settlement. Every method takes wall time in
//! microseconds; nothing in this room sleeps, reads a clock, does I/O or speaks the wire's dialect.

pub mod account;
mod booking;
pub mod event;
mod fill;
mod makers;
pub mod market;
mod matching;
pub mod order;
pub mod pattern;
mod position;
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
mod terms;
pub mod time;

pub use market::{book, chain, pricing, quote, tape};
pub(crate) use state::State;
pub use state::{Exchange, Setup};
