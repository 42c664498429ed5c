//! One wire record to one `LogRecord`.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    RejectCode, Tier, frame,
    json::Raw,
    payload::Payload,
    shared::{Shared, identifier, short},
};
use crate::{
    CorrelationId, ErrorDetail, Level, LogRecord, SERVICE, Source, clean,
    correlation::is_lower_hex,
    limits::{ERROR_RECORD_BYTES, FRAME_BYTES, RECORD_BYTES, STACK_FRAMES, TEXT_BYTES, prefix},
    promote,
};

const PROVENANCE: &str = "client-untrusted";
const KINDS: [&str; 7] = ["panic", "js", "rejection", "hydration", "oom", "trap", "boot"];
/// More calls than one record can stand for.
const MOST_CALLS: u64 = 1_000_000_000;

/// The parts of a record that we know, where they lie.
#[derive(Default)]
pub(super) struct Wire<'a> {
    d: Option<Raw<'a>>,
    n: Option<Raw<'a>>,
    l: Option<Raw<'a>>,
    ev: Option<Raw<'a>>,
    ss: Option<Raw<'a>>,
    g: Option<Raw<'a>>,
    cs: Option<Raw<'a>>,
    m: Option<Raw<'a>>,
    tr: Option<Raw<'a>>,
    sp: Option<Raw<'a>>,
    f: Option<Raw<'a>>,
    rep: Option<Raw<'a>>,
    sr: Option<Raw<'a>>,
    ex: Option<Raw<'a>>,
    cut: Option<Raw<'a>>,
    sound: bool,
}

impl<'a> Wire<'a> {
    pub fn read(raw: Raw<'a>) -> Result<Self, RejectCode> {
        let mut wire = Self { sound: raw.is_sound(), ..Self::default() };
        for member in raw.members().map_err(|_| RejectCode::Shape)? {
            let (name, value) = member.map_err(|_| RejectCode::Shape)?;
            let place = match name.as_ref() {
                "d" => &mut wire.d,
                "n" => &mut wire.n,
                "l" => &mut wire.l,
                "ev" => &mut wire.ev,
                "ss" => &mut wire.ss,
                "g" => &mut wire.g,
                "cs" => &mut wire.cs,
                "m" => &mut wire.m,
                "tr" => &mut wire.tr,
                "sp" => &mut wire.sp,
                "f" => &mut wire.f,
                "rep" => &mut wire.rep,
                "sr" => &mut wire.sr,
                "ex" => &mut wire.ex,
                "cut" => &mut wire.cut,
                _ => continue,
            };
            *place = Some(value);
        }
        Ok(wire)
    }

    /// The record's place in the tab's count of calls; 0 when it has none.
    pub fn number(&self) -> u64 {
        self.n.and_then(Raw::unsigned).unwrap_or(0)
    }

    /// Calls that it stands for, at least 1.
    pub fn count(&self) -> u64 {
        let count = self.rep.and_then(|rep| rep.get("c")).and_then(Raw::unsigned);
        count.unwrap_or(1).clamp(1, MOST_CALLS)
    }

    /// Its level, when everything in it is JSON.
    pub fn level(&self) -> Result<Level, RejectCode> {
        self.sound.then_some(()).ok_or(RejectCode::Value)?;
        self.l.and_then(Raw::unsigned).and_then(Level::from_severity).ok_or(RejectCode::Level)
    }

    /// Milliseconds after the batch's `t0`.
    pub fn delta_ms(&self) -> Result<i64, RejectCode> {
        self.d.map_or(Some(0), Raw::integer).ok_or(RejectCode::Time)
    }
}

