//! The root: contexts, routes, and the outermost error boundary.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::frame::Frame;
use crate::live::provide_live;
use crate::pages::{
    AlertsPage, AnalyticsPage, ControlPage, LoginPage, NotFound, PanicPage, SessionPage, SettingsPage,
    TelemetryPage, TracePage, TradesPage,
};
use crate::parts::RootFailure;

/// The whole console. Pages are complete in the first answer (`SsrMode::Async`): readable without WASM.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_live();
    view! {
        <Title formatter=|text: String| if text.is_empty() { "Deltascope".to_owned() } else { format!("{text} · Deltascope") }/>
        <ErrorBoundary fallback=|errors| view! { <RootFailure errors/> }>
            <Router>
                <Routes fallback=NotFound>
                    <Route path=path!("login") view=LoginPage ssr=SsrMode::Async/>
                    <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                        <Route path=path!("") view=ControlPage ssr=SsrMode::Async/>
                        <Route path=path!("analytics") view=AnalyticsPage ssr=SsrMode::Async/>
                        <Route path=path!("trades") view=TradesPage ssr=SsrMode::Async/>
                        <Route path=path!("sessions/:session_id") view=SessionPage ssr=SsrMode::Async/>
                        <Route path=path!("telemetry") view=TelemetryPage ssr=SsrMode::Async/>
                        <Route path=path!("alerts") view=AlertsPage ssr=SsrMode::Async/>
                        <Route path=path!("settings") view=SettingsPage ssr=SsrMode::Async/>
                        <Route path=path!("panic/:correlation_id") view=PanicPage ssr=SsrMode::Async/>
                        <Route path=path!("trace/:correlation_id") view=TracePage ssr=SsrMode::Async/>
                        <Route path=path!("*nowhere") view=NotFound ssr=SsrMode::Async/>
                    </ParentRoute>
                </Routes>
            </Router>
        </ErrorBoundary>
    }
    .into_any()
}
