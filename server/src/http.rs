//! The console's HTTP side: middleware, the shape of errors, and the routes of the platform. Routes of trading
//! are merged in `router`.

pub mod accounts;
mod alerts;
mod assets;
mod browsers;
mod configurations;
mod cookies;
mod correlate;
mod csv;
pub mod error;
mod events;
pub mod extract;
pub mod facts;
mod feed;
mod guard;
mod headers;
mod health;
mod history;
mod idempotency;
mod ingest;
mod kpis;
mod levels;
pub mod logs;
mod metrics;
mod pages;
mod panic;
mod pipeline;
mod plain;
mod proxies;
mod reason;
pub mod router;
mod runbook;
pub mod serving;
mod sessions;
mod settings;
mod step_up;

pub(crate) use assets::site_dir;
pub use error::ApiError;
pub use events::catalogue;
pub use extract::{ApiJson, ApiPath, ApiQuery, MaybeUser, User};
pub use facts::Facts;
pub use headers::CspNonce;
pub use idempotency::IdempotencyKey;
