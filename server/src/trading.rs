//! Trading: the driver that owns the engine, the executor that works the venue, the operator's handle, the live
//! feed. They act and wait; what is decided is decided in the engine.

mod answer;
mod driver;
mod events;
mod executor;
mod feed;
mod inbox;
mod operator;
mod start;
mod truth;

pub use answer::{Accepted, answer};
pub use driver::{Driver, DriverParts};
pub use events::{TradingEvent, catalogue};
pub use executor::{Executor, Handed};
pub use feed::{FeedHub, FeedUpdate};
pub use inbox::{Asked, Inbox, Item};
pub use operator::{Idempotency, Operator, RequestError};
pub use start::{StartError, Trading, start};
