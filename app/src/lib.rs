//! The console's pages, rendered by the server and hydrated in the browser. A server needs: `Port` (the data
//! of the first paint, as context `Arc<dyn Port>`), `ShellValues` (nonce, page token, theme; context), `shell`
//! (the document), `App` (for the list of routes), `ui_catalogue` (for EVENTS.md).

// The router's and the views' types nest deeply.
#![recursion_limit = "512"]

pub mod api;
mod app;
mod data;
mod error;
mod event;
mod format;
mod frame;
mod live;
mod log_query;
mod pages;
mod parts;
pub mod platform;
pub mod port;
#[cfg(test)]
mod sample;
mod shell;
mod shown;
mod tell;
mod wire;

pub use app::App;
pub use error::AppError;
pub use event::{Control, RequestEvent, UiEvent, ui_catalogue};
pub use log_query::LogQuery;
pub use port::{Bucket, Histogram, LogPage, Port, PortFuture, SessionPaint, Trace, User};
pub use shell::{Files, ShellValues, shell};
pub use tell::{Sink, set_sink, tell, tell_correlated};
