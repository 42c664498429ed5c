//! The browser's logger as a pure machine: `log` and `on` change it, `poll` gives effects, time is a parameter.
//! Beside it stands a driver (in `frontend`) that owns fetch, timers and page events.
//!
//! Law, at every instant: numbers taken = calls acknowledged + calls declared + calls held (see [`Books`]).

mod batch;
mod bucket;
mod call;
mod crumbs;
mod dedup;
mod drops;
mod encode;
mod flush;
mod hash;
mod ids;
mod input;
mod json;
mod layout;
mod limiter;
mod logger;
mod outbox;
mod pen;
mod ring;
mod seal;
mod settle;
mod site;

pub use call::{Call, Failure, FieldValue, Frame, Message};
pub use input::{Books, Input, LoggerConfig};
pub use layout::BLOCK;
pub use logger::Logger;
pub use outbox::{Auth, Effect, Halt, Outcome};
pub use site::{Key, Role, Site};
