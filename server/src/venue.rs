//! The one place that talks to the venue: signed REST with outcomes that know "not known", and two streams that
//! come back by themselves. What the venue says is translated by pure functions into the engine's inputs.

mod budget;
mod cause;
mod events;
mod fallback;
mod freshness;
mod offset;
mod orders;
mod prices;
mod pulse;
mod reason;
mod reconnect;
mod refusals;
mod rest;
mod sign;
mod socket;
mod stream;
pub mod translate;
pub mod underlyings;
pub mod wire;

use telemetry::Secret;

pub use crate::sessions::SessionContext;
pub use budget::{Budget, Priority, Purse, Remaining, Spender, Standing};
pub use cause::{Cause, code_of};
pub use events::{
    ClockMeasured, QuotaRead, StreamEvent, SwitchEvent, SwitchHappening, VenueRequest, catalogue,
};
pub use fallback::Fallback;
pub use offset::{Estimate, Freshness, Offset, OffsetChange, Reading, VenueClock};
pub use pulse::Pulse;
pub use reason::Reason;
pub use reconnect::{Reconnect, Retry};
pub use refusals::Restricted;
pub use rest::{
    Ask, Bracket, BracketLeg, Call, Edit, Named, Rest, RestError, Sent, StopAt, StopKind, Switch, Trigger,
};
pub use stream::{Stream, StreamParts, order_stream, price_stream};

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
