//! A browser's part: a real batch over HTTP, and the checkpoints for it.

use serde_json::{Value, json};

use super::house::TRACE;
use super::shapes::{Area, Checkpoint, Of};

pub(super) fn points() -> Vec<Checkpoint> {
    let area = Area("Browser");
    let point = |event, what, fields| area.point(Of::Browser, event, what, fields);
    vec![
        point("ui.navigated", "a page that is opened", &[]),
        point("ui.click", "what somebody did", &["control", "correlation_id"]),
        point("ui.request", "a call and how long it took", &["latency_us", "status_code", "correlation_id"]),
        point("ui.feed_closed", "the live feed", &["attempt", "backoff_ms"]),
        point("ui.error_boundary", "a panel that stopped", &["panel", "component_path", "code"]),
        point("ui.panic", "the program of the page", &["location"]),
        area.point(
            Of::Intent,
            "telemetry.browser_dropped",
            "what it did not send, declared",
            &["browser_count"],
        ),
        area.point(
            Of::Intent,
            "telemetry.browser_rejected",
            "what was refused",
            &["browser_count", "by_code"],
        ),
    ]
}

/// One record of the batch.
fn record(number: u64, severity: u8, event: &str, message: &str, fields: Value) -> Value {
    json!({ "d": number, "n": number + 1, "l": severity, "ev": event, "m": message, "f": fields, "tr": TRACE })
}

/// What a browser would send within a few seconds.
pub(super) fn batch(now_ms: i64) -> String {
    let recs = vec![
        record(0, 9, "ui.navigated", "Opened /.", json!({ "route": "/" })),
        record(
            1,
            9,
            "ui.click",
            "Clicked Start for quick-strangle.",
            json!({ "control": "start", "subject": "quick-strangle" }),
        ),
        record(
            2,
            9,
            "ui.request",
            "POST /api/v1/sessions answered 202 in 79 ms.",
            json!({ "method": "POST", "endpoint": "/api/v1/sessions", "status_code": 202, "latency_us": 79_000, "attempt": 1 }),
        ),
        record(
            3,
            13,
            "ui.feed_closed",
            "Live feed closed (code 1006).",
            json!({ "attempt": 1, "backoff_ms": 740, "reason": "code 1006" }),
        ),
        record(
            4,
            17,
            "ui.error_boundary",
            "Panel Legs stopped.",
            json!({ "panel": "Legs", "component_path": "App › Control › Legs", "code": "UNREADABLE", "error": "cut" }),
        ),
        record(
            5,
            21,
            "ui.panic",
            "The page's program failed.",
            json!({ "location": "app/src/parts/plot.rs:1", "component_path": "App" }),
        ),
        // Of no level: it is refused, and told.
        record(6, 77, "ui.log", "of no level", json!({})),
    ];
    json!({
        "v": 1, "bid": uuid::Uuid::new_v4().to_string(), "bseq": 1, "sid": "5e551071e57ab1e05e551071e57ab1e0",
        "tid": "verify", "t0": now_ms, "n0": 1, "recs": recs, "ctx": { "route": "/" },
        "drops": [{ "l": 9, "why": "rate", "c": 3, "f": 0, "t": 5 }],
    })
    .to_string()
}
