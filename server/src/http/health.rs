//! Health: alive as soon as requests are served, ready when recovery is complete and everything that trading needs
//! does its work. Both without sign-in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::extract::session_of;
use crate::health::{Condition, Overall, Part};
use crate::shared::App;
use crate::telling::VERSION;

/// `GET /health`. Who is signed in is also told why.
pub(super) async fn alive(State(app): State<Arc<App>>, headers: axum::http::HeaderMap) -> Json<Value> {
    // When accounts cannot be read, that is what must be shown here.
    let signed_in = session_of(&headers, &app).await.is_ok_and(|session| session.is_some());
    let (overall, reasons) = app.health.overall();
    let mut answer = json!({
        "status": overall.word(),
        "version": VERSION,
        "boot_id": app.teller.boot_id(),
        "ready": app.health.ready(),
        "parts": parts(&app, signed_in),
    });
    if signed_in && overall != Overall::Ok {
        answer["reason"] = Value::from(reasons.join("; "));
    }
    Json(answer)
}

/// Reasons may name files and addresses: they are for people who are signed in.
fn parts(app: &App, with_reasons: bool) -> BTreeMap<String, Part> {
    let mut parts = app.health.parts();
    for part in parts.values_mut().filter(|_| !with_reasons) {
        match &mut part.condition {
            Condition::Down { why } | Condition::Degraded { why } => why.clear(),
            Condition::Starting | Condition::Up => {}
        }
    }
    parts
}

/// `GET /health/ready`: 503 while something that trading needs is starting or down.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let (status, word) = match (app.health.ready(), app.health.overall().0) {
        (true, _) => (StatusCode::OK, "ready"),
        (false, Overall::Down) => (StatusCode::SERVICE_UNAVAILABLE, "down"),
        (false, Overall::Ok | Overall::Degraded) => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
    };
    (status, Json(json!({ "status": word, "parts": parts(&app, false) })))
}
