//! One wire record to one `LogRecord`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    RejectCode, payload,
    shared::{Shared, integer, short},
};
use crate::{
    CorrelationId, ErrorDetail, Level, LogRecord, SERVICE, Source, clean,
    correlation::{is_identifier, is_lower_hex},
    limits::{ERROR_RECORD_BYTES, FRAME_BYTES, RECORD_BYTES, STACK_FRAMES, TEXT_BYTES, prefix},
    promote,
};

const PROVENANCE: &str = "client-untrusted";
const KINDS: [&str; 7] = ["panic", "js", "rejection", "hydration", "oom", "trap", "boot"];

/// Calls that a wire record stands for, at least 1.
pub(super) fn count(value: &Value) -> u64 {
    value.get("rep").and_then(|rep| rep.get("c")).and_then(Value::as_u64).unwrap_or(1).clamp(1, 1_000_000_000)
}

/// The record of an object whose level was read already.
pub(super) fn admit(
    mut fields: Map<String, Value>,
    level: Level,
    position: usize,
    shared: &Shared<'_>,
) -> Result<LogRecord, RejectCode> {
    let delta_ms = match fields.get("d") {
        None => 0,
        Some(value) => integer(value).ok_or(RejectCode::Time)?,
    };
    let (client_timestamp, timestamp, clamped) = shared.times(delta_ms);
    let wire = Value::Object(std::mem::take(&mut fields));
    let text = |key: &str| wire.get(key).and_then(Value::as_str);
    let identifier = |key: &str| text(key).filter(|id| is_identifier(id, 1)).map(ToOwned::to_owned);
    let calls = count(&wire);
    let (event, foreign_event) = event_name(text("ev"));
    let mut cut = Cut(declared_cut(&wire));
    let message = cut.text(text("m").unwrap_or(&event), TEXT_BYTES);
    let budget = if level >= Level::Error { ERROR_RECORD_BYTES } else { RECORD_BYTES };
    let (mut payload, payload_cut) = payload::flatten(wire.get("f"), budget - message.len());
    cut.0 |= payload_cut;
    payload.extend(foreign_event.map(|name| ("event".to_owned(), Value::String(name))));
    payload.extend(repeat_span(&wire).filter(|_| calls > 1));
    if level >= Level::Error {
        payload.extend(shared.page.clone());
    }
    let mut record = LogRecord {
        timestamp,
        level,
        service: Cow::Borrowed(SERVICE),
        version: shared.version.clone(),
        source: Source::Frontend,
        event,
        message,
        session_id: identifier("ss"),
        correlation_id: text("tr").and_then(CorrelationId::parse).map(CorrelationId::into_string),
        payload,
        event_id: [&shared.bid, "-", &position.to_string()].concat(),
        error: wire.get("ex").and_then(|error| error_detail(error, &mut cut)),
        sample_rate: wire.get("sr").and_then(Value::as_f64).filter(|rate| *rate > 0.0 && *rate < 1.0),
        count: (calls > 1).then_some(calls),
        client_session_id: shared.client_session_id.clone(),
        tab_id: shared.tab_id.clone(),
        record_no: wire.get("n").and_then(Value::as_u64),
        build_id: shared.build_id.clone(),
        route: shared.route.clone(),
        user_id: shared.user_id.clone(),
        session_bound: Some(shared.session_bound),
        client_timestamp: Some(client_timestamp),
        received_at: Some(shared.context.received_at),
        skew_ms: Some(shared.skew_ms),
        ts_clamped: clamped.then_some(true),
        provenance: Some(PROVENANCE.to_owned()),
        target: text("g").map(|text| short(text, 128)),
        callsite: text("cs").map(|text| short(text, 128)),
        span_id: text("sp").filter(|id| is_lower_hex(id, 16)).map(ToOwned::to_owned),
        ..LogRecord::default()
    };
    promote(&mut record);
    record.truncated = cut.0.then_some(true);
    Ok(record)
}

/// The client says that it cut something: `cut`, or a `tr` that is no trace id.
fn declared_cut(wire: &Value) -> bool {
    wire.get("cut").is_some() || wire.get("tr").is_some_and(|flag| flag.as_u64() == Some(1))
}

/// A browser may only tell `ui.*`; another well-formed name is kept in the payload, so that nobody can forge the
/// engine's events and nothing is lost.
fn event_name(name: Option<&str>) -> (Cow<'static, str>, Option<String>) {
    let valid = |name: &&str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'))
    };
    match name.filter(valid) {
        Some(name) if name.starts_with("ui.") => (Cow::Owned(name.to_owned()), None),
        other => (Cow::Borrowed("ui.log"), other.map(ToOwned::to_owned)),
    }
}

/// Milliseconds between the first and the last call of a record that stands for several.
fn repeat_span(wire: &Value) -> Option<(String, Value)> {
    let rep = wire.get("rep")?;
    let (first, last) = (integer(rep.get("f")?)?, integer(rep.get("l")?)?);
    Some(("repeat_span_ms".to_owned(), Value::from(last.saturating_sub(first).max(0))))
}

fn error_detail(error: &Value, cut: &mut Cut) -> Option<ErrorDetail> {
    error.as_object()?;
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    let kind = text("kind").map(|kind| if KINDS.contains(&kind) { kind } else { "other" }.to_owned());
    let message = text("msg").map(|message| cut.text(message, TEXT_BYTES));
    let mut lines: Vec<String> = text("loc").map(|at| cut.text(at, FRAME_BYTES)).into_iter().collect();
    let frames = error.get("st").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    cut.0 |= frames.len() > STACK_FRAMES;
    lines.extend(frames.iter().take(STACK_FRAMES).map(|frame| cut.text(&frame_line(frame), FRAME_BYTES)));
    let stack_trace = (!lines.is_empty()).then(|| lines.join("\n"));
    Some(ErrorDetail { kind, message, stack_trace })
}

/// `name module wasm-function[812]:0x9f1c2`, what is missing left out; a frame may also be plain text.
fn frame_line(frame: &Value) -> String {
    if let Value::String(line) = frame {
        return line.clone();
    }
    let mut parts: Vec<String> = ["fn", "mod"]
        .iter()
        .filter_map(|key| frame.get(*key).and_then(Value::as_str))
        .map(ToOwned::to_owned)
        .collect();
    let number = |key: &str| frame.get(key).and_then(Value::as_u64);
    match (number("ix"), number("off")) {
        (Some(index), Some(offset)) => parts.push(format!("wasm-function[{index}]:{offset:#x}")),
        (Some(index), None) => parts.push(format!("wasm-function[{index}]")),
        (None, Some(offset)) => parts.push(format!("{offset:#x}")),
        (None, None) => {}
    }
    parts.join(" ")
}

/// Remembers whether anything was cut.
struct Cut(bool);

impl Cut {
    fn text(&mut self, text: &str, max: usize) -> String {
        let cleaned = clean(text);
        self.0 |= cleaned.len() > max;
        prefix(&cleaned, max).to_owned()
    }
}
