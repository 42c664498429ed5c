//! `LogRecord`: one JSON object per event, the same from engine, server and browser, on stdout, in the store,
//! on the wire and in the index.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{Context, Event, Level, Micros, Source, promote};

/// The value of `service` on every record.
pub const SERVICE: &str = "deltascope";

/// An error that a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
}

/// One log record. The fields down to `payload` that are no `Option`, and `correlation_id`, stand on every
/// record (`payload` as `{}`, `correlation_id` as `null` when there is none); all others only when known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogRecord {
    // The head: these first ten stand in this order at the beginning of every line, so that who looks for records finds
    // what they are by their first bytes.
    /// When it happened (from a browser: corrected by the clock offset).
    pub timestamp: Micros,
    pub level: Level,
    pub source: Source,
    /// Name from the catalogue.
    pub event: Cow<'static, str>,
    /// `{boot_id}-{seq}`, from a browser `{bid}-{i}`: the document id.
    pub event_id: String,
    #[serde(default)]
    pub correlation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The journal's own number, on records of decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_seq: Option<u64>,
    /// How many records of the browser batch were kept, on each of them: they count together or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u64>,
    pub message: String,

    pub service: Cow<'static, str>,
    pub version: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_mode: Option<String>,
    /// Typed key/values, units in the keys. Read from anything but an object, it becomes `{"value": …}`.
    #[serde(default, deserialize_with = "object_or_wrapped")]
    pub payload: Map<String, Value>,
    /// The process that enqueued the record.
    pub boot_id: String,
    /// Gapless number within `boot_id`, given when the record is enqueued.
    pub seq: u64,

    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// The venue's order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// Decimal text in the quote currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Whole lots, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qty: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorDetail>,

    /// The record or input that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
    /// Share of such events that are told, when it is below 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<f64>,

    /// Calls that this record stands for; absent = 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tab_id: Option<String>,
    /// Per-tab number, counting records that were later dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_no: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Route pattern, never a full URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// From the login, never from the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// `page` on browser records that came with a page token and no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// False when the browser session is not one of this login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_bound: Option<bool>,
    /// The browser's own clock, uncorrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_timestamp: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Micros>,
    /// Correction that was added to `client_timestamp`, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_ms: Option<i64>,
    /// True when the corrected time was outside what is believable and was clamped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts_clamped: Option<bool>,
    /// True when a field was cut to its limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
    /// `client-untrusted` on browser records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<String>,
    /// Module that made the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `file:line` of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callsite: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// Of errors of browsers: the same error again has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// On the last record of a browser batch: what the batch adds to the books of its tab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchBooks>,
}

/// What a browser batch says of its tab beside its records. It stands on a record, so that the log alone tells what was
/// acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchBooks {
    pub bid: String,
    /// Calls that the kept records stand for, and the refused ones.
    pub calls: u64,
    pub rejected: u64,
    pub lowest_no: u64,
    pub highest_no: u64,
    /// Calls that the browser did not send, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drops: BTreeMap<String, u64>,
}

impl LogRecord {
    /// Makes the record of an event. `at`: when it happened; `seq`: the number taken when it is enqueued.
    #[must_use]
    pub fn build(
        event: &dyn Event,
        context: &Context,
        at: Micros,
        boot_id: &str,
        seq: u64,
        version: &'static str,
    ) -> Self {
        let mut record = Self {
            timestamp: at,
            level: event.level(),
            service: Cow::Borrowed(SERVICE),
            version: Cow::Borrowed(version),
            source: event.source(),
            event: Cow::Borrowed(event.name()),
            message: event.message(),
            payload: event.payload(),
            boot_id: boot_id.to_owned(),
            seq,
            event_id: event_id(boot_id, seq),
            ..Self::default()
        };
        record.set_context(context);
        promote(&mut record);
        record
    }

    /// Gives an already built record its place in the order of a process: `boot_id`, `seq`, and the
    /// `event_id` unless it has one from the browser; and an error of a browser what it is known by.
    pub fn number(&mut self, boot_id: &str, seq: u64) {
        self.boot_id = boot_id.to_owned();
        self.seq = seq;
        if self.source != Source::Frontend || self.event_id.is_empty() {
            self.event_id = event_id(boot_id, seq);
        }
        if self.fingerprint.is_none() {
            self.fingerprint = crate::fingerprint(self);
        }
    }

    /// Copies the trading context onto the record.
    pub fn set_context(&mut self, context: &Context) {
        self.strategy_id.clone_from(&context.strategy_id);
        self.session_id.clone_from(&context.session_id);
        self.configuration.clone_from(&context.configuration);
        self.execution_mode.clone_from(&context.execution_mode);
        self.correlation_id.clone_from(&context.correlation_id);
    }

    /// The record as one line of JSON, without the line end.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Cannot fail: every map key is a string and nothing in the record refuses to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a line that [`Self::to_line`] wrote.
    pub fn from_line(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }
}

fn event_id(boot_id: &str, seq: u64) -> String {
    let mut id = String::with_capacity(boot_id.len() + 21);
    id.push_str(boot_id);
    id.push('-');
    id.push_str(&seq.to_string());
    id
}

/// The index takes objects only (a scalar `payload` is turned away), so nothing else gets into a record.
fn object_or_wrapped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(as_object(Value::deserialize(deserializer)?))
}

/// The value itself when it is an object, `{}` for null, else `{"value": …}`.
pub(crate) fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
