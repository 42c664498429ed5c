//! Checkpoints of the venue's REST side, and of every fault that the venue was made to commit.

use super::shapes::{Area, Checkpoint, Of, text};

pub(super) fn points() -> Vec<Checkpoint> {
    let area = Area("Venue REST");
    let point = |what, fields| area.point(Of::Session, "venue.request", what, fields);
    let mut points = vec![
        point(
            "method, path, symbols, status, latency and its bucket, size, authentication, budget, attempt",
            &[
                "method",
                "endpoint",
                "symbol",
                "symbols",
                "status_code",
                "latency_us",
                "latency_bucket",
                "response_bytes",
                "auth",
                "budget_remaining",
                "attempt",
                "outcome",
            ],
        )
        .when(|record| text(record, "auth") == "accepted"),
        point("a failure with the beginning of its body", &["status_code", "body", "outcome"])
            .when(|record| record["status_code"].as_u64() >= Some(500)),
        point("the rate limit, and when it ends", &["status_code", "rate_limit_reset_ms"])
            .when(|record| record["status_code"] == 429),
        point("another attempt", &["attempt"]).when(|record| record["payload"]["attempt"].as_u64() > Some(1)),
        point("a 200 that cannot be read is an error", &["status_code", "body", "reason", "error"])
            .when(|record| text(record, "outcome") == "unreadable" && record["level"] == "error"),
        point("no answer", &["reason", "error"]).when(|record| text(record, "outcome") == "lost"),
        point("an order by our id", &["client_order_id", "symbol"])
            .when(|record| text(record, "method") == "POST" && text(record, "endpoint") == "/v2/orders"),
        area.point(Of::House, "venue.clock_measured", "the venue's clock", &["offset_ms", "uncertainty_ms"]),
    ];
    points.extend(faults());
    points
}

/// One of each kind that a fault file knows.
fn faults() -> Vec<Checkpoint> {
    let area = Area("Forced faults");
    let fault = |what, holds| area.point(Of::House, "simulator.fault_injected", what, &["fault"]).when(holds);
    vec![
        fault("rest_status", |record| text(record, "fault") == "rest_status"),
        fault("reply_late", |record| text(record, "fault") == "reply_late"),
        fault("reply_lost", |record| text(record, "fault") == "reply_lost"),
        fault("request_lost", |record| text(record, "fault") == "request_lost"),
        fault("reply_empty", |record| text(record, "fault") == "reply_empty"),
        fault("reply_altered", |record| text(record, "fault") == "reply_altered"),
        fault("frames_dropped", |record| text(record, "fault") == "frames_dropped"),
        fault("subscription_refused", |record| text(record, "fault") == "subscription_refused"),
        fault("socket_cut", |record| text(record, "fault") == "socket_cut"),
        fault("socket_silent", |record| text(record, "fault") == "socket_silent"),
        fault("undecodable_frame", |record| text(record, "fault") == "undecodable_frame"),
        fault("book_side_missing", |record| text(record, "fault") == "book_side_missing"),
    ]
}
