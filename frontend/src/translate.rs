//! From an event of the app to an entry of the logger: its fields, and what makes two calls the same.

use app::{Control, UiEvent};
use telemetry::client::{Field, FieldValue};
use telemetry::{Map, Value};

/// Durations, sizes and counters: they do not make two calls different.
pub const VOLATILE: [&str; 12] = [
    "latency_us",
    "request_bytes",
    "response_bytes",
    "boot_ms",
    "wait_ms",
    "backoff_ms",
    "frame_seq",
    "age_ms",
    "gap_ms",
    "duration_ms",
    "attempts",
    "bytes",
];

/// The payload's scalars; lists and objects are none of ours.
pub fn fields(payload: &Map<String, Value>) -> Vec<Field<'_>> {
    payload.iter().filter_map(|(key, value)| Some(Field { key, value: scalar(value)? })).collect()
}

fn scalar(value: &Value) -> Option<FieldValue<'_>> {
    match value {
        Value::String(text) => Some(FieldValue::Str(text)),
        Value::Bool(truth) => Some(FieldValue::Bool(*truth)),
        Value::Number(number) => {
            let whole = number.as_i64().map(FieldValue::I64).or_else(|| number.as_u64().map(FieldValue::U64));
            whole.or_else(|| number.as_f64().map(FieldValue::F64))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Two clicks are two intents, however alike they look: each keeps its record and its correlation id.
pub fn is_intent(event: &UiEvent) -> bool {
    match event {
        UiEvent::Click { control, .. } => {
            !matches!(control, Control::Theme | Control::Follow | Control::Retry)
        }
        UiEvent::Request(request) => request.method != "GET",
        UiEvent::PanicAccepted { .. } => true,
        UiEvent::Booted { .. }
        | UiEvent::Navigated { .. }
        | UiEvent::FeedConnected { .. }
        | UiEvent::FeedClosed { .. }
        | UiEvent::FeedGap { .. }
        | UiEvent::FeedResynced { .. }
        | UiEvent::FeedUndecodable { .. }
        | UiEvent::FeedStale { .. }
        | UiEvent::FeedFresh { .. }
        | UiEvent::SpotStale { .. }
        | UiEvent::SpotFresh { .. }
        | UiEvent::TruthSeen { .. }
        | UiEvent::FloorSeen { .. }
        | UiEvent::FeedMinute { .. }
        | UiEvent::ChartDrawn { .. }
        | UiEvent::PanicUnconfirmed { .. }
        | UiEvent::Toast { .. }
        | UiEvent::ErrorBoundary { .. }
        | UiEvent::Panic { .. }
        | UiEvent::Log { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_type_and_the_rest_is_left_out() {
        let payload = serde_json::json!({ "a": "x", "b": true, "c": -3, "d": 1.5, "e": [1], "f": null });
        let payload = payload.as_object().cloned().unwrap_or_default();
        let shown: Vec<_> = fields(&payload).into_iter().map(|field| (field.key, field.value)).collect();
        let wanted = [
            ("a", FieldValue::Str("x")),
            ("b", FieldValue::Bool(true)),
            ("c", FieldValue::I64(-3)),
            ("d", FieldValue::F64(1.5)),
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn a_click_on_start_is_an_intent_and_one_on_the_theme_is_not() {
        let click = |control| UiEvent::Click { control, subject: String::new() };
        assert!(is_intent(&click(Control::Start)));
        assert!(!is_intent(&click(Control::Theme)));
    }
}
