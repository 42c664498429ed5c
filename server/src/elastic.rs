//! The search engine and its Kibana: one description of what they are to have (`assets/elastic`), which `elastic
//! setup` puts, `elastic check` compares and the forwarder asks for when it starts; and questions about records that
//! the engine answers in the place of the local log.

mod asset;
mod assets;
mod compare;
mod connection;
mod engine;
mod key;
mod kibana;
mod report;
mod run;
mod search;

pub(crate) use assets::{NAME, Retention, VERSION, for_engine};
pub use connection::ConnectionError;
pub(crate) use connection::{Connection, perform};
pub(crate) use engine::Engine;
pub use key::KeyWish;
pub use report::{Line, Standing};
pub use run::{check, set_up};
pub use search::{IndexError, Search};
