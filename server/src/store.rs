//! Embedded databases, one module per file: `telemetry` (records) here, `console` (accounts) in `auth`. All go
//! through `Db`, which measures and tells what is slow.

mod db;
mod events;
pub mod telemetry;
pub mod trading;

pub use db::{Db, Durability, StoreError};
pub use events::{DbEvent, catalogue};
