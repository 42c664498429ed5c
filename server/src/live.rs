//! What stands between this program and money: the guard of a real venue. Denied by default; each thing that is missing
//! is said in one sentence with what to do (ADR 29).

mod events;
mod guard;
mod identity;
mod keys;
mod mark;
mod refusal;
mod watch;

pub use events::{LiveEvent, catalogue};
pub use guard::{Admitted, Door, admit, ask_whose};
pub use identity::{Identity, Permission, Trouble, identify};
pub use mark::Mark;
pub use refusal::Refusal;
pub use watch::AccountWatch;
