//! A simulated Delta Exchange: a pure exchange ([`Exchange`], no clock, no I/O, all chance seeded) and
//! one async part that serves the venue's REST and WebSocket dialect on loopback ([`start`]).
//!
//! In tests drive the exchange itself in virtual time: [`Exchange::place`], [`Exchange::cancel`],
//! [`Exchange::advance`] and the reading methods take wall microseconds; nothing sleeps.

pub mod account;
pub mod auth;
pub mod book;
pub mod chain;
mod connection;
pub mod event;
pub mod exchange;
mod fault_plan;
pub mod faults;
mod frames;
pub mod market;
mod matching;
pub mod options;
pub mod order;
pub mod pricing;
mod publication;
mod query;
pub mod quirks;
pub mod quote;
pub mod random;
mod reading;
pub mod rest;
mod rest_account;
mod rest_market;
mod resting;
pub mod serve;
pub mod session;
mod settlement;
mod store;
pub mod tape;
pub mod time;
mod transport;
pub mod wire;

pub use event::{Channel, Level, Telling, VenueEvent};
pub use exchange::{Exchange, Setup};
pub use faults::Faults;
pub use market::{Source, Volatility};
pub use options::{Options, StartError, TapeSource};
pub use order::{OrderKey, OrderRequest, Reject};
pub use quirks::{Quirk, Quirks, list_quirks};
pub use serve::{Running, start};
pub use tape::{Tape, TapeEnd};
