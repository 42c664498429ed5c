//! Embedded databases, one module per file: `trading` (the journal), `history` (what lists show) and `telemetry`
//! (records) here, `console` (accounts) in `auth`. All go through `Db`, which measures and tells what is slow; those that trading does without
//! stand in a `Slot`.

mod db;
mod events;
pub mod history;
mod slot;
pub mod telemetry;
pub mod trading;
pub mod watch;

pub use db::{Db, DbFile, Durability, Foreign, Hold, StoreError, Write, migrator};
pub use events::{DbEvent, catalogue};
pub use slot::{Greeting, Slot};
