//! The pure half: market, option chain, matching, account, settlement. Every method takes wall time in
//! microseconds; nothing in this room sleeps, reads a clock, does I/O or speaks the wire's dialect.

pub mod account;
pub mod book;
mod booking;
pub mod chain;
mod decay;
pub mod event;
mod makers;
pub mod market;
mod matching;
pub mod order;
pub mod pattern;
pub mod pricing;
mod publication;
mod published;
pub mod quirks;
pub mod quote;
pub mod random;
mod reading;
mod requests;
mod resting;
mod running;
mod settlement;
mod state;
pub mod tape;
pub mod time;
mod twap;

pub(crate) use state::State;
pub use state::{Exchange, Setup};
