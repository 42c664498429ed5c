//! The forwarder's books, one atomic snapshot, and those of the browsers' tabs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{ApiError, User};
use crate::clock;
use crate::forwarder::LaneStatus;
use crate::ingest::Histogram;
use crate::shared::App;
use crate::store::telemetry::{Books, TabBooks, TabPage};

/// Tabs told one by one, those seen last.
const TABS: usize = 200;

/// `GET /api/v1/pipeline`. Not configured: `state` is `off` and everything is 0.
pub(super) async fn books(State(app): State<Arc<App>>, _: User) -> Result<Json<Value>, ApiError> {
    let on = app.config.elasticsearch.url.is_some();
    let books = if on { app.records.books().await? } else { Books::default() };
    // Without a store the forwarder's state is still worth seeing; what is unknown is null, for it is not zero.
    let clients = app.records.tabs(TABS).await.ok();
    let forwarder = app.forwarder.as_ref().map(|status| status.snapshot());
    let oldest = forwarder.as_ref().and_then(|f| f.oldest_us);
    let lag_ms = oldest.map_or(0, |at| (clock::now().0 - at).max(0) / 1_000);
    let lanes: Vec<Value> = forwarder.iter().flat_map(|f| &f.lanes).map(of_lane).collect();
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
            "lanes": lanes,
        },
        "ingest": ingest(&app),
        "clients": clients.as_ref().map(of_clients),
    })))
}

fn of_lane(lane: &LaneStatus) -> Value {
    json!({ "lane": lane.lane, "state": lane.state, "last_error": lane.last_error })
}

/// Counts since the start.
fn ingest(app: &App) -> Value {
    let counts = &app.ingest.counts;
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let rejected = counts.rejected_by_code();
    json!({
        "batches": read(&counts.batches),
        "duplicates": read(&counts.duplicates),
        "records": read(&counts.records),
        "rejected": rejected.values().sum::<u64>(),
        "rejected_by_code": rejected,
        "refused_by_code": counts.refused_by_code(),
        "drops": counts.dropped_by_reason(),
        "skew_s": histogram(&counts.skew),
        "lag_s": histogram(&counts.lag),
        "commit_s": histogram(&counts.commit),
        "queue_percent": (app.teller.batch_share() * 100.0).round(),
    })
}

/// Batches at or below each bound; above the last one lie the rest of `count`.
fn histogram(histogram: &Histogram) -> Value {
    let up_to = histogram.up_to();
    let count = up_to.last().map_or(0, |(_, count)| *count);
    let bounds: Vec<Value> = up_to
        .iter()
        .filter(|(bound, _)| bound.is_finite())
        .map(|(bound, count)| json!({ "up_to": bound, "count": count }))
        .collect();
    json!({ "count": count, "sum": histogram.sum(), "bounds": bounds })
}

/// `unexplained_loss`: numbers of calls that neither arrived, nor were declared as dropped, nor were refused here;
/// batches that are still on their way count too, until they arrive.
fn of_clients(page: &TabPage) -> Value {
    json!({
        "count": page.count,
        "delivered": page.delivered,
        "merged": page.merged,
        "drops": page.drops,
        "unexplained_loss": page.unexplained_loss,
        "tabs": page.tabs.iter().map(of_tab).collect::<Vec<_>>(),
    })
}

fn of_tab(tab: &TabBooks) -> Value {
    json!({
        "tab_id": tab.tab_id,
        "client_session_id": tab.client_session_id,
        "user_id": tab.user_id,
        "build_id": tab.build_id,
        "first_seen": tab.first_seen,
        "last_seen": tab.last_seen,
        "delivered": tab.delivered,
        "merged": tab.merged,
        "drops": tab.drops,
        "unexplained_loss": tab.unexplained_loss,
        "skew_ms": tab.skew_ms,
    })
}
