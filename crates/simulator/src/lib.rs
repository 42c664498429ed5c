//! A simulated Delta Exchange: a pure exchange ([`exchange`], no clock, no I/O, all chance seeded), the
//! venue's REST and WebSocket dialect as pure functions ([`dialect`]), what goes wrong ([`faults`]), and one
//! async part that offers it all on loopback ([`serve`]).
//!
//! In tests drive the exchange itself in virtual time: [`Exchange::place`], [`Exchange::cancel`],
//! [`Exchange::advance`] and the reading methods take wall microseconds; nothing sleeps.

mod brief;
pub mod dialect;
pub mod exchange;
pub mod faults;
pub mod serve;

pub use dialect::{auth, rest};
pub use exchange::market::recording;
pub use exchange::{account, book, chain, event, market, order, pricing, quote, status, tape, time};

pub use event::{Channel, Level, Telling, VenueEvent};
pub use exchange::profile::Profile;
pub use exchange::quirks::{Quirk, Quirks, list_quirks};
pub use exchange::{Exchange, Setup};
pub use faults::Faults;
pub use market::{Source, Underlying, Volatility};
pub use order::{OrderKey, OrderRequest, Reject};
pub use serve::options::{Options, StartError, TapeSource};
pub use serve::{Running, start};
pub use tape::{Tape, TapeEnd};
