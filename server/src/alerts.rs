//! Alerts: rules that look at what happens as it happens, a pure machine that says what follows, and a driver beside it
//! that feeds it, keeps its state and sends its messages.

mod alert;
mod desk;
mod driver;
mod events;
mod loss;
mod machine;
mod notify;
mod rule;
mod signal;

pub use alert::{Alert, Channel, Ending, Kind, Mark, Notice, Receipt, Silence};
pub use desk::{AskError, Desk, Key, Told, View};
pub use driver::{Parts, start};
pub use events::{AlertEvent, catalogue};
pub use machine::{Ask, Delivery, Effect, Input, Looked, Machine, Outcome, Reading, Refusal, What};
pub use notify::{Notifiers, Standing};
pub use rule::{Rule, RuleId, Severity, Shape};
pub use signal::{ACCOUNT, Sighting, Signal, is_watched, signals};
