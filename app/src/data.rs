//! Where a page's data come from: on the server the port, in the browser the HTTP API. Resources call these,
//! so what the server painted is what the browser hydrates.

use model::preset::Preset;
use model::view::StripView;
use serde::{Deserialize, Serialize};
use std::future::Future;

use crate::error::AppError;
use crate::log_query::LogQuery;
use crate::port::{Histogram, LogPage, SessionPaint, Trace, User};
use crate::wire::Wire;

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
    pub presets: Vec<Preset>,
    /// Painted by the server: older than anything the feed has said since.
    pub from_server: bool,
}

/// What Telemetry paints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogsPaint {
    pub page: LogPage,
    pub histogram: Histogram,
}

#[cfg(feature = "ssr")]
mod source {
    use std::sync::Arc;

    use leptos::prelude::use_context;

    use super::*;
    use crate::port::Port;

    fn port() -> Result<Arc<dyn Port>, AppError> {
        use_context::<Arc<dyn Port>>()
            .ok_or_else(|| AppError::new("NO_PORT", "This page was made without a server behind it."))
    }

    pub fn frame() -> impl Future<Output = Result<Wire<FramePaint>, AppError>> + Send {
        let port = port();
        async move {
            let port = port?;
            Ok(Wire(FramePaint { user: port.user().await?, strip: port.strip().await? }))
        }
    }

    pub fn control() -> impl Future<Output = Result<Wire<ControlPaint>, AppError>> + Send {
        let port = port();
        async move {
            let port = port?;
            let (strip, sessions) = (port.strip().await?, port.control().await?);
            Ok(Wire(ControlPaint { strip, sessions, presets: port.presets().await?, from_server: true }))
        }
    }

    pub fn logs(query: LogQuery) -> impl Future<Output = Result<Wire<LogsPaint>, AppError>> + Send {
        let port = port();
        async move {
            let port = port?;
            Ok(Wire(LogsPaint {
                page: port.logs(query.clone()).await?,
                histogram: port.histogram(query).await?,
            }))
        }
    }

    pub fn trace(correlation_id: String) -> impl Future<Output = Result<Wire<Trace>, AppError>> + Send {
        let port = port();
        async move { port?.trace(correlation_id).await.map(Wire) }
    }
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
mod source {
    use send_wrapper::SendWrapper;

    use super::*;
    use crate::api;
    use crate::port::Presets;

    pub fn frame() -> impl Future<Output = Result<Wire<FramePaint>, AppError>> + Send {
        SendWrapper::new(async {
            let user = match api::get::<User>("/api/v1/me", "/api/v1/me").await {
                Ok(user) => Some(user),
                Err(error) if error.status == 401 => None,
                Err(error) => return Err(error),
            };
            Ok(Wire(FramePaint { user, strip: StripView::default() }))
        })
    }

    pub fn control() -> impl Future<Output = Result<Wire<ControlPaint>, AppError>> + Send {
        SendWrapper::new(async {
            let presets = api::get::<Presets>("/api/v1/presets", "/api/v1/presets").await?.presets;
            Ok(Wire(ControlPaint {
                strip: StripView::default(),
                sessions: SessionPaint::default(),
                presets,
                from_server: false,
            }))
        })
    }

    pub fn logs(query: LogQuery) -> impl Future<Output = Result<Wire<LogsPaint>, AppError>> + Send {
        SendWrapper::new(async move {
            let text = query.to_query_string();
            let page = api::get("/api/v1/logs", &format!("/api/v1/logs{text}")).await?;
            let histogram =
                api::get("/api/v1/logs/histogram", &format!("/api/v1/logs/histogram{text}")).await?;
            Ok(Wire(LogsPaint { page, histogram }))
        })
    }

    pub fn trace(correlation_id: String) -> impl Future<Output = Result<Wire<Trace>, AppError>> + Send {
        SendWrapper::new(async move {
            api::get("/api/v1/traces/{id}", &format!("/api/v1/traces/{correlation_id}")).await.map(Wire)
        })
    }
}

#[cfg(not(any(feature = "hydrate", feature = "ssr")))]
mod source {
    //! Without either side there is nowhere to read from: the crate still checks by itself.
    use super::*;

    fn nowhere<T>() -> Result<T, AppError> {
        Err(AppError::new("NO_PORT", "Built for neither server nor browser."))
    }

    pub async fn frame() -> Result<Wire<FramePaint>, AppError> {
        nowhere()
    }

    pub async fn control() -> Result<Wire<ControlPaint>, AppError> {
        nowhere()
    }

    pub async fn logs(_query: LogQuery) -> Result<Wire<LogsPaint>, AppError> {
        nowhere()
    }

    pub async fn trace(_correlation_id: String) -> Result<Wire<Trace>, AppError> {
        nowhere()
    }
}

pub use source::{control, frame, logs, trace};

/// Only what an id may be made of: it goes into an address.
pub fn is_trace_id(text: &str) -> bool {
    telemetry::CorrelationId::parse(text).is_some()
}