/// The record of a level that was read already.
pub(super) fn admit(
    wire: &Wire<'_>,
    level: Level,
    position: usize,
    shared: &Shared<'_>,
) -> Result<LogRecord, RejectCode> {
    let (client_timestamp, timestamp, clamped) = shared.times(wire.delta_ms()?);
    let text = |raw: Option<Raw<'_>>| raw.and_then(|raw| raw.text().map(Cow::into_owned));
    let calls = wire.count();
    let (event, foreign_event) = event_name(text(wire.ev));
    let mut cut = Cut(declared_cut(wire));
    let message = cut.text(wire.m.and_then(Raw::text).as_deref().unwrap_or(&event), TEXT_BYTES);
    let budget = if level >= Level::Error { ERROR_RECORD_BYTES } else { RECORD_BYTES };
    let mut payload = Payload::flatten(wire.f, budget - message.len());
    cut.0 |= payload.cut;
    if let Some(name) = foreign_event {
        payload.add("event", Value::String(clean(&name).into_owned()));
    }
    if let Some(span_ms) = repeat_span(wire.rep).filter(|_| calls > 1) {
        payload.add("repeat_span_ms", Value::from(span_ms));
    }
    if level >= Level::Error {
        shared.page.iter().for_each(|(key, value)| payload.add(key, value.clone()));
    }
    let mut record = LogRecord {
        timestamp,
        level,
        service: Cow::Borrowed(SERVICE),
        version: shared.version.clone(),
        source: Source::Frontend,
        event,
        message,
        session_id: wire.ss.and_then(identifier),
        correlation_id: wire
            .tr
            .and_then(identifier)
            .and_then(|id| CorrelationId::parse(&id))
            .map(CorrelationId::into_string),
        payload: payload.into_map(),
        event_id: [&shared.bid, "-", &position.to_string()].concat(),
        error: wire.ex.and_then(|error| error_detail(error, &mut cut)),
        sample_rate: share(wire.sr),
        count: (calls > 1).then_some(calls),
        client_session_id: shared.client_session_id.clone(),
        tab_id: shared.tab_id.clone(),
        record_no: wire.n.and_then(Raw::unsigned),
        build_id: shared.build_id.clone(),
        route: shared.route.clone(),
        user_id: shared.user_id.clone(),
        auth: (shared.context.tier == Tier::Page).then(|| "page".to_owned()),
        session_bound: Some(shared.session_bound),
        client_timestamp: Some(client_timestamp),
        received_at: Some(shared.context.received_at),
        skew_ms: Some(shared.skew_ms),
        ts_clamped: clamped.then_some(true),
        provenance: Some(PROVENANCE.to_owned()),
        target: text(wire.g).map(|text| short(&text, 128)),
        callsite: text(wire.cs).map(|text| short(&text, 128)),
        span_id: text(wire.sp).filter(|id| is_lower_hex(id, 16)),
        ..LogRecord::default()
    };
    promote(&mut record);
    record.truncated = cut.0.then_some(true);
    Ok(record)
}

/// The share of such events that is told, when it is below 1.
fn share(raw: Option<Raw<'_>>) -> Option<f64> {
    raw?.number()?.as_f64().filter(|rate| *rate > 0.0 && *rate < 1.0)
}

/// The client says that it cut something: `cut`, or a `tr` that is no trace id.
fn declared_cut(wire: &Wire<'_>) -> bool {
    wire.cut.is_some() || wire.tr.and_then(Raw::unsigned) == Some(1)
}

/// A browser may only tell `ui.*`; another well-formed name is kept in the payload, so that nobody can forge the
/// engine's events and nothing is lost.
fn event_name(name: Option<String>) -> (Cow<'static, str>, Option<String>) {
    let valid = |name: &String| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'))
    };
    match name.filter(valid) {
        Some(name) if name.starts_with("ui.") => (Cow::Owned(name), None),
        other => (Cow::Borrowed("ui.log"), other),
    }
}

/// Milliseconds between the first and the last call of a record that stands for several.
fn repeat_span(rep: Option<Raw<'_>>) -> Option<i64> {
    let time = |name| rep?.get(name)?.integer();
    Some(time("l")?.saturating_sub(time("f")?).max(0))
}

fn error_detail(error: Raw<'_>, cut: &mut Cut) -> Option<ErrorDetail> {
    error.is_object().then_some(())?;
    let text = |name| error.get(name).and_then(|raw: Raw<'_>| raw.text().map(Cow::into_owned));
    let kind =
        text("kind").map(|kind| if KINDS.contains(&kind.as_str()) { kind } else { "other".to_owned() });
    let message = text("msg").map(|message| cut.text(&message, TEXT_BYTES));
    let mut lines: Vec<String> = text("loc").map(|at| cut.text(&at, FRAME_BYTES)).into_iter().collect();
    let frames: Vec<Raw<'_>> = error
        .get("st")
        .and_then(Raw::items)
        .map(|items| items.take(STACK_FRAMES + 1).collect())
        .unwrap_or_default();
    cut.0 |= frames.len() > STACK_FRAMES;
    lines.extend(frames.iter().take(STACK_FRAMES).map(|frame| cut.text(&frame::line(*frame), FRAME_BYTES)));
    let stack_trace = (!lines.is_empty()).then(|| lines.join("\n"));
    Some(ErrorDetail { kind, message, stack_trace })
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
