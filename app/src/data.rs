//! What a page shows, read from the server's port before it is painted: painting waits for nothing, so that it ends.

use std::sync::Arc;

use leptos::prelude::use_context;
use leptos_router::location::{RequestUrl, Url};
use model::view::StripView;

use crate::alerts_view::{AlertsOpen, AlertsPaint};
use crate::error::AppError;
use crate::history_query::HistoryQuery;
use crate::live;
use crate::log_query::LogQuery;
use crate::page_status::PageStatus;
use crate::painter::View;
use crate::painter::form::Checked;
use crate::port::{
    Analytics, ClientHealth, ErrorGroup, Histogram, LogPage, Port, ResultsPage, SessionDetail, SessionPaint,
    Trace, User,
};
use crate::settings_view::SettingsPaint;

pub type Answer<T> = Result<T, AppError>;

/// What the frame paints.
#[derive(Clone, Debug, PartialEq)]
pub struct FramePaint {
    pub user: Option<User>,
    pub strip: StripView,
    pub alerts: AlertsOpen,
}

/// What Control paints.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlPaint {
    pub strip: StripView,
    pub sessions: SessionPaint,
    /// What could be started, where the page offers it.
    pub offered: Option<Checked>,
}

/// What Telemetry paints.
#[derive(Clone, Debug, PartialEq)]
pub struct LogsPaint {
    pub page: LogPage,
    pub histogram: Histogram,
    /// Whether the search engine can be asked as well.
    pub has_index: bool,
}

/// What was read for one page. The server provides it as context (`Arc<Loaded>`) to what it paints.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    frame: Option<Answer<FramePaint>>,
    control: Option<Answer<ControlPaint>>,
    logs: Option<Answer<LogsPaint>>,
    clients: Option<Answer<Vec<ClientHealth>>>,
    errors: Option<Answer<Vec<ErrorGroup>>>,
    trace: Option<Answer<Trace>>,
    results: Option<Answer<ResultsPage>>,
    analytics: Option<Answer<Analytics>>,
    session: Option<Answer<Option<SessionDetail>>>,
    alerts: Option<Answer<AlertsPaint>>,
    settings: Option<Answer<SettingsPaint>>,
}

/// Reads what the page of an address needs, as the routes of `App` have them; `address` is path and query.
pub async fn load(port: Arc<dyn Port>, address: &str, status: &PageStatus) -> Loaded {
    let Ok(url) = RequestUrl::new(address).parse() else { return Loaded::default() };
    let asked = |name: &str| url.search_params().get(name);
    let path = Url::unescape(url.path());
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut loaded = Loaded { frame: Some(frame(&*port).await), ..Loaded::default() };
    match segments.as_slice() {
        [] => loaded.control = Some(control(&*port, &View::read(address)).await),
        ["analytics"] => {
            loaded.analytics = Some(status.of(port.analytics(HistoryQuery::read(asked)).await));
        }
        ["trades"] => loaded.results = Some(status.of(port.results(HistoryQuery::read(asked)).await)),
        ["sessions", id] => {
            let found = status.of(port.session((*id).to_owned()).await);
            if matches!(found, Ok(None)) {
                status.set(404);
            }
            loaded.session = Some(found);
        }
        ["telemetry"] => {
            loaded.logs = Some(logs(&*port, LogQuery::read(asked)).await);
            loaded.clients = Some(port.clients().await);
            loaded.errors = Some(port.errors().await);
        }
        ["alerts"] => {
            loaded.alerts = Some(status.of(port.alerts(asked("period").unwrap_or_default()).await));
        }
        ["settings"] => loaded.settings = Some(status.of(port.settings().await)),
        ["panic", id] => {
            loaded.control = Some(control(&*port, &View::read(address)).await);
            // The address may say anything: then nothing was recorded under it.
            loaded.trace = Some(if is_trace_id(id) { trace(&*port, id).await } else { Ok(Trace::default()) });
        }
        ["trace", id] => loaded.trace = Some(trace(&*port, id).await),
        _ => {}
    }
    loaded
}

async fn frame(port: &dyn Port) -> Answer<FramePaint> {
    let alerts = port.alerts_open().await.unwrap_or_default();
    Ok(FramePaint { user: port.user().await?, strip: port.strip().await?, alerts })
}

async fn control(port: &dyn Port, view: &View) -> Answer<ControlPaint> {
    let (strip, sessions) = (port.strip().await?, port.control().await?);
    let is_offered = view.is_control() && (live::running(&strip) == 0 || view.composing);
    // Control without it is still Control.
    let offered = if is_offered { port.offered().await.ok() } else { None };
    Ok(ControlPaint { strip, sessions, offered })
}

async fn logs(port: &dyn Port, query: LogQuery) -> Answer<LogsPaint> {
    let has_index = port.has_index();
    Ok(LogsPaint {
        page: port.logs(query.clone()).await?,
        histogram: port.histogram(query).await?,
        has_index,
    })
}

async fn trace(port: &dyn Port, id: &str) -> Answer<Trace> {
    if !is_trace_id(id) {
        let words = "That is no correlation id: 8 to 64 letters, digits, - or _.";
        return Err(AppError::new("INVALID", words).with_status(400));
    }
    port.trace(id.to_owned()).await
}

/// What was read for the page that is painted.
fn read<T: Clone>(part: impl Fn(&Loaded) -> &Option<Answer<T>>) -> Answer<T> {
    let loaded = use_context::<Arc<Loaded>>();
    loaded
        .and_then(|loaded| part(&loaded).clone())
        .unwrap_or_else(|| Err(AppError::new("NOT_READ", "This page was painted before its data were read.")))
}

pub fn frame_paint() -> Answer<FramePaint> {
    read(|loaded| &loaded.frame)
}

pub fn control_paint() -> Answer<ControlPaint> {
    read(|loaded| &loaded.control)
}

/// What the page offers to start, as the document was read; the feed has none, and leaves what was painted.
pub fn offered_paint() -> Option<Checked> {
    use_context::<Arc<Loaded>>()?.control.as_ref()?.as_ref().ok()?.offered.clone()
}

pub fn logs_paint() -> Answer<LogsPaint> {
    read(|loaded| &loaded.logs)
}

pub fn clients_paint() -> Answer<Vec<ClientHealth>> {
    read(|loaded| &loaded.clients)
}

pub fn errors_paint() -> Answer<Vec<ErrorGroup>> {
    read(|loaded| &loaded.errors)
}

pub fn trace_paint() -> Answer<Trace> {
    read(|loaded| &loaded.trace)
}

pub fn results_paint() -> Answer<ResultsPage> {
    read(|loaded| &loaded.results)
}

pub fn analytics_paint() -> Answer<Analytics> {
    read(|loaded| &loaded.analytics)
}

pub fn settings_paint() -> Answer<SettingsPaint> {
    read(|loaded| &loaded.settings)
}

pub fn alerts_paint() -> Answer<AlertsPaint> {
    read(|loaded| &loaded.alerts)
}

pub fn session_paint() -> Answer<Option<SessionDetail>> {
    read(|loaded| &loaded.session)
}

/// Only what an id may be made of: it goes into an address.
pub fn is_trace_id(text: &str) -> bool {
    telemetry::CorrelationId::parse(text).is_some()
}
