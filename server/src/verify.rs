//! The verification run of the plan: a whole simulated session in a data directory of its own, with one forced fault of
//! each kind, then a table that says of every checkpoint which record shows it.

mod browser;
mod checkpoints;
mod engine;
mod house;
mod index;
mod lines;
mod report;
mod run;
mod shapes;
mod stream;
mod venue;

pub use report::{Report, Row};
pub use run::{Settings, VerifyError, verify};
