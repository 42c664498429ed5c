//! The browser's logger as a pure machine: `log` and `on` change it, `poll` gives effects, time is a parameter.
//! Beside it stands a driver (in `frontend`) that owns fetch, timers and page events.
//!
//! Law, at every instant: numbers taken = calls acknowledged + calls declared + calls held (see [`Books`]).

mod batch;
mod bucket;
mod dedup;
mod drops;
mod encode;
mod entry;
mod flush;
mod ids;
mod json;
mod limiter;
mod logger;
mod outbox;
mod ring;
mod seal;
mod settle;

pub use entry::{Entry, Failure, Field, FieldValue, Frame};
pub use logger::{Books, Input, Logger, LoggerConfig};
pub use outbox::{Auth, Effect, Halt, Outcome};
