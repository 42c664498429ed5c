//! Health: alive as soon as requests are served, ready when recovery is complete. Both without sign-in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::startup::App;
use crate::telling::VERSION;

/// `GET /health`.
pub(super) async fn alive(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": VERSION,
        "boot_id": app.teller.boot_id(),
        "ready": app.health.ready(),
        "parts": app.health.parts(),
    }))
}

/// `GET /health/ready`: 503 until no part is starting any more.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let (status, word) = if app.health.ready() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting")
    };
    (status, Json(json!({ "status": word, "parts": app.health.parts() })))
}
