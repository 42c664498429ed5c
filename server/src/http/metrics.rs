//! A few counts as Prometheus text: from loopback, signed in, or with the bearer token of `http.metrics_token`.

mod ingest;
mod venue;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::extract::ClientAddress;
use super::{ApiError, MaybeUser, proxies};
use crate::random;
use crate::shared::App;
use crate::store::telemetry::Books;

/// `GET /metrics`.
pub(super) async fn text(
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    MaybeUser(user): MaybeUser,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Behind a proxy of this machine everybody comes from loopback.
    let local = address.is_loopback() && !proxies::was_passed_on(&headers);
    if !local && user.is_none() && !has_token(&app, &headers) {
        return Err(ApiError::unauthorized());
    }
    let mut text = String::new();
    // Without a store the rest is still worth seeing; what is unknown is left out, for it is not zero.
    let books = app.records.books().await.ok().map(of_books);
    let records = app.records.clone();
    let lags = tokio::task::spawn_blocking(move || records.lags()).await.unwrap_or_default();
    for (name, kind, help, value) in
        of_telling(&app).into_iter().chain(of_log(lags)).chain(books.into_iter().flatten())
    {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# HELP deltascope_{name} {help}\n# TYPE deltascope_{name} {kind}\ndeltascope_{name} {value}"
        );
    }
    text.push_str(
        "# HELP deltascope_db_wal_bytes Bytes of a write-ahead log.\n# TYPE deltascope_db_wal_bytes gauge\n",
    );
    let trading = &app.trading;
    let databases = [app.records.db(), app.accounts.db(), trading.history.db(), trading.store.db()];
    for db in databases.into_iter().flatten() {
        let _ =
            writeln!(text, "deltascope_db_wal_bytes{{database=\"{}\"}} {}", db.database(), db.wal_bytes());
    }
    // The sums over the tabs of the last day; without a store they are not known.
    let lost = app.records.tabs(0).await.ok().map(|tabs| tabs.unexplained_loss);
    text.push_str(&ingest::text(&app.ingest.counts, lost));
    text.push_str(&venue::text(&app.trading.rest.standing()));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// Name, kind, help and value.
type Row = (&'static str, &'static str, &'static str, i64);

fn of_telling(app: &App) -> [Row; 10] {
    let told = app.teller.counts();
    let ingest = &app.ingest.counts;
    let read = |counter: &std::sync::atomic::AtomicU64| signed(counter.load(Ordering::Relaxed));
    [
        ("telemetry_enqueued_total", "counter", "Records that took a number.", signed(told.enqueued)),
        ("telemetry_committed_total", "counter", "Records committed to the store.", signed(told.committed)),
        ("telemetry_shed_total", "counter", "Records shed and declared.", signed(told.shed)),
        ("telemetry_suppressed_total", "counter", "Debug records sampled away.", signed(told.suppressed)),
        ("telemetry_filtered_total", "counter", "Calls below the level.", signed(told.filtered)),
        ("telemetry_waiting", "gauge", "Records that wait for the store.", signed(told.waiting)),
        ("ingest_batches_total", "counter", "Browser batches accepted.", read(&ingest.batches)),
        ("ingest_duplicates_total", "counter", "Of them repeats.", read(&ingest.duplicates)),
        ("ingest_records_total", "counter", "Browser records stored.", read(&ingest.records)),
        (
            "ready",
            "gauge",
            "1 when everything that trading needs does its work.",
            i64::from(app.health.ready()),
        ),
    ]
}

fn of_log((books, index): (u64, u64)) -> [Row; 2] {
    [
        ("log_books_lag_bytes", "gauge", "Bytes of the log that its books have to follow.", signed(books)),
        ("log_index_lag_bytes", "gauge", "Bytes of the log that its index has to follow.", signed(index)),
    ]
}

fn of_books(books: Books) -> [Row; 6] {
    [
        ("forwarder_offered_total", "counter", "Records offered to forwarding.", books.offered),
        ("forwarder_delivered_total", "counter", "Records that the search engine has.", books.delivered),
        ("forwarder_quarantined_total", "counter", "Records refused for good.", books.quarantined),
        ("forwarder_turned_away_total", "counter", "Records lost before delivery.", books.turned_away),
        ("forwarder_duplicates_total", "counter", "Deliveries that were there already.", books.duplicates),
        ("forwarder_held", "gauge", "Records that are still to be delivered.", books.held),
    ]
}

/// Compared by digest, so that the time taken says nothing about the token.
fn has_token(app: &App, headers: &HeaderMap) -> bool {
    let token = &app.config.http.metrics_token;
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    !token.is_empty() && given.is_some_and(|given| random::digest(given) == random::digest(token.expose()))
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
