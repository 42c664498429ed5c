//! Where a page's data come from: the server's port.

use std::sync::Arc;

use leptos::prelude::use_context;
use model::view::StripView;
use serde::{Deserialize, Serialize};
use std::future::Future;

use crate::error::AppError;
use crate::history_query::HistoryQuery;
use crate::log_query::LogQuery;
use crate::page_status;
use crate::port::{
    Analytics, ClientHealth, Histogram, LogPage, Port, ResultsPage, SessionDetail, SessionPaint, Trace, User,
};

/// What the frame paints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FramePaint {
    pub user: Option<User>,
    pub strip: StripView,
}

/// What Control paints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlPaint {
    pub strip: StripView,
    pub sessions: SessionPaint,
}

/// What Telemetry paints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogsPaint {
    pub page: LogPage,
    pub histogram: Histogram,
}

fn port() -> Result<Arc<dyn Port>, AppError> {
    use_context::<Arc<dyn Port>>()
        .ok_or_else(|| AppError::new("NO_PORT", "This page was made without a server behind it."))
}

pub fn frame() -> impl Future<Output = Result<FramePaint, AppError>> + Send {
    let port = port();
    async move {
        let port = port?;
        Ok(FramePaint { user: port.user().await?, strip: port.strip().await? })
    }
}

pub fn control() -> impl Future<Output = Result<ControlPaint, AppError>> + Send {
    let port = port();
    async move {
        let port = port?;
        Ok(ControlPaint { strip: port.strip().await?, sessions: port.control().await? })
    }
}

pub fn logs(query: LogQuery) -> impl Future<Output = Result<LogsPaint, AppError>> + Send {
    let port = port();
    async move {
        let port = port?;
        Ok(LogsPaint { page: port.logs(query.clone()).await?, histogram: port.histogram(query).await? })
    }
}

pub fn trace(correlation_id: String) -> impl Future<Output = Result<Trace, AppError>> + Send {
    let port = port();
    async move { port?.trace(correlation_id).await }
}

pub fn results(query: HistoryQuery) -> impl Future<Output = Result<ResultsPage, AppError>> + Send {
    let (port, status) = (port(), page_status::of_page());
    async move { status.of(port?.results(query).await) }
}

pub fn analytics(query: HistoryQuery) -> impl Future<Output = Result<Analytics, AppError>> + Send {
    let (port, status) = (port(), page_status::of_page());
    async move { status.of(port?.analytics(query).await) }
}

pub fn session(id: String) -> impl Future<Output = Result<Option<SessionDetail>, AppError>> + Send {
    let (port, status) = (port(), page_status::of_page());
    async move {
        let found = status.of(port?.session(id).await)?;
        if found.is_none() {
            status.set(404);
        }
        Ok(found)
    }
}

pub fn clients() -> impl Future<Output = Result<Vec<ClientHealth>, AppError>> + Send {
    let port = port();
    async move { port?.clients().await }
}

/// Only what an id may be made of: it goes into an address.
pub fn is_trace_id(text: &str) -> bool {
    telemetry::CorrelationId::parse(text).is_some()
}
