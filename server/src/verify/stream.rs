//! Checkpoints of the streams.

use super::shapes::{Area, Checkpoint, Of, text};

pub(super) fn points() -> Vec<Checkpoint> {
    let area = Area("Streams");
    let house = |event, what, fields| area.point(Of::Intent, event, what, fields);
    let session = |event, what, fields| area.point(Of::Session, event, what, fields);
    vec![
        house("stream.connecting", "connecting", &["stream", "endpoint", "attempt"]),
        house("stream.connected", "connected", &["stream", "latency_us"]),
        house("stream.signed_in", "signed in", &["stream", "latency_us"]),
        session("stream.subscribed", "subscriptions", &["stream", "channels", "symbols"]),
        session("stream.subscribed", "a channel that is refused", &["stream", "refused"])
            .when(|record| record["level"] == "error"),
        session("stream.unsubscribed", "what is given up", &["stream", "symbols"]),
        session("stream.heartbeat", "uptime and messages", &["stream", "uptime_ms", "frames", "silence_ms"])
            .when(|record| text(record, "stream") == "prices"),
        session("stream.heartbeat_missed", "silence", &["stream", "silence_ms"]),
        session("stream.disconnected", "a loss with its reason", &["stream", "reason", "open_ms"]),
        session(
            "stream.reconnecting",
            "the next attempt and its back-off",
            &["stream", "attempt", "backoff_ms"],
        ),
        session("stream.gap", "the gap in milliseconds", &["stream", "gap_ms"]),
        session("stream.decode_error", "a frame that cannot be read, cut", &["stream", "frame", "error"]),
        session("stream.fallback_entered", "polling begins", &["stream", "symbols", "silence_ms"]),
        session("stream.fallback_left", "polling ends", &["stream", "symbols", "fallback_ms", "polls"]),
    ]
}
