//! What a page needs from a server for its first paint. The server implements `Port` and provides it as
//! context (`Arc<dyn Port>`); in the browser the same data come over the HTTP API and the live feed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use model::analytics::Report;
use model::result::{SessionResult, Totals};
use model::view::{PnlPoint, SessionView, StripView, WhyView};
use model::{Configuration, ExecutionMode, SessionId};
use serde::{Deserialize, Serialize};
use telemetry::{LogRecord, Micros};

use crate::alerts_view::{AlertsOpen, AlertsPaint};
use crate::error::AppError;
use crate::history_query::HistoryQuery;
use crate::log_query::LogQuery;
use crate::painter::form::Checked;
use crate::settings_view::SettingsPaint;

/// A boxed answer, so that the trait is object safe. It owns what it needs (clone an `Arc` into it).
pub type PortFuture<T> = Pin<Box<dyn Future<Output = Result<T, AppError>> + Send>>;

/// Reads for the first paint. Every method but `offered` answers from memory or the store.
pub trait Port: Send + Sync + 'static {
    /// Who the request's cookie says is signed in; `None` for nobody.
    fn user(&self) -> PortFuture<Option<User>>;
    /// The strip of every page.
    fn strip(&self) -> PortFuture<StripView>;
    /// The sessions that run, else the one that ended last, with what their panels show.
    fn control(&self) -> PortFuture<SessionPaint>;
    /// What starting the first preset now would mean, checked like a form that stands as it is. The venue is asked, and
    /// not waited for long: without its answer there is no preview.
    fn offered(&self) -> PortFuture<Checked>;
    /// Records, newest first.
    fn logs(&self, query: LogQuery) -> PortFuture<LogPage>;
    /// Whether there is a search engine that can be asked instead of the log.
    fn has_index(&self) -> bool {
        false
    }
    /// Counts over time of what `logs` would list.
    fn histogram(&self, query: LogQuery) -> PortFuture<Histogram>;
    /// Every record of one correlation id, in order of time.
    fn trace(&self, correlation_id: String) -> PortFuture<Trace>;
    /// A page of finished sessions, and how all that match add up.
    fn results(&self, query: HistoryQuery) -> PortFuture<ResultsPage>;
    /// The figures over the finished trades that match.
    fn analytics(&self, query: HistoryQuery) -> PortFuture<Analytics>;
    /// One session, running or ended; `None` when there is none of that id.
    fn session(&self, session_id: String) -> PortFuture<Option<SessionDetail>>;
    /// What is known of each browser tab that told records lately, the latest first.
    fn clients(&self) -> PortFuture<Vec<ClientHealth>>;
    /// What fires now, for the strip of every page.
    fn alerts_open(&self) -> PortFuture<AlertsOpen>;
    /// Alerts and rules; `period`: `7d`, `30d` or `all` of what has ended.
    fn alerts(&self, period: String) -> PortFuture<AlertsPaint>;
    /// How the server is set and stands.
    fn settings(&self) -> PortFuture<SettingsPaint>;
    /// Errors of the last day in groups, the latest first.
    fn errors(&self) -> PortFuture<Vec<ErrorGroup>>;
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
    /// Sessions that ended last, the latest first.
    #[serde(skip)]
    pub lately: Vec<SessionResult>,
    /// The curve of each session so far, thinned.
    #[serde(skip)]
    pub curves: BTreeMap<SessionId, Vec<PnlPoint>>,
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

/// Answer of `GET /api/v1/trades`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultsPage {
    pub results: Vec<SessionResult>,
    /// Of all that match, not of this page.
    pub totals: Totals,
    /// 1 is the first.
    pub page: u64,
    /// 0 when nothing matches.
    pub pages: u64,
    /// Rows of a page.
    pub limit: u64,
    /// When it was read.
    pub as_of: Micros,
    /// Names of configurations and underlyings that ever stood in a finished session.
    #[serde(skip)]
    pub choices: Choices,
    /// Sessions that run, and so are in no row.
    pub running: usize,
}

/// What a form offers to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub configurations: Vec<String>,
    pub underlyings: Vec<String>,
}

/// Answer of `GET /api/v1/analytics`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analytics {
    /// Results of both are never added up. What was asked for; else live where there is any.
    pub execution_mode: ExecutionMode,
    /// The span that was asked for, the end excluded; `None` is no limit.
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    /// `false`: more trades match than are looked at, and the latest are in the figures.
    pub complete: bool,
    pub as_of: Micros,
    /// Sessions that run, and so are in no figure.
    pub running: usize,
    #[serde(skip)]
    pub choices: Choices,
    #[serde(flatten)]
    pub report: Report,
}

/// Everything about one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionDetail {
    pub view: SessionView,
    /// What it came to, when it is over.
    pub result: Option<SessionResult>,
    /// The configuration as it was; `None` when it was not kept.
    pub settings: Option<Configuration>,
    /// Decisions at info and above, oldest first.
    pub decisions: Vec<WhyView>,
    /// There are more decisions than these, which are the latest.
    pub more: bool,
    /// The curve of executable P&L, oldest first.
    pub points: Vec<PnlPoint>,
    pub as_of: Micros,
}

/// A browser tab, as far as its records tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientHealth {
    /// The browser session that the tab belongs to.
    pub client_session_id: String,
    pub tab_id: String,
    pub user: Option<String>,
    /// When the server last took something from it.
    pub last_seen: Micros,
    /// Records that arrived.
    pub delivered: u64,
    /// Calls that were merged into records that were alike.
    pub merged: u64,
    /// Calls that the tab said it dropped, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Calls that are missing and that nobody declared; `None`: not known.
    pub unexplained: Option<u64>,
    /// What its clock was off by, milliseconds; `None`: not known.
    pub skew_ms: Option<i64>,
}

/// Errors that are the same: by where they happened, or by what they say without its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorGroup {
    pub fingerprint: Option<String>,
    pub event: String,
    /// `backend`, `frontend` or `audit`.
    pub source: String,
    /// Of one of them.
    pub message: String,
    /// Calls, repeats included.
    pub count: u64,
    /// Browser sessions that met it.
    pub sessions: u64,
    /// Builds of the browser's module that it was seen in.
    pub builds: Vec<String>,
    pub first: Micros,
    pub last: Micros,
}
