//! What the venue does wrong, and when: the fault file, and its rules at run time. Pure; whoever serves
//! asks the plan and lets it happen.

mod file;
mod keys;
pub(crate) mod plan;
mod rule;

pub use file::Faults;
pub use rule::{Fault, RequestFault, Rule, Socket, TimedFault};
