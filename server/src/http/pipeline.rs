//! The forwarder's books, one atomic snapshot.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{ApiError, User};
use crate::clock;
use crate::shared::App;
use crate::store::telemetry::Books;

/// `GET /api/v1/pipeline`. Not configured: `state` is `off` and everything is 0.
pub(super) async fn books(State(app): State<Arc<App>>, _: User) -> Result<Json<Value>, ApiError> {
    let on = app.config.elasticsearch.url.is_some();
    let books = if on { app.records.books().await? } else { Books::default() };
    let lag_ms = books.oldest_held_us.map_or(0, |at| (clock::now().0 - at).max(0) / 1_000);
    let forwarder = app.forwarder.as_ref().map(|status| status.snapshot());
    Ok(Json(json!({
        "offered": books.offered,
        "delivered": books.delivered,
        "quarantined": books.quarantined,
        "turned_away": books.turned_away,
        "held": books.held,
        "duplicates": books.duplicates,
        "dead_letters": books.dead_letters,
        "wal_bytes": app.records.db().map(|db| db.wal_bytes()).unwrap_or_default(),
        "forwarder": {
            "state": forwarder.as_ref().map_or("off", |f| f.state),
            "lag_ms": lag_ms,
            "last_error": forwarder.as_ref().and_then(|f| f.last_error.clone()),
        },
    })))
}
