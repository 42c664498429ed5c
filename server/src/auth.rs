//! Who may use the console: accounts, passwords, browser sessions, the one-time link of the first start.

mod accounts;
mod changes;
mod events;
mod link;
mod password;
mod throttle;

pub use accounts::{Accounts, Session};
pub use changes::Author;
pub use events::{AuthEvent, catalogue};
pub use link::SetupLink;
pub use password::{PASSWORD_RULE, is_acceptable};
pub use throttle::Throttle;
