//! Who may use the console: accounts, passwords, browser sessions, the one-time link of the first start.

pub(crate) mod accounts;
mod carry;
mod changes;
mod clients;
mod events;
mod keepsake;
mod link;
mod password;
mod people;
mod recent;
mod sessions;
mod step_up;
mod throttle;
mod unsaved;

pub use accounts::Accounts;
pub use changes::Author;
pub use events::{AuthEvent, catalogue};
pub use link::SetupLink;
pub use password::{PASSWORD_RULE, is_acceptable};
pub use people::Person;
pub use sessions::Session;
pub use step_up::{Confirmed, StepUps};
pub use throttle::{SlowLane, Throttle};
