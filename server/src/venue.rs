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
mod reconnect;
mod refusals;
mod rest;
mod sign;
mod socket;
mod stream;
pub mod translate;
pub mod underlyings;
pub mod wire;

use std::sync::{Arc, PoisonError, RwLock};

use telemetry::{Context, Secret};

pub use budget::{Budget, Priority, Remaining, Spender};
pub use cause::{Cause, code_of};
pub use events::{ClockMeasured, StreamEvent, VenueRequest, catalogue};
pub use fallback::Fallback;
pub use offset::{Estimate, Freshness, Offset, OffsetChange, Reading, VenueClock};
pub use pulse::Pulse;
pub use reconnect::{Reconnect, Retry};
pub use refusals::Restricted;
pub use rest::{Call, Rest, RestError, Sent};
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

/// The trading session that runs now, for what the streams tell. The driver writes it, everybody reads.
#[derive(Clone, Default)]
pub struct SessionContext(Arc<RwLock<Context>>);

impl SessionContext {
    /// Replaces the context; the correlation id of it is not used by readers.
    pub fn set(&self, context: Context) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = context;
    }

    /// The context, under another correlation id.
    #[must_use]
    pub fn under(&self, correlation_id: &str) -> Context {
        let mut context = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        context.correlation_id = Some(correlation_id.to_owned());
        context
    }
}

/// A random number from 0 to 1,000: thousandths of a jitter. Without randomness it is the middle.
fn jitter() -> i64 {
    getrandom::u32().map_or(500, |number| i64::from(number % 1_001))
}
