//! What the venue does wrong, and when: the fault file, and its rules at run time. Pure; whoever serves
//! asks the plan and lets it happen.

pub(crate) mod answer;
pub(crate) mod condition;
mod file;
mod keys;
mod kinds;
pub(crate) mod plan;
mod rule;

pub use condition::{Condition, When};
pub use file::Faults;
pub use rule::{Fault, RequestFault, Rule, Socket, StreamFault, TimedFault};
