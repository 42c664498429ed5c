//! The console's pages: documents that the server renders and keeps up to date, with islands that live in the browser.
//! A server needs: `Port` (the data of the first paint, as context `Arc<dyn Port>`), `ShellValues` (nonce, page token,
//! theme; context), `shell` (the document), `App` (for the list of routes), `Painter` (what the feed says), `ui_catalogue`.

// The router's and the views' types nest deeply.
#![recursion_limit = "512"]

mod act;
pub mod api;
mod backoff;
mod cell;
mod draft;
mod error;
mod event;
mod feed_pieces;
pub mod islands;
mod json;
mod plain;
pub mod platform;
#[cfg(any(test, feature = "hydrate"))]
mod points;
#[cfg(any(test, feature = "hydrate"))]
mod sequence;
#[cfg(any(test, feature = "hydrate"))]
mod server_clock;
mod tell;

#[cfg(feature = "hydrate")]
mod charts;
#[cfg(feature = "hydrate")]
mod delegate;
#[cfg(feature = "hydrate")]
mod dialogs;
#[cfg(feature = "hydrate")]
mod feed;
#[cfg(feature = "hydrate")]
mod follow;
#[cfg(feature = "hydrate")]
mod forms;
#[cfg(feature = "hydrate")]
mod keys;
#[cfg(feature = "hydrate")]
mod spans;
#[cfg(feature = "hydrate")]
mod switches;
#[cfg(feature = "hydrate")]
mod wake;

#[cfg(feature = "ssr")]
pub mod alerts_view;
#[cfg(feature = "ssr")]
mod app;
#[cfg(feature = "ssr")]
mod data;
#[cfg(feature = "ssr")]
mod format;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod history_query;
#[cfg(feature = "ssr")]
mod live;
#[cfg(feature = "ssr")]
mod log_query;
#[cfg(feature = "ssr")]
mod page_status;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
pub mod painter;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
pub mod port;
#[cfg(all(test, feature = "ssr"))]
mod sample;
#[cfg(feature = "ssr")]
pub mod settings_view;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod shown;

pub use error::AppError;
pub use event::{Control, Measured, RequestEvent, Taker, UiEvent, ui_catalogue};
pub use tell::{About, Sink, is_told, set_lowest, set_sink, tell, tell_correlated};

#[cfg(feature = "hydrate")]
pub use wake::wake;

#[cfg(feature = "ssr")]
pub use alerts_view::{
    AlertView, AlertsOpen, AlertsPaint, ChannelView, ReceiptView, RuleView, SilenceView, ToldView,
};
#[cfg(feature = "ssr")]
pub use app::App;
#[cfg(feature = "ssr")]
pub use data::{Loaded, load};
#[cfg(feature = "ssr")]
pub use history_query::HistoryQuery;
#[cfg(feature = "ssr")]
pub use log_query::LogQuery;
#[cfg(feature = "ssr")]
pub use page_status::PageStatus;
#[cfg(feature = "ssr")]
pub use pages::control::draft::field_label;
#[cfg(feature = "ssr")]
pub use plain::route_pattern;
#[cfg(feature = "ssr")]
pub use port::{
    Analytics, Bucket, Choices, ClientHealth, ErrorGroup, Histogram, KpiPaint, LogPage, Port, PortFuture,
    ResultsPage, SessionDetail, SessionPaint, Trace, User,
};
#[cfg(feature = "ssr")]
pub use settings_view::{Fact, LevelView, SettingsPaint, UserView};
#[cfg(feature = "ssr")]
pub use shell::{Files, ShellValues, document_end, shell};
