//! Health: alive as soon as requests are served, ready when recovery is complete. Both without sign-in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::MaybeUser;
use crate::health::Condition;
use crate::startup::App;
use crate::telling::VERSION;

/// `GET /health`.
pub(super) async fn alive(State(app): State<Arc<App>>, user: MaybeUser) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": VERSION,
        "boot_id": app.teller.boot_id(),
        "ready": app.health.ready(),
        "parts": parts(&app, user.0.is_some()),
    }))
}

/// Reasons may name files and addresses: they are for people who are signed in.
fn parts(app: &App, with_reasons: bool) -> BTreeMap<String, Condition> {
    let hide = |condition| match condition {
        Condition::Down { .. } if !with_reasons => Condition::Down { why: String::new() },
        shown @ (Condition::Down { .. } | Condition::Starting | Condition::Up) => shown,
    };
    app.health.parts().into_iter().map(|(part, condition)| (part, hide(condition))).collect()
}

/// `GET /health/ready`: 503 until no part is starting any more.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let (status, word) = if app.health.ready() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting")
    };
    (status, Json(json!({ "status": word, "parts": parts(&app, false) })))
}
