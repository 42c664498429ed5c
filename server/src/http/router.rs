//! All routes and the order of middleware. Outermost first: whose request it is, correlation and the line of the request, security
//! headers, compression, panic, Host, cross-site, body limit, route.

use std::any::Any;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::assets::Site;
use super::{
    ApiError, accounts, alerts, assets, browsers, configurations, correlate, feed, guard, headers, health,
    history, ingest, kpis, levels, logs, metrics, pages, panic, pipeline, proxies, runbook, sessions,
    step_up,
};
use crate::shared::App;

/// Largest body that a route reads unless it says otherwise.
const BODY_BYTES: usize = 256 * 1024;

/// Brotli's best takes longer than a slow line wins by it.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(5);

/// The whole service.
pub fn build(app: Arc<App>) -> Router {
    let site = Site::open(&app.config.http);
    let routes = Router::new()
        .merge(platform())
        .merge(trading())
        .merge(pages::routes())
        .merge(assets::pkg(&site))
        .fallback(pages::fallback)
        .layer(Extension(site));
    guarded(routes, &app).with_state(app)
}

/// Routes of the platform. Those of trading stand in modules of their own and are merged in `build`.
fn platform() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health::alive))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::text))
        .route("/api/logs", post(ingest::accept))
        .route("/api/v1/sign-in", post(accounts::sign_in))
        .route("/api/v1/set-password-by-link", post(accounts::set_password))
        .route("/api/v1/sign-out", post(accounts::sign_out))
        .route("/api/v1/me", get(accounts::who))
        .route("/api/v1/logs", get(logs::page))
        .route("/api/v1/logs/browsers", post(browsers::change))
        .route("/api/v1/logs/histogram", get(logs::histogram))
        .route("/api/v1/logs/errors", get(logs::errors))
        .route("/api/v1/traces/{correlation_id}", get(logs::trace))
        .route("/api/v1/kpis", get(kpis::figures))
        .route("/api/v1/pipeline", get(pipeline::books))
        .method_not_allowed_fallback(wrong_method)
}

/// Routes of trading.
fn trading() -> Router<Arc<App>> {
    Router::new()
        .merge(sessions::routes())
        .merge(panic::routes())
        .merge(step_up::routes())
        .merge(configurations::routes())
        .merge(history::routes())
        .merge(alerts::routes())
        .merge(levels::routes())
        .route("/runbook", get(runbook::page))
        .merge(feed::routes())
        .method_not_allowed_fallback(wrong_method)
}

fn guarded(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    let csrf = CsrfLayer::new().with_rejection_response(|_: ProtectionError| guard::cross_site());
    let csrf = match app.config.http.public_url.as_deref().map(|url| csrf.clone().add_trusted_origin(url)) {
        Some(Ok(trusting)) => trusting,
        Some(Err(_)) | None => csrf,
    };
    routes
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(csrf)
        .layer(from_fn_with_state(Arc::clone(app), guard::check_host))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().quality(COMPRESSION))
        .layer(from_fn_with_state(Arc::clone(app), headers::secure))
        .layer(from_fn_with_state(Arc::clone(app), correlate::correlate))
        .layer(from_fn_with_state(Arc::clone(app), proxies::see_through))
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This address does not take that method.",
    )
}

/// The panic itself was told by the hook.
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    ApiError::internal(crate::telling::panic_text(&*payload)).into_response()
}
