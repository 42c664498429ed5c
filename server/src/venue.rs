//! The one place that talks to the venue: signed REST with outcomes that know "not known", and two streams that
//! come back by themselves. What the venue says is translated by pure functions into the engine's inputs.

mod book;
mod books;
mod budget;
mod cause;
mod confirmations;
mod events;
mod fallback;
pub mod freshness;
mod gaps;
mod offset;
mod orders;
mod prices;
mod pulse;
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
pub use book::{Book, BookAction, BookFault, BookFrame, BookRow};
pub use budget::{Budget, Priority, Remaining, Spender};
pub use cause::{Cause, code_of};
pub use events::{ClockMeasured, PartHappening, StreamEvent, StreamHappening, VenueRequest, catalogue};
pub use fallback::Fallback;
pub use gaps::GapTimes;
pub use offset::{Estimate, Freshness, Offset, OffsetChange, Reading, VenueClock};
pub use pulse::{Pulse, feed_of, polled_feed};
pub use reconnect::{Reconnect, Retry};
pub use refusals::Restricted;
pub use rest::{Call, Rest, RestError, Sent};
pub use stream::{Stream, StreamParts, order_stream, price_stream};
pub use talk::{Effect, Talk, Turn};

/// Where the venue is and with which keys to speak to it.
#[derive(Clone, Debug)]
pub struct Address {
    /// Without `/v2` and without a trailing slash.
    pub rest_url: String,
    pub public_ws_url: String,
    pub private_ws_url: String,
    pub api_key: Secret,
    pub api_secret: Secret,
}

/// A random number from 0 to 1,000: thousandths of a jitter. Without randomness it is the middle.
fn jitter() -> i64 {
    getrandom::u32().map_or(500, |number| i64::from(number % 1_001))
}
