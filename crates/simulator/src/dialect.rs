//! The venue's dialect as pure functions over the exchange: signatures and quotas, REST answers, WebSocket
//! sessions and frames. No socket and no clock: time and bytes are handed in.

pub(crate) mod accent;
pub mod auth;
pub mod body;
pub(crate) mod channel;
pub mod frames;
pub mod page;
pub mod query;
pub mod reply;
pub mod rest;
mod route;
pub mod session;
mod snapshot;
pub(crate) mod stamps;
pub mod wire;
