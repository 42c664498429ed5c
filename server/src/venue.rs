//! The one place that talks to the venue: signed REST with outcomes that know "not known", and two streams that
//! come back by themselves. What the venue says is translated by pure functions into the engine's inputs.

mod account;
mod book;
mod books;
mod budget;
mod cause;
mod confirmations;
mod events;
mod fallback;
pub mod freshness;
mod gaps;
mod listed;
mod offset;
mod orders;
mod prices;
pub mod profile;
mod pulse;
mod reason;
mod reconnect;
mod refusals;
mod rest;
mod sequence;
mod sign;
mod socket;
mod stream;
mod talk;
pub mod translate;
pub mod underlyings;
pub mod wire;

use telemetry::Secret;

pub use crate::sessions::SessionContext;
pub use account::{Accounts, Live, Mode, Opening, Simulated, VenueAccount};
pub use book::{Book, BookAction, BookFault, BookFrame, BookRow};
pub use budget::{Budget, Priority, Purse, Remaining, Spender, Standing};
pub use cause::{Cause, code_of};
pub use events::{
    ClockMeasured, PartHappening, QuotaRead, StreamEvent, StreamHappening, SwitchEvent, SwitchHappening,
    VenueRequest, catalogue,
};
pub use fallback::Fallback;
pub use gaps::GapTimes;
pub use listed::{StatusLists, StatusPoll};
pub use offset::{Estimate, Freshness, Offset, OffsetChange, Reading, VenueClock};
pub use profile::{Profile, Quote, Terms};
pub use pulse::{Pulse, feed_of, polled_feed};
pub use reason::Reason;
pub use reconnect::{Reconnect, Retry};
pub use refusals::Restricted;
pub use rest::{
    Ask, Bracket, BracketLeg, Call, Edit, Named, Rest, RestError, Sent, StopAt, StopKind, Switch, Trigger,
};
pub use stream::{Stream, StreamParts, order_stream, price_stream};
pub use talk::{Effect, Talk, Turn};

/// The asset in which everything is settled, by our name for it: a row of the wallet.
pub const SETTLED_IN: &str = "USD";

/// Where the venue is and with which keys to speak to it.
#[derive(Clone, Debug)]
pub struct Address {
    /// Without `/v2` and without a trailing slash.
    pub rest_url: String,
    pub public_ws_url: String,
    pub private_ws_url: String,
    pub api_key: Secret,
    pub api_secret: Secret,
    /// How it speaks and charges.
    pub terms: Terms,
}

/// The sign-in of a private socket at this moment of the venue's clock.
pub(crate) fn sign_in(address: &Address, at: telemetry::Micros) -> serde_json::Value {
    orders::sign_in(address, at)
}

/// A random number from 0 to 1,000: thousandths of a jitter. Without randomness it is the middle.
fn jitter() -> i64 {
    getrandom::u32().map_or(500, |number| i64::from(number % 1_001))
}
