//! What a page needs from a server for its first paint. The server implements `Port` and provides it as
//! context (`Arc<dyn Port>`); in the browser the same data come over the HTTP API and the live feed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use model::view::{SessionView, StripView, WhyView};
use serde::{Deserialize, Serialize};
use telemetry::{LogRecord, Micros};

use crate::error::AppError;
use crate::log_query::LogQuery;

/// A boxed answer, so that the trait is object safe. It owns what it needs (clone an `Arc` into it).
pub type PortFuture<T> = Pin<Box<dyn Future<Output = Result<T, AppError>> + Send>>;

/// Reads for the first paint. Every method answers from memory or the store; none waits for the venue.
pub trait Port: Send + Sync + 'static {
    /// Who the request's cookie says is signed in; `None` for nobody.
    fn user(&self) -> PortFuture<Option<User>>;
    /// The strip of every page.
    fn strip(&self) -> PortFuture<StripView>;
    /// The sessions that run, else the one that ended last, with what their panels show.
    fn control(&self) -> PortFuture<SessionPaint>;
    /// Records, newest first.
    fn logs(&self, query: LogQuery) -> PortFuture<LogPage>;
    /// Counts over time of what `logs` would list.
    fn histogram(&self, query: LogQuery) -> PortFuture<Histogram>;
    /// Every record of one correlation id, in order of time.
    fn trace(&self, correlation_id: String) -> PortFuture<Trace>;
}

/// Answer of `GET /api/v1/me`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub username: String,
    /// `viewer`, `operator` or `admin`.
    pub role: String,
}

impl User {
    /// Viewers look, operators and admins act.
    pub fn may_operate(&self) -> bool {
        self.role != "viewer"
    }
}

/// What Control paints before the feed speaks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionPaint {
    /// Those that the strip lists; empty while no session has ever run.
    pub sessions: Vec<SessionView>,
    /// Latest decisions, newest last, at most 200.
    pub why: Vec<WhyView>,
}

/// Answer of `GET /api/v1/logs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogPage {
    pub records: Vec<LogRecord>,
    /// Where the next, older page begins; `None` at the end.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// Answer of `GET /api/v1/logs/histogram`: buckets of equal width, oldest first, empty ones included or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    pub buckets: Vec<Bucket>,
}

/// Records from `from` until the next bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    pub from: Micros,
    /// By level word.
    pub counts: BTreeMap<String, u64>,
}

/// Answer of `GET /api/v1/traces/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub correlation_id: String,
    pub records: Vec<LogRecord>,
}
