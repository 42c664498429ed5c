//! Checkpoints of HTTP, accounts, databases, tasks, and of the log itself.

use super::shapes::{Area, Checkpoint, Of, text};

pub(super) fn points() -> Vec<Checkpoint> {
    let (http, databases, tasks, log) = (Area("HTTP"), Area("Databases"), Area("Tasks"), Area("Log"));
    vec![
        http.point(
            Of::Session,
            "http.request",
            "one line a request, also of a session",
            &["method", "route", "status_code", "latency_us", "user", "address"],
        )
        .when(|record| text(record, "route") == "/api/v1/sessions" && text(record, "method") == "POST"),
        http.point(Of::Intent, "http.request", "a refusal with its code", &["status_code", "error_code"])
            .when(|record| record["level"] == "warn"),
        http.point(Of::Session, "order.submitted", "its id is carried to the orders", &["client_order_id"])
            .when(|record| record["correlation_id"] == TRACE),
        http.point(Of::Session, "venue.request", "and to the venue", &["endpoint"])
            .when(|record| record["correlation_id"] == TRACE && text(record, "method") == "POST"),
        http.point(Of::Intent, "auth.signed_in", "who signed in", &["user", "address"])
            .when(|record| record["source"] == "audit"),
        http.point(Of::Intent, "auth.sign_in_failed", "and who could not", &["user", "address"]),
        databases.point(
            Of::Session,
            "db.slow_statement",
            "a statement over the threshold",
            &["database", "statement", "latency_us"],
        ),
        databases.point(Of::House, "db.pool_wait", "a wait for a connection", &["database", "latency_us"]),
        databases.point(Of::House, "db.pool_exhausted", "no connection at all", &["database", "latency_us"]),
        databases.point(
            Of::House,
            "db.commit_latency",
            "commits, mean and longest",
            &["database", "commits", "mean_us", "max_us"],
        ),
        tasks.point(
            Of::Intent,
            "task.panicked",
            "a panic where it happened",
            &["error", "location", "thread"],
        ),
        tasks.point(Of::Session, "task.failed", "a task that failed", &["task", "error"]),
        tasks.point(
            Of::Session,
            "task.restarting",
            "and is started again",
            &["task", "attempt", "backoff_ms"],
        ),
        log.point(
            Of::House,
            "telemetry.suppressed",
            "what sampling left out, counted",
            &["count", "by_event"],
        ),
        log.point(Of::House, "server.started", "the server", &["address", "data_dir"]),
    ]
}

/// Under which the first session is started, so that it can be followed.
pub(super) const TRACE: &str = "7e57ab1e7e57ab1e7e57ab1e7e57ab1e";
